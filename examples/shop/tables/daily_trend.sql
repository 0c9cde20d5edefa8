/*
title: Daily trend
description: Revenue of each day beside that of its last four weeks.
tags: [sales]
owner: finance
time: day
key: day
reads: {daily_sales: 27d before}       # a day of output needs 28 days of input; this says so
*/
select
  day,
  sum(amount)            as amount,         -- Net amount in GBP of the day.
  sum(sum(amount)) over (
    order by day
    range between interval 27 days preceding and current row
  )                      as amount_28d,     -- The same over the 28 days that end with it.
  count(*) over (
    order by day
    range between interval 27 days preceding and current row
  )                      as trading_days    -- Days with sales among those 28.
from daily_sales
group by day
