/*
title: Orders
description: One row for each invoice. Returns are invoices of their own, and so are bad-debt adjustments.
tags: [sales]
time: ordered_on
key: invoice
references: {customer_id: customers}
rules:
  - lines > 0
  - {name: positive_unless_returned, expr: is_return or amount >= 0, severity: warning}
*/
select
  invoice,                                      -- Invoice number.
  sold_at::date              as ordered_on,     -- The day; an invoice never spans two.
  min(sold_at)               as ordered_at,     -- Its first line; a few long invoices take two minutes.
  customer_id,
  country,
  is_return,
  count(*)                   as lines,          -- Lines of the invoice, repeated ones included.
  count(distinct stock_code) as products,       -- Different stock codes.
  sum(quantity)::bigint      as units,          -- Units of all lines.
  sum(amount)                as amount          -- Net amount in GBP; negative for a return.
from sales
group by invoice, sold_at::date, customer_id, country, is_return   -- the day here keeps it incremental
