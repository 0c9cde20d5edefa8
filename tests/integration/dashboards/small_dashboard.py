"""A small shop with metrics, a saved query and a dashboard, run for real."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from tests.integration.run.small import ORDERS, Small

METRICS = """
    table: sales
    owner: finance
    dimensions: [country, customers.size]
    metrics:
      revenue:
        description: What customers paid.
        expr: sum(amount)
        better: higher
        format: gbp
        target: {day: 40, month: 900}
        playbook: Look at deliveries first.
      orders:
        description: Orders.
        expr: count(distinct id)
        better: higher
      order_value:
        description: Revenue an order.
        expr: revenue / orders
        better: higher
        format: gbp2
      big_orders:
        description: Orders of more than twenty.
        expr: count(*)
        where: amount > 20
        better: higher
      retention:
        description: Of a month's new customers, the share who come again.
        type: retention
        entity: customers
        period: month
        better: higher
        format: percent
"""

DASHBOARD = """
    title: Trading
    description: How the shop does.
    owner: finance
    audience: Everyone at nine
    period: last 40 days
    filters: [country, customers.size]
    sections:
      - title: Now
        rows:
          - kpi: [revenue, orders, order_value]
          - line: revenue
            compare: year_ago
            grain: day
          - - {bar: revenue, by: country, limit: 2, compare: previous}
            - {stacked: revenue, by: country}
      - title: More
        note: What is behind.
        rows:
          - - {line: orders, by: country, limit: 2}
            - {area: orders}
          - - {table: best}
            - {table: [revenue, orders], by: country, order: -revenue, limit: 2}
          - heatmap: retention
          - heatmap: revenue
            by: [country, customers.size]
          - funnel: [orders, big_orders]
          - {waterfall: revenue, by: country}
          - text: Words between.
"""

COUNTRIES = ("France", "Spain", "Italy", "Malta")


def small_dashboard(root: Path) -> Small:
    """Orders of 100 days in four countries; now is 2024-03-10."""
    small = Small(root)
    small.write("sources/orders.yml", ORDERS)
    rows: list[tuple[object, ...]] = []
    for at in range(100):
        day = f"{_day(at)}"
        for number in range(1 + at % 3):
            customer = f"c{(at * 7 + number) % 23}"
            amount = 10 + (at * 3 + number * 11) % 30
            row = (len(rows) + 1, f"{day} 09:{number:02}", customer, amount, COUNTRIES[at % 4])
            rows.append(row)
    small.deliver("all", rows, "id,ordered_at,customer,amount,country")
    small.write(
        "tables/sales.sql",
        """
        /*
        time: ordered_at
        key: id
        references: {customer: customers}
        */
        select id, customer, country, amount::decimal(12, 2) as amount, ordered_at from orders
        """,
    )
    small.write(
        "tables/customers.sql",
        """
        /*
        key: customer
        on_change: {orders: restate}
        */
        select customer, case when count(*) > 8 then 'big' else 'small' end as size
        from orders group by customer
        """,
    )
    small.write(
        "queries/best.sql",
        """
        /*
        title: Best customers
        description: Who paid most.
        owner: finance
        parameters:
          top: 3
        */
        select customer, sum(amount) as spent from sales group by customer
        order by spent desc, customer limit :top
        """,
    )
    small.write("metrics/sales.yml", METRICS)
    small.write("dashboards/trading.yml", DASHBOARD)
    return small


def _day(at: int) -> str:
    """A day of the 100 that end on 9 March 2024."""
    return f"{date(2024, 3, 9) - timedelta(days=99 - at):%Y-%m-%d}"
