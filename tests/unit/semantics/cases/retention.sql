-- {"metrics": ["retention"], "grain": "month", "period": "2011-10..2011-11"}
WITH "starts" AS (
SELECT CAST(date_trunc('month', moment) AS DATE) AS period, e1
FROM (SELECT e1, min(moment) AS moment
FROM (SELECT "customer_id" AS e1, CAST("sold_at" AS TIMESTAMP) AS moment
FROM "sales"
WHERE "customer_id" IS NOT NULL)
GROUP BY 1)
WHERE moment >= $p1 AND moment < $p2
),
"returns" AS (
SELECT period, date_diff('month', period, returned_in) AS step, count(*) AS returned
FROM "starts" JOIN (SELECT DISTINCT e1, CAST(date_trunc('month', moment) AS DATE) AS returned_in FROM (SELECT "customer_id" AS e1, CAST("sold_at" AS TIMESTAMP) AS moment
FROM "sales"
WHERE (NOT is_return) AND "customer_id" IS NOT NULL)) USING (e1)
WHERE returned_in > period
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
FROM "grid" AS g LEFT JOIN "returns" AS r ON r.period IS NOT DISTINCT FROM g.period AND r.step = g.step
GROUP BY g.period, g.step, g.horizon, g.entities
),
"retention" AS (
SELECT period, step, CASE WHEN period + step * INTERVAL 1 MONTH <= horizon THEN returned / entities END AS v1
FROM "steps"
)
SELECT period AS "period", step AS "step", CASE WHEN isfinite(v1) THEN v1 END AS "retention", period + (step + 1) * INTERVAL 1 MONTH <= $complete_until AS "complete"
FROM "retention"
ORDER BY "period" ASC NULLS LAST, "step" ASC NULLS LAST
-- rows
-- (datetime.date(2011, 10, 1), 0, 1.0, True)
-- (datetime.date(2011, 10, 1), 1, 0.0, True)
-- (datetime.date(2011, 10, 1), 2, 1.0, True)
-- (datetime.date(2011, 10, 1), 3, 0.0, True)
-- (datetime.date(2011, 10, 1), 4, 0.0, True)
-- (datetime.date(2011, 10, 1), 5, 0.0, False)
-- (datetime.date(2011, 11, 1), 0, 1.0, True)
-- (datetime.date(2011, 11, 1), 1, 0.0, True)
-- (datetime.date(2011, 11, 1), 2, 0.0, True)
-- (datetime.date(2011, 11, 1), 3, 1.0, True)
-- (datetime.date(2011, 11, 1), 4, 0.0, False)
-- (datetime.date(2011, 11, 1), 5, None, False)
