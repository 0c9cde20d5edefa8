/*
title: Sales of a day
description: One day in one row, as the till saw it.
tags: [learn, sales]
meta: {lesson: 5}
parameters:
  day: 2011-12-08
*/
-- An aggregate makes one value of many rows. Without GROUP BY all rows together make one.
select
  count(*)                as lines,         -- rows
  count(distinct invoice) as invoices,      -- different values
  count(customer_id)      as with_account,  -- rows in which there is a value; guests have none
  sum(quantity)           as units,
  sum(amount)             as revenue,
  max(amount)             as largest_line
from sales
-- A day begins at its midnight and ends before the next one. `<` the next midnight misses nothing;
-- `<= 23:59:59` would miss the last second, `between` would take a second midnight along.
where sold_at >= :day
  and sold_at < :day + interval 1 day
