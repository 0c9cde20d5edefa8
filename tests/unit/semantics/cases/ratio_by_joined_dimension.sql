-- {"metrics": ["order_value"], "by": ["regions.name"], "where": ["country = 'DE'", "quantity >= 1"], "period": "2011-10..2011-12"}
WITH "part" AS (
SELECT "regions.name" AS k1, sum(amount) AS v1, count(DISTINCT invoice) FILTER (WHERE (NOT is_return)) AS v2
FROM (SELECT own.*, joined2."name" AS "regions.name" FROM "sales" AS own LEFT JOIN "customers" AS joined1 ON own."customer_id" = joined1."customer_id" LEFT JOIN "regions" AS joined2 ON joined1."region_id" = joined2."region_id")
WHERE "sold_at" >= $p1 AND "sold_at" < $p2 AND ("country" = $p3) AND ("quantity" >= $p4)
GROUP BY 1
)
SELECT k1 AS "regions.name", (v1 / "nullif"(v2, 0)) AS "order_value"
FROM "part"
ORDER BY "regions.name" ASC NULLS LAST
-- rows
-- ('north', 21.0)
-- ('south', 3.0)
