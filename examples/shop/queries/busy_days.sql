/*
title: Busy days
description: Days with at least so many orders.
tags: [learn, sales]
meta: {lesson: 7}
parameters:
  orders: {default: 120, title: Orders at least}
*/
select
  ordered_on,
  count(*)    as orders,
  sum(amount) as revenue
from orders
where not is_return          -- WHERE looks at rows, before they are put together …
group by ordered_on
having count(*) >= :orders   -- … and HAVING at groups, after it
order by orders desc, ordered_on
