/*
title: Weekdays
description: An average Monday, Tuesday, … of the shop, over the days on which it was open.
tags: [learn, sales]
meta: {lesson: 13}
parameters:
  year: {default: 2011, choices: [2010, 2011]}
*/
-- WITH names a query, so that the next one can read it like a table. Here two steps are needed:
-- an average day is the average of sums, and an aggregate cannot stand inside an aggregate.
with days as (
  select
    ordered_on,
    count(*) filter (where not is_return) as orders,
    sum(amount)                           as revenue
  from orders
  where year(ordered_on) = :year
  group by ordered_on
)
select
  isodow(ordered_on)     as number,      -- 1 is Monday
  dayname(ordered_on)    as weekday,
  count(*)               as days_open,
  round(avg(orders), 1)  as orders,
  round(avg(revenue), 2) as revenue
from days
group by number, weekday
order by number
