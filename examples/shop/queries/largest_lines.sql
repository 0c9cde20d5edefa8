/*
title: Largest lines
description: The invoice lines with most money in them, sales and returns alike. A mistake of the till is usually here.
tags: [quality]
parameters:
  since: 2011-01-01
  top: 20
*/
select
  sold_at,
  invoice,
  stock_code,
  description,
  quantity,
  price,
  amount,
  customer_id
from sales
where sold_at >= :since
order by abs(amount) desc, sold_at, invoice, line
limit :top
