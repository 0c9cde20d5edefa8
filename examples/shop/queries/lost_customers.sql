/*
title: Lost customers
description: Accounts that ordered in a first span of days and never after it; the largest first.
tags: [learn, customers]
meta: {lesson: 11}
parameters:
  from_day: {default: 2010-12-01, title: First day of the span}
  to_day: {default: 2011-05-31, title: Last day of the span}
*/
select
  customer_id,
  count(*)        as orders,
  sum(amount)     as spent,
  max(ordered_on) as last_order
from orders as before
where ordered_on between :from_day and :to_day
  and customer_id is not null
  and not is_return
  -- NOT EXISTS keeps the rows for which the SELECT inside finds nothing. It may name the row
  -- outside: here it looks for a later order of the same customer.
  and not exists (
    select 1
    from orders as later
    where later.customer_id = before.customer_id
      and later.ordered_on > :to_day
      and not later.is_return
  )
group by customer_id
order by spent desc, customer_id
