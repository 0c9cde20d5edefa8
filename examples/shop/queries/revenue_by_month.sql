/*
title: Revenue by month
description: Revenue, orders and revenue per order of each month of a year.
tags: [learn, sales]
meta: {lesson: 8}
parameters:
  year: {default: 2011, choices: [2009, 2010, 2011]}
*/
select
  -- date_trunc cuts a date down to the beginning of its month, so that one month is one value.
  date_trunc('month', ordered_on)::date            as month,
  sum(amount)                                      as revenue,
  count(*) filter (where not is_return)            as orders,
  -- Two aggregates make a third number. round() leaves two decimals.
  round(sum(amount) / count(*) filter (where not is_return), 2) as revenue_per_order
from orders
where year(ordered_on) = :year
group by month               -- a column of SELECT can be named here (not in WHERE, which comes first)
order by month
