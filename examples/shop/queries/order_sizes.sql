/*
title: Order sizes
description: How many orders are small and how many are large, and what each size brings.
tags: [learn, sales]
meta: {lesson: 14}
parameters:
  since: 2011-01-01
*/
with sized as (
  select
    amount,
    -- CASE asks from the top; the first answer counts, so that each line need only say its end.
    -- The number in front keeps the sizes in their order.
    case
      when amount < 50   then '1: below 50'
      when amount < 150  then '2: 50 to 150'
      when amount < 300  then '3: 150 to 300'
      when amount < 600  then '4: 300 to 600'
      when amount < 1200 then '5: 600 to 1,200'
      else                    '6: from 1,200'
    end as size
  from orders
  where ordered_on >= :since and not is_return and amount > 0
)
select
  size,
  count(*)    as orders,
  sum(amount) as revenue
from sized
group by size
order by size
