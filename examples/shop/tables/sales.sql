/*
title: Sales
description: One row for each delivered invoice line, returns included.
tags: [sales]
time: sold_at                          # that alone makes it incremental, by day
key: [invoice, line]                   # checked: unique, not null
references: {customer_id: customers, stock_code: products}   # checked once both sides are built
rules:
  - abs(quantity) < 100000             # as in SQL CHECK; false sends the row to quarantine
  - warning: description is not null
*/
select
  invoice,                                   -- Invoice number; `C…` is a return, `A…` a bad-debt adjustment.
  _row                      as line,         -- Position in the delivered file.
  upper(trim(stock_code))   as stock_code,   -- Article number; delivered as 85123A and also as 85123a.
  trim(description)         as description,  -- Product text as invoiced.
  customer_id,                               -- Null for a guest.
  country,
  quantity,
  quantity * price          as amount,       -- Net amount in GBP; negative for a return.
  starts_with(invoice, 'C') as is_return,    -- Whether the goods came back.
  invoice_date              as sold_at,      -- When the invoice was made out, local time.
  price                                      -- GBP a unit; zero for gifts and write-offs.
from invoices
