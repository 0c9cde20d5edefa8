/*
title: The first invoice lines
description: The oldest lines of the shop's books, to see what one row is.
tags: [learn]
meta: {lesson: 1}
parameters:
  rows: {default: 10, description: How many lines to show.}
*/
-- Every query begins like this: SELECT names columns, FROM names the table that they come from.
select
  invoice,
  sold_at,
  description,
  quantity,
  price,
  amount,          -- quantity × price: the table worked it out once, so that nobody has to again
  country
from sales
-- A table has no order of its own. ORDER BY gives one; a second and third column settle ties.
order by sold_at, invoice, line
limit :rows        -- a million rows are too many to look at; LIMIT keeps the first of them
