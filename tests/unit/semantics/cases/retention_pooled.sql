-- {"metrics": ["loyalty"]}
WITH "starts" AS (
SELECT CAST(date_trunc('month', moment) AS DATE) AS period, e1
FROM (SELECT e1, min(moment) AS moment
FROM (SELECT "customer_id" AS e1, CAST("sold_at" AS TIMESTAMP) AS moment
FROM "sales"
WHERE (quantity IS NOT NULL) AND (NOT is_return) AND "customer_id" IS NOT NULL)
GROUP BY 1)
),
"returns" AS (
SELECT period, last_step AS step, count(*) AS returned
FROM (SELECT e1, period, max(date_diff('month', period, returned_in)) AS last_step
FROM "starts" JOIN (SELECT DISTINCT e1, CAST(date_trunc('month', moment) AS DATE) AS returned_in FROM (SELECT "customer_id" AS e1, CAST("sold_at" AS TIMESTAMP) AS moment
FROM "sales"
WHERE (quantity IS NOT NULL) AND "customer_id" IS NOT NULL)) USING (e1)
WHERE returned_in > period
GROUP BY 1, 2)
GROUP BY 1, 2
),
"cohorts" AS (
SELECT period, count(*) AS entities
FROM "starts"
GROUP BY 1
),
"grid" AS (
SELECT * FROM "cohorts" CROSS JOIN (SELECT horizon, unnest(generate_series(0, date_diff('month', (SELECT min(period) FROM "cohorts"), horizon))) AS step FROM (SELECT CAST(date_trunc('month', max(CAST("sold_at" AS TIMESTAMP))) AS DATE) AS horizon FROM "sales"))
),
"steps" AS (
SELECT g.period, g.step, g.horizon, g.entities,
CASE WHEN g.step = 0 THEN g.entities ELSE coalesce(sum(r.returned), 0) END AS returned
FROM "grid" AS g LEFT JOIN "returns" AS r ON r.period IS NOT DISTINCT FROM g.period AND r.step >= g.step
GROUP BY g.period, g.step, g.horizon, g.entities
),
"retention" AS (
SELECT step, CAST(sum(returned) FILTER (WHERE (step = 0 OR period + (step + 1) * INTERVAL 1 MONTH <= $complete_until)) AS DOUBLE) / nullif(sum(entities) FILTER (WHERE (step = 0 OR period + (step + 1) * INTERVAL 1 MONTH <= $complete_until)), 0) AS v1
FROM "steps"
GROUP BY 1
)
SELECT step AS "step", CASE WHEN isfinite(v1) THEN v1 END AS "loyalty"
FROM "retention"
ORDER BY "step" ASC NULLS LAST
-- rows
-- (0, 1.0)
-- (1, 1.0)
-- (2, 1.0)
-- (3, 0.5)
-- (4, 0.0)
-- (5, None)
