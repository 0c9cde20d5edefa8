/*
title: Products
description: One row for each stock code, with the text and price of its latest real sale.
tags: [products]
owner: trading
key: stock_code
*/
select
  stock_code,                                                        -- Article number.
  arg_max(description, (sold_at, invoice, line))
    filter (where amount > 0)                       as description,  -- Text of the latest sale; write-offs carry clerks' notes.
  product_kind(stock_code)                          as kind,         -- article, delivery, fee, voucher, adjustment or test.
  arg_max(price, (sold_at, invoice, line))
    filter (where amount > 0)                       as price,        -- GBP a unit in the latest sale.
  min(sold_at)                                      as first_sold_at,  -- First line ever.
  max(sold_at)                                      as last_sold_at, -- Latest line.
  coalesce(sum(quantity) filter (where amount > 0), 0)::bigint
                                                    as units_sold,   -- Units in sales, returns not subtracted.
  coalesce(sum(-quantity) filter (where is_return), 0)::bigint
                                                    as units_returned,  -- Units that came back.
  sum(amount)                                       as amount        -- Net amount in GBP over all time.
from sales
group by stock_code
