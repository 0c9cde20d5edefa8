/*
title: Dear articles
description: Articles that cost at least so much, the dearest first.
tags: [learn, products]
meta: {lesson: 3}
parameters:
  at_least: {type: number, default: 50, title: GBP at least}
*/
select stock_code, description, price, units_sold
from products
-- WHERE keeps the rows for which the condition is true. AND asks for both.
where price >= :at_least
  and kind = 'article'           -- text stands in single quotes; the till also sells postage and fees
order by price desc, stock_code  -- DESC: from large to small
