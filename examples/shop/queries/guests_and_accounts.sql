/*
title: Guests and accounts
description: How much of the revenue comes from guests, who leave no account number.
tags: [learn, customers]
meta: {lesson: 9}
*/
select
  -- NULL means "not known". Nothing equals it, not even another NULL, so `= null` is never true
  -- and one asks with IS NULL. CASE gives the first THEN whose condition holds.
  case when customer_id is null then 'guest' else 'account' end as buyer,
  count(*)                                                      as invoices,
  sum(amount)                                                   as revenue,
  round(100 * sum(amount) / (select sum(amount) from orders), 1) as percent_of_revenue
from orders                   -- the SELECT in brackets above is asked once, and gives one number
group by buyer
order by buyer
