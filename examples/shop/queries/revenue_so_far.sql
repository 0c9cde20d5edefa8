/*
title: Revenue so far
description: Revenue of each day, and of the year up to and with it.
tags: [learn, sales]
meta: {lesson: 17}
parameters:
  year: {default: 2011, choices: [2010, 2011]}
*/
with days as (
  select ordered_on as day, sum(amount) as revenue
  from orders
  where year(ordered_on) = :year
  group by ordered_on
)
select
  day,
  revenue,
  -- With an ORDER BY, a window reaches from the first row to the row itself: a running total.
  sum(revenue) over (order by day) as so_far,
  -- A frame says otherwise. The seven days that end with this one, also where some were closed:
  sum(revenue) over (order by day range between interval 6 days preceding and current row)
                                   as last_7_days
from days
order by day
