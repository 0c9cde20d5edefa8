/*
title: Bought together
description: Pairs of articles that stand on the same invoice most often.
tags: [learn, products]
meta: {lesson: 19}
timeout: 60s
parameters:
  since: 2011-09-01
  top: 20
*/
with baskets as (
  select distinct invoice, stock_code     -- an article counts once for each invoice
  from sales join products p using (stock_code)
  where sold_at >= :since and not is_return and p.kind = 'article'
),
pairs as (
  -- A table joined with itself: every article of an invoice beside every other one of it. With `<`
  -- a pair comes once, not also the other way round, and nothing is paired with itself.
  select one.stock_code as first, other.stock_code as second, count(*) as invoices
  from baskets one join baskets other
    on one.invoice = other.invoice and one.stock_code < other.stock_code
  group by all
)
select
  first,
  a.description as first_article,
  second,
  b.description as second_article,
  invoices
from pairs
join products a on a.stock_code = first     -- the same table twice, under two names
join products b on b.stock_code = second
order by invoices desc, first, second
limit :top
