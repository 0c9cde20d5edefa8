/*
title: Best customers
description: Who spent most since a date, with their last purchase.
owner: trading
tags: [learn, customers]
meta: {lesson: 10}
parameters:
  since: 2011-01-01
  country: {type: text, default: null, choices: select distinct country from customers}
  top: 20
*/
select
  customer_id,
  c.country,                   -- of the account, not of each invoice
  sum(s.amount)  as spent,     -- Net amount in GBP since the date.
  max(s.sold_at) as last_purchase
-- JOIN puts each row of `sales` beside the row of `customers` with the same customer_id. Since an
-- account is one row there, no sale is counted twice. `s` and `c` are short names; they say which
-- table is meant where both have a column of that name.
from sales s join customers c using (customer_id)
where s.sold_at >= :since
  and (:country is null or c.country = :country)   -- without a country: all of them
group by all                   -- by every column that is no aggregate
order by spent desc, customer_id
limit :top
