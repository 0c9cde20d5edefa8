/*
title: Stock losses
description: Goods that left the shelf without a sale, with the clerk's note. They are booked as invoices at price zero.
tags: [products]
owner: trading
time: lost_at
key: [invoice, line]
references: {stock_code: products}
*/
select
  invoice,
  line,
  stock_code,
  -quantity    as units,     -- Units written off.
  description  as note,      -- What the clerk wrote: damages, missing, thrown away; often nothing.
  sold_at      as lost_at    -- When it was booked.
from sales
where quantity < 0 and not is_return
