-- {"metrics": ["revenue"], "grain": "month"}
WITH "part" AS (
SELECT CAST(date_trunc('month', "period") AS DATE) AS period, sum("sum_amount_cf2d") AS v1
FROM "rollup_sales_day"
GROUP BY 1
)
SELECT period AS "period", v1 AS "revenue", period + INTERVAL 1 MONTH <= $complete_until AS "complete"
FROM "part"
ORDER BY "period" ASC NULLS LAST
-- rows
-- (datetime.date(2011, 10, 1), Decimal('21.0000'), True)
-- (datetime.date(2011, 11, 1), Decimal('0.0000'), True)
-- (datetime.date(2011, 12, 1), Decimal('7.0000'), True)
-- (datetime.date(2012, 2, 1), Decimal('40.0000'), True)
-- (datetime.date(2012, 3, 1), Decimal('9.0000'), False)
