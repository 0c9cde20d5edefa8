/*
title: Retention
description: Of the customers who first bought in a month, how many bought again so many months later.
tags: [customers]
owner: finance
key: [cohort, months_later]
*/
with months as (
  select distinct customer_id, date_trunc('month', ordered_on) as month
  from orders
  where customer_id is not null and not is_return
),
firsts as (
  select customer_id, min(month) as cohort from months group by customer_id
)
select
  cohort::date                              as cohort,        -- First day of the month of the first order.
  date_diff('month', cohort, month)         as months_later,  -- 0 is the month itself.
  count(*)                                  as customers      -- Accounts with an order in that month.
from months
join firsts using (customer_id)
group by all
