/*
title: Returns by product
description: Of the units sold, the share that came back; among articles sold often enough to tell.
tags: [learn, products]
meta: {lesson: 12}
parameters:
  units: {default: 500, title: Units sold at least}
  top: 20
*/
select
  stock_code,
  p.description,
  -- FILTER gives an aggregate its own condition, so that one query counts two sorts of rows.
  sum(s.quantity) filter (where s.amount > 0)   as sold,
  -sum(s.quantity) filter (where s.is_return)   as returned,
  -- Dividing by zero has no answer. NULLIF(x, 0) makes a zero NULL, and so the result, too.
  round(
    -100 * sum(s.quantity) filter (where s.is_return)
    / nullif(sum(s.quantity) filter (where s.amount > 0), 0), 1
  )                                         as percent_returned
from sales s join products p using (stock_code)
where p.kind = 'article'
group by stock_code, p.description
having sold >= :units and returned > 0
order by percent_returned desc, stock_code
limit :top
