/*
title: Customers
description: One row for each customer account. Guests have none, so they are not here.
tags: [customers]
key: customer_id
pii: {customer_id: hash}               # masked for readers without the role; flows downstream
*/
select
  customer_id,                                                        -- The account.
  arg_max(country, (sold_at, invoice, line))            as country,   -- Country of the latest line.
  min(sold_at)                                          as first_sold_at,  -- First line ever.
  max(sold_at)                                          as last_sold_at,   -- Latest line, returns included.
  count(distinct invoice) filter (where not is_return)  as orders,    -- Invoices that are not returns.
  count(distinct invoice) filter (where is_return)      as returns,   -- Invoices that are.
  sum(amount)                                           as amount     -- Net amount in GBP over all time.
from sales
where customer_id is not null
group by customer_id
