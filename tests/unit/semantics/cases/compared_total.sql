-- {"metrics": ["units"], "period": "2011-11", "compare": ["previous", "year_ago"]}
WITH "part" AS (
SELECT CAST(sum("sum_quantity_9d1e") AS BIGINT) AS v1
FROM "rollup_sales_day"
WHERE "period" >= $p1 AND "period" < $p2
),
"part_previous" AS (
SELECT CAST(sum("sum_quantity_9d1e") AS BIGINT) AS v1
FROM "rollup_sales_day"
WHERE "period" >= $p3 AND "period" < $p1
),
"part_year_ago" AS (
SELECT CAST(sum("sum_quantity_9d1e") AS BIGINT) AS v1
FROM "rollup_sales_day"
WHERE "period" >= $p4 AND "period" < $p5
),
"parts" AS (
SELECT v1
FROM "part"
UNION ALL BY NAME
SELECT v1 AS v1_previous
FROM "part_previous"
WHERE $p7 <= $complete_until
UNION ALL BY NAME
SELECT v1 AS v1_year_ago
FROM "part_year_ago"
WHERE $p7 <= $complete_until
),
"together" AS (
SELECT any_value(v1) AS v1, any_value(v1_previous) AS v1_previous, any_value(v1_year_ago) AS v1_year_ago
FROM "parts"
)
SELECT v1 AS "units", CASE WHEN $p7 <= $complete_until THEN v1_previous END AS "units_previous", CASE WHEN $p7 <= $complete_until THEN v1_year_ago END AS "units_year_ago"
FROM "together"
-- rows
-- (0, 4, None)
