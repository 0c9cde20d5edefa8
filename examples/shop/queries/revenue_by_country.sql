/*
title: Revenue by country
description: What each country brought in a span of days, returns subtracted.
tags: [learn, sales]
meta: {lesson: 6}
parameters:
  first: {default: 2011-01-01, title: First day}
  last: {default: 2011-12-09, title: Last day}
*/
select
  country,
  sum(amount)                 as revenue,
  count(distinct customer_id) as customers
from sales
where sold_at >= :first and sold_at < :last + interval 1 day
-- GROUP BY puts rows with the same country together; each group becomes one row. What stands in
-- SELECT is then either in GROUP BY or inside an aggregate: a group has no single `amount`.
group by country
order by revenue desc
