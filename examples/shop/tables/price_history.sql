/*
title: Price history
description: Each article's list price and from when to when it held, as far as this project has seen it change.
tags: [products]
owner: trading
history: {key: stock_code}             # adds valid_from and valid_to (type 2; dbt calls it a snapshot)
*/
select
  stock_code,
  price          -- GBP a unit in the latest sale.
from products
where kind = 'article' and price is not null
