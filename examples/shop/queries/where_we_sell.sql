/*
title: Where we sell
description: Every country that an invoice ever went to.
tags: [learn]
meta: {lesson: 2}
*/
-- DISTINCT leaves each value once: a million lines, but few countries.
select distinct country
from sales
order by country   -- text sorts by the alphabet
