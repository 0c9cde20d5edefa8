-- {"metrics": ["returned"], "grain": "month", "by": ["country"]}
WITH "events" AS (
SELECT *, lead(moment) OVER (PARTITION BY e1 ORDER BY moment, own_1, event, k1) AS next FROM (SELECT "customer_id" AS e1, CAST("sold_at" AS TIMESTAMP) AS moment, "country" AS k1, invoice AS event, TRUE AS is_asked, max(row("invoice", "line")) AS own_1
FROM "sales"
WHERE (NOT is_return) AND "customer_id" IS NOT NULL
GROUP BY 1, 2, 3, 4, 5)
),
"conversions" AS (
SELECT "customer_id" AS e1, CAST("sold_at" AS TIMESTAMP) AS moment
FROM "sales"
WHERE is_return AND "customer_id" IS NOT NULL AND invoice IS NOT NULL
GROUP BY 1, 2
),
"followed" AS (
SELECT b.*, coalesce(c.moment IS NOT NULL AND (b.next IS NULL OR c.moment < b.next) AND c.moment < b.moment + INTERVAL 10 DAY, FALSE) AS converts
FROM "events" AS b ASOF LEFT JOIN "conversions" AS c
ON b.e1 = c.e1 AND c.moment >= b.moment
),
"conversion" AS (
SELECT CAST(date_trunc('month', moment) AS DATE) AS period, k1, count(DISTINCT event) FILTER (WHERE converts) AS v1, count(DISTINCT event) AS v2
FROM "followed"
WHERE is_asked
GROUP BY 1, 2
)
SELECT period AS "period", k1 AS "country", (v1 / "nullif"(v2, 0)) AS "returned", period + INTERVAL 1 MONTH + INTERVAL 10 DAY <= $complete_until AS "complete"
FROM "conversion"
ORDER BY "period" ASC NULLS LAST, "country" ASC NULLS LAST
-- rows
-- (datetime.date(2011, 10, 1), 'DE', 0.0, True)
-- (datetime.date(2011, 11, 1), 'DE', 0.0, True)
-- (datetime.date(2011, 12, 1), 'FR', 0.0, True)
-- (datetime.date(2012, 2, 1), 'DE', 0.0, True)
-- (datetime.date(2012, 3, 1), 'DE', 0.0, False)
