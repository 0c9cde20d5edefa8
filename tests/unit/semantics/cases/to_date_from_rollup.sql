-- {"metrics": ["revenue_to_date"], "grain": "month"}
WITH "windows" AS (
SELECT period, day + INTERVAL 1 DAY AS until, CAST(date_trunc('month', day) AS DATE) AS since
FROM (SELECT CAST(date_trunc('month', day) AS DATE) AS period, max(day) AS day
FROM (SELECT unnest(generate_series(CAST(low AS TIMESTAMP), CAST(high AS TIMESTAMP), INTERVAL 1 DAY)) AS day FROM (SELECT min(CAST("period" AS DATE)) AS low, max(CAST("period" AS DATE)) AS high FROM "rollup_sales_day"))
GROUP BY 1)
),
"daily" AS (
SELECT CAST("period" AS DATE) AS day, sum("sum_amount_cf2d") AS v1
FROM "rollup_sales_day"
GROUP BY 1
),
"running" AS (
SELECT period, sum(v1) AS v1
FROM "windows" JOIN "daily" ON day < until AND CAST(date_trunc('month', day) AS DATE) = since
GROUP BY 1
)
SELECT period AS "period", v1 AS "revenue_to_date", period + INTERVAL 1 MONTH <= $complete_until AS "complete"
FROM "running"
ORDER BY "period" ASC NULLS LAST
-- rows
-- (datetime.date(2011, 10, 1), Decimal('21.0000'), True)
-- (datetime.date(2011, 11, 1), Decimal('0.0000'), True)
-- (datetime.date(2011, 12, 1), Decimal('7.0000'), True)
-- (datetime.date(2012, 2, 1), Decimal('40.0000'), True)
-- (datetime.date(2012, 3, 1), Decimal('9.0000'), False)
