/*
title: Find a product
description: Articles whose text holds a word, with what was sold of them.
tags: [learn, products]
meta: {lesson: 4}
parameters:
  word: {default: teapot, description: A part of the product's text; capital letters do not matter.}
*/
select stock_code, description, units_sold, amount
from products
-- ILIKE compares with a pattern and ignores capitals. % stands for anything, also for nothing;
-- || joins texts. (LIKE does the same, and minds capitals.)
where description ilike '%' || :word || '%'
order by units_sold desc, stock_code
