/*
title: Typical orders
description: What an order comes to in each country. The average is pulled up by a few large ones.
tags: [learn, sales]
meta: {lesson: 15}
parameters:
  at_least: {default: 50, title: Orders at least}
*/
select
  country,
  count(*)                                      as orders,
  round(avg(amount), 2)                         as average,
  -- The median stands in the middle: half of the orders are smaller. A few very large orders move
  -- an average far and a median hardly at all, so their distance says how uneven orders are.
  round(median(amount), 2)                      as median,
  round(quantile_cont(amount, 0.9), 2)          as largest_tenth_from
from orders
where not is_return and amount > 0
group by country
having count(*) >= :at_least
order by median desc, country
