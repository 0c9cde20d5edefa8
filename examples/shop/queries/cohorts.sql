/*
title: Cohorts
description: Of the customers who first ordered in a month, the percentage who ordered again in each month after it.
tags: [learn, customers]
meta: {lesson: 20}
parameters:
  first_month: {default: 2010-12-01, description: Months from this one on.}
*/
-- Everything at once. First the months in which each customer ordered …
with months as (
  select distinct customer_id, date_trunc('month', ordered_on)::date as month
  from orders
  where customer_id is not null and not is_return
),
-- … then, with a window, each customer's first one: the cohort …
cohorts as (
  select
    customer_id,
    min(month) over (partition by customer_id)                 as cohort,
    date_diff('month', min(month) over (partition by customer_id), month) as later
  from months
),
-- … then how many of each cohort are there so many months later …
counted as (
  select cohort, later, count(*) as customers
  from cohorts
  where cohort >= :first_month
  group by cohort, later
)
-- … and at last months become columns: PIVOT written out, one FILTER for each. A cohort's later
-- months have not happened yet; they stay NULL, which is not the same as nobody coming back.
select
  cohort,
  max(customers) filter (where later = 0)                      as customers,
  round(100 * sum(customers) filter (where later = 1)  / max(customers) filter (where later = 0), 1) as month_1,
  round(100 * sum(customers) filter (where later = 2)  / max(customers) filter (where later = 0), 1) as month_2,
  round(100 * sum(customers) filter (where later = 3)  / max(customers) filter (where later = 0), 1) as month_3,
  round(100 * sum(customers) filter (where later = 6)  / max(customers) filter (where later = 0), 1) as month_6,
  round(100 * sum(customers) filter (where later = 9)  / max(customers) filter (where later = 0), 1) as month_9,
  round(100 * sum(customers) filter (where later = 11) / max(customers) filter (where later = 0), 1) as month_11
from counted
group by cohort
order by cohort
