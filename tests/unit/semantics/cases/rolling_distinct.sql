-- {"metrics": ["orders_9d"], "grain": "week", "period": "2011-12"}
WITH "windows" AS (
SELECT period, day + INTERVAL 1 DAY AS until, day + INTERVAL 1 DAY - INTERVAL 9 DAY AS since
FROM (SELECT CAST(date_trunc('week', day) AS DATE) AS period, max(day) AS day
FROM (SELECT unnest(generate_series(CAST($p3 AS TIMESTAMP), CAST(least(high, $p2 - INTERVAL 1 DAY) AS TIMESTAMP), INTERVAL 1 DAY)) AS day FROM (SELECT min(CAST("sold_at" AS DATE)) AS low, max(CAST("sold_at" AS DATE)) AS high FROM "sales"))
GROUP BY 1)
),
"entities" AS (
SELECT day, next, count(entity) AS v1
FROM (SELECT day, entity, lead(day) OVER (PARTITION BY entity ORDER BY day) AS next
FROM (SELECT CAST("sold_at" AS DATE) AS day, CASE WHEN (NOT is_return) THEN invoice END AS entity
FROM "sales"
WHERE "sold_at" >= $p1 AND "sold_at" < $p2
GROUP BY 1, 2))
GROUP BY 1, 2
),
"running" AS (
SELECT period, coalesce(CAST(sum(v1) AS BIGINT), 0) AS v1
FROM "windows" JOIN "entities" ON day < until AND day >= since AND (next IS NULL OR next >= until)
GROUP BY 1
)
SELECT period AS "period", v1 AS "orders_9d", period + INTERVAL 7 DAY <= $complete_until AND period >= $p5 AND period < $p6 AS "complete"
FROM "running"
ORDER BY "period" ASC NULLS LAST
-- rows
-- (datetime.date(2011, 11, 28), 0, False)
-- (datetime.date(2011, 12, 5), 1, True)
