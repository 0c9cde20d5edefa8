/*
title: Month by month
description: Each month beside the month before and the same month a year ago.
tags: [learn, sales]
meta: {lesson: 18}
*/
with months as (
  select date_trunc('month', ordered_on)::date as month, sum(amount) as revenue
  from orders
  group by month
)
select
  month,
  revenue,
  -- LAG reaches back to an earlier row of the window, here one month and twelve months up. The
  -- first rows have none: the result is NULL, not zero, and so is what is computed from it.
  lag(revenue)     over by_month                                     as month_before,
  round(100 * (revenue / lag(revenue) over by_month - 1), 1)         as percent_change,
  lag(revenue, 12) over by_month                                     as year_ago,
  round(100 * (revenue / lag(revenue, 12) over by_month - 1), 1)     as percent_change_on_year
from months
window by_month as (order by month)   -- a window that is used often gets a name
order by month
