/*
title: Sales by region
description: Daily sales in the regions that trading reports by.
tags: [sales]
owner: trading
time: day
key: [day, region]
on_change: {country_regions: restate}  # a country that moves takes its history along; `keep` would leave it
*/
select
  day,
  coalesce(region, 'Unknown')  as region,   -- From the seed country_regions; Unknown where it has no line.
  sum(orders)::bigint          as orders,   -- Invoices that are not returns.
  sum(units)::bigint           as units,    -- Units, returns subtracted.
  sum(amount)                  as amount    -- Net amount in GBP.
from daily_sales
left join country_regions using (country)
group by day, coalesce(region, 'Unknown')
