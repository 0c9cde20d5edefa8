-- {"metrics": ["stock", "stock_average"], "grain": "fiscal_quarter", "where": ["invoice <> 'A'"]}
WITH "days" AS (
SELECT CAST(date_trunc('quarter', day) AS DATE) AS period, max(day) AS day
FROM (SELECT DISTINCT CAST("sold_at" AS DATE) AS day FROM "sales")
GROUP BY 1
),
"balance" AS (
SELECT CAST(date_trunc('quarter', "sold_at") AS DATE) AS period, CAST(sum(quantity) AS BIGINT) AS v1
FROM "sales"
WHERE ("invoice" <> $p1) AND CAST("sold_at" AS DATE) IN (SELECT day FROM "days")
GROUP BY 1
),
"days_2" AS (
SELECT CAST(date_trunc('quarter', "sold_at") AS DATE) AS period, count(DISTINCT CAST("sold_at" AS DATE)) AS days
FROM "sales"
GROUP BY 1
),
"daily" AS (
SELECT CAST(date_trunc('quarter', "sold_at") AS DATE) AS period, CAST("sold_at" AS DATE) AS day, CAST(sum(quantity) AS BIGINT) AS v2
FROM "sales"
WHERE ("invoice" <> $p1)
GROUP BY 1, 2
),
"balance_2" AS (
SELECT period, CAST(sum(v2) AS DOUBLE) / any_value(days) AS v2
FROM "daily" JOIN "days_2" USING (period)
GROUP BY 1
),
"parts" AS (
SELECT period, v1
FROM "balance"
UNION ALL BY NAME
SELECT period, v2
FROM "balance_2"
),
"together" AS (
SELECT period, any_value(v1) AS v1, any_value(v2) AS v2
FROM "parts"
GROUP BY 1
)
SELECT period AS "period", v1 AS "stock", CASE WHEN isfinite(v2) THEN v2 END AS "stock_average", period + INTERVAL 3 MONTH <= $complete_until AS "complete"
FROM "together"
ORDER BY "period" ASC NULLS LAST
-- rows
-- (datetime.date(2011, 10, 1), 1, 0.25, True)
-- (datetime.date(2012, 1, 1), 1, 2.5, False)
