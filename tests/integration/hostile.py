"""A small project in which everything is hostile: names, titles, values, numbers and days."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
from tests.integration.run.small import Small

#: What people, programs and attackers have put into names.
VALUES = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; drop table sales; --",
    "=cmd|' /C calc'!A0",
    "two\nlines\r\nand\ta tab",
    "\u202eright to left \u05e9\u05dc\u05d5\u05dd",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 family",
    "{{ 7 * 7 }} {% raw %} ${HOME} %s %(x)s",
    "a,b;c..d/../../etc/passwd?x=1&y=2#z",
    "long " * 400,
    "",
    " ",
    "null",
    "\u2400",
    "`back` \\slash \\n",
    None,
)
COLUMN = 'so "called" <b>x</b> \u00e9'
TITLE = "<b>Rev</b> & \"co\" 'x' \U0001f600"

SETTINGS = """
name: "small"
timezone: Europe/London
now: 2024-11-10
fiscal_year_starts: april
teams:
  finance: {members: [ann]}
"""

METRICS = f"""
table: sales
owner: finance
better: higher
dimensions: [country, grp, 'so "called" <b>x</b> é', customers.size]
metrics:
  revenue:
    title: {json.dumps(TITLE, ensure_ascii=False)}
    description: "<script>alert(2)</script>"
    expr: sum(amount)
    format: gbp2
    playbook: "<img src=x onerror=alert(3)>"
  orders:
    description: Orders.
    expr: count(distinct id)
  mean:
    description: A mean of floats, among them NaN and infinity.
    expr: avg(ratio)
  peak:
    description: The greatest float.
    expr: max(ratio)
  middle:
    description: The middle float.
    expr: median(ratio)
  value:
    description: Revenue an order.
    expr: revenue / orders
  nothing:
    description: Always null.
    expr: sum(blank)
  rolling:
    description: Revenue of a week.
    type: cumulative
    input_metric: revenue
    window: 7d
  ever:
    description: Revenue of all time.
    type: cumulative
    input_metric: revenue
  retention:
    description: Who comes back.
    type: retention
    entity: customers
    period: month
    dimensions: []
"""

DASHBOARD = f"""
title: {json.dumps(TITLE, ensure_ascii=False)}
audience: "<script>alert(4)</script>"
period: year to date
filters: [country, grp, 'so "called" <b>x</b> é', customers.size]
rows:
  - kpi: [revenue, orders, mean, peak, value, nothing]
  - line: revenue
    compare: year_ago
    grain: day
  - line: mean
    grain: day
  - line: nothing
    grain: week
  - - {{bar: revenue, by: grp, limit: 8}}
    - {{bar: mean, by: country}}
  - stacked: revenue
    by: grp
    grain: month
  - table: [revenue, mean, nothing]
    by: grp
  - heatmap: revenue
    by: [country, grp]
  - heatmap: retention
  - funnel: [orders, orders]
  - waterfall: revenue
    by: grp
  - table: everything
  - text: "<script>alert(5)</script>"
"""

QUERY = """
/*
title: "<b>Everything</b>"
description: "<script>alert(6)</script>"
parameters:
  country: {type: text, default: null, choices: select distinct country from sales}
  top: 20
*/
select * from sales where :country is null or country = :country order by id limit :top
"""

REPORT = """
title: "<b>Pack</b>"
period: 2024-10
compare: [previous, year_ago]
metrics: [revenue, orders, mean, value, nothing, retention]
by: [country]
deliver: [{folder: out}]
"""

SALES = """
/*
time: seen_at
key: id
references: {customer: customers}
pii: {email: hash}
rules: [id > 0]
on_breach: hold
*/
select id, seen_at, customer, email, country, grp, amount::decimal(18, 2) as amount, ratio,
       blank, so_called_b_x_b as "so ""called"" <b>x</b> é"
from orders
"""

CUSTOMERS = """
/*
key: customer
*/
select distinct customer, upper(customer[1]) as size from orders
"""

#: Both nights on which the clock moves, leap day, and a long gap.
DAYS = (
    "2023-02-28 10:00",
    "2024-02-28 10:00",
    "2024-02-29 10:00",
    "2024-03-01 00:00",
    "2024-03-31 00:30",
    "2024-03-31 03:00",
    "2024-10-26 23:59:59.999999",
    "2024-10-27 01:30",
    "2024-10-27 23:30",
    "2024-10-31 23:59:59",
    "2024-11-09 12:00",
)


def deliver(small: Small, name: str, groups: int, first: int = 1) -> None:
    """Rows of all days with all hostile values, and as many groups as asked for."""
    target = small.root / "data" / "orders"
    target.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(
            "create table days as select unnest(?::timestamp[]) as seen_at", [list(DAYS)]
        )
        connection.execute("create table names as select unnest(?::text[]) as name", [list(VALUES)])
        connection.execute(
            f"""
            copy (
              select row_number() over (order by seen_at, n) - 1 + {first} as id, seen_at,
                     'c' || (n % 7) as customer, 'c' || n || '@example.org' as email,
                     v.name as country,
                     'g' || n as grp, (n % 90) + 0.25 as amount,
                     case n % 5 when 0 then 'nan'::double when 1 then 'inf'::double
                                when 2 then '-inf'::double else n / 7.0 end as ratio,
                     null::integer as blank,
                     v.name as "so ""called"" <b>x</b> é"
              from days, range({groups}) g(n)
              join (select name, row_number() over () - 1 as place from names) v
                on v.place = n % {len(VALUES)}
              order by id
            ) to '{target / name}.parquet' (format parquet)
            """
        )


def hostile_shop(root: Path, groups: int = 40) -> Small:
    """The project's files; nothing is run yet."""
    small = Small(root)
    small.write("headwater.yml", SETTINGS)
    small.write("sources/orders.yml", "files: data/orders/*.parquet\ntime: seen_at\n")
    small.write("tables/sales.sql", SALES)
    small.write("tables/customers.sql", CUSTOMERS)
    small.write("metrics/sales.yml", METRICS)
    small.write("dashboards/trading.yml", DASHBOARD)
    small.write("queries/everything.sql", QUERY)
    small.write("reports/pack.yml", REPORT)
    deliver(small, "all", groups)
    return small
