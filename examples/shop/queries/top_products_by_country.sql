/*
title: Top products by country
description: The best-selling articles of each country.
tags: [learn, products]
meta: {lesson: 16}
parameters:
  since: 2011-01-01
  top: {default: 3, title: Articles for each country}
*/
with sold as (
  select s.country, s.stock_code, p.description, sum(s.amount) as revenue
  from sales s join products p using (stock_code)
  where s.sold_at >= :since and p.kind = 'article'
  group by all
)
select
  country,
  -- A window function looks at other rows without putting them together: every row stays.
  -- PARTITION BY says which rows (its own country), ORDER BY in which order; row_number counts.
  row_number() over (partition by country order by revenue desc, stock_code) as place,
  stock_code,
  description,
  revenue
from sold
qualify place <= :top    -- QUALIFY is to windows what HAVING is to groups
order by country, place
