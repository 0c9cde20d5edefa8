/*
title: Daily sales
description: What was sold on each day in each country.
tags: [sales]
owner: finance
time: day
key: [day, country]
rules:
  - gross >= amount
*/
select
  sold_at::date                                         as day,      -- Local day.
  country,
  count(distinct invoice) filter (where not is_return)  as orders,   -- Invoices that are not returns.
  count(distinct customer_id)                           as customers,  -- Accounts that bought or returned; guests are not counted.
  sum(quantity)::bigint                                 as units,    -- Units, returns and write-offs subtracted.
  coalesce(sum(amount) filter (where amount > 0), 0)    as gross,    -- GBP of the lines that bring money.
  sum(amount)                                           as amount    -- Net amount in GBP.
from sales
group by sold_at::date, country
