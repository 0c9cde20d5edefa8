"""A small project with two years of orders, metrics, and a report; run once for all tests."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

from tests.integration.run.small import Small

SETTINGS = """
    name: corner <shop> & sons
    timezone: Europe/London
    now: 2024-03-10
"""
METRICS = """
    table: sales
    owner: finance
    dimensions: [country, is_gift]
    metrics:
      revenue:
        description: Money <b>taken</b>.
        expr: sum(amount)
        better: higher
        format: gbp2
        target: {month: 900000}
        playbook: Look at deliveries first, then at returns.
      orders:
        description: Orders.
        expr: count(*)
        better: higher
      average_order_value:
        description: Revenue per order.
        expr: revenue / orders
        better: higher
        format: gbp2
      buyers:
        description: Customers who bought.
        expr: count(distinct customer)
        better: higher
      gift_share:
        description: The share of orders that are gifts.
        expr: count(*) filter (where is_gift) / count(*)
        better: neither
        format: percent1
      dearest:
        description: The dearest order.
        expr: max(amount)
        better: neither
        format: gbp2
"""
REPORT = """
    title: "Pack <script>alert(1)</script> #panic(\\"x\\") *of* the $month$"
    audience: The board
    owner: finance
    period: previous month
    metrics: [revenue, orders, average_order_value, buyers, gift_share, dearest]
"""
COUNTRIES = ("United Kingdom", "France", "<img src=x onerror=alert(1)>", '#import "evil"', "")


def trading(root: Path) -> Small:
    """The project, run."""
    small = Small(root)
    small.write("headwater.yml", SETTINGS)
    small.write("sources/orders.yml", "files: data/orders/*.csv\ntime: ordered_at\n")
    small.write(
        "tables/sales.sql",
        """
        /*
        time: ordered_at
        key: id
        */
        select id, ordered_at, customer, nullif(country, '') as country,
          amount::decimal(12, 2) as amount, is_gift
        from orders
        """,
    )
    small.write("metrics/sales.yml", METRICS)
    small.write("reports/monthly.yml", REPORT)
    rng = random.Random(7)
    rows: list[tuple[object, ...]] = []
    day = date(2022, 1, 1)
    while day < date(2024, 3, 10):
        for _ in range(3 + (day.weekday() < 5) * 3 + rng.randrange(3)):
            amount = round(rng.lognormvariate(3.5, 0.4), 2) * (4 if day == date(2024, 2, 14) else 1)
            country = rng.choices(COUNTRIES, (60, 20, 10, 5, 5 + 20 * (day.year == 2024)))[0]
            text = '"' + country.replace('"', '""') + '"'
            rows.append(
                (
                    len(rows),
                    f"{day} 12:00",
                    rng.randrange(40),
                    text,
                    f"{amount:.2f}",
                    rng.random() < 0.2,
                )
            )
        day += timedelta(days=1)
    small.deliver("all", rows, "id,ordered_at,customer,country,amount,is_gift")
    small.run()
    return small
