-- {"metrics": ["orders"], "grain": "month", "by": ["country"], "where": []}
WITH "part" AS (
SELECT CAST(date_trunc('month', "period") AS DATE) AS period, "country" AS k1, coalesce(any_value("count_distinct_invoice_b76e"), 0) AS v1
FROM "rollup_sales_month_exact"
WHERE "grouping" = 1
GROUP BY 1, 2
)
SELECT period AS "period", k1 AS "country", v1 AS "orders", period + INTERVAL 1 MONTH <= $complete_until AS "complete"
FROM "part"
ORDER BY "period" ASC NULLS LAST, "country" ASC NULLS LAST
-- rows
-- (datetime.date(2011, 10, 1), 'DE', 1, True)
-- (datetime.date(2011, 11, 1), 'DE', 1, True)
-- (datetime.date(2011, 11, 1), None, 0, True)
-- (datetime.date(2011, 12, 1), 'FR', 1, True)
-- (datetime.date(2012, 2, 1), 'DE', 1, True)
-- (datetime.date(2012, 3, 1), 'DE', 1, False)
