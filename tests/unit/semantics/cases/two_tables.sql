-- {"metrics": ["revenue", "customers", "revenue_per_customer"], "by": ["customers.country"]}
WITH "part" AS (
SELECT "customers.country" AS k1, sum(amount) AS v1
FROM (SELECT own.*, joined1."country" AS "customers.country" FROM "sales" AS own LEFT JOIN "customers" AS joined1 ON own."customer_id" = joined1."customer_id")
GROUP BY 1
),
"part_2" AS (
SELECT "country" AS k1, count(*) AS v2
FROM "customers"
GROUP BY 1
),
"parts" AS (
SELECT k1, v1
FROM "part"
UNION ALL BY NAME
SELECT k1, v2
FROM "part_2"
),
"together" AS (
SELECT k1, any_value(v1) AS v1, any_value(v2) AS v2
FROM "parts"
GROUP BY 1
)
SELECT k1 AS "customers.country", v1 AS "revenue", coalesce(v2, 0) AS "customers", (v1 / "nullif"(coalesce(v2, 0), 0)) AS "revenue_per_customer"
FROM "together"
ORDER BY "customers.country" ASC NULLS LAST
-- rows
-- ('DE', Decimal('37.0000'), 2, 18.5)
-- ('FR', Decimal('43.0000'), 1, 43.0)
-- (None, Decimal('-3.0000'), 0, None)
