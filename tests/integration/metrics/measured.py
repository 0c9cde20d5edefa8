"""A small shop with metrics of every type, and what a test asks of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.integration.run.small import Small

from headwater.semantics.asking import Answer, MetricQuery

METRICS = """
    table: sales
    owner: finance
    better: higher
    dimensions: [country, customers.segment]
    metrics:
      revenue:
        description: All amounts.
        expr: sum(amount)
      orders:
        description: All orders.
        expr: count(distinct invoice)
      units:
        description: Pieces.
        expr: sum(quantity)
        where: quantity > 0
      average_order_value:
        description: Revenue per order.
        expr: revenue / orders
      largest:
        description: The largest line.
        expr: max(amount)
      median_line:
        description: The line in the middle.
        expr: median(amount)
      average_line:
        description: The mean of the lines.
        expr: avg(amount)
      rolling:
        description: Revenue of three days.
        type: cumulative
        input_metric: revenue
        window: 3d
      to_date:
        description: Revenue since the month began.
        type: cumulative
        input_metric: revenue
        grain_to_date: month
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
#: invoice, time, customer, country, quantity, amount
ROWS = [
    (1, "2024-01-30 09:00", "ann", "France", 2, "10.00"),
    (1, "2024-01-30 09:00", "ann", "France", 1, "5.50"),
    (2, "2024-01-31 23:30", "bob", "Spain", 1, "7.25"),
    (3, "2024-02-01 00:15", "ann", "France", 3, "30.00"),
    (4, "2024-02-14 12:00", "cid", "Spain", -1, "-7.25"),
    (5, "2024-02-29 18:00", "bob", "Spain", 4, "44.00"),
    (6, "2024-03-02 08:00", "dan", "Italy", 1, "12.00"),
    (6, "2024-03-02 08:00", "dan", "", 2, "3.00"),
]
HEADER = "invoice,ordered_at,customer,country,quantity,amount"


def measured_shop(small: Small) -> Small:
    """The shop's files; nothing is run yet."""
    small.write(
        "sources/orders.yml",
        """
        files: data/orders/*.csv
        time: ordered_at
        redelivery: replace
        on_breach: hold
        """,
    )
    for month in ("2024-01", "2024-02", "2024-03"):
        small.deliver(month, [r for r in ROWS if r[1].startswith(month)], HEADER)
    small.write(
        "tables/sales.sql",
        """
        /*
        time: ordered_at
        references: {customer: customers}
        rules: [abs(quantity) < 1000]
        on_breach: hold
        */
        select invoice, ordered_at, customer, country, quantity,
               amount::decimal(18,2) as amount
        from orders
        """,
    )
    small.write(
        "tables/customers.sql",
        """
        /*
        key: customer
        */
        select distinct customer, upper(customer[1]) as segment from orders
        """,
    )
    small.write("metrics/sales.yml", METRICS)
    return small


def ask(shop: Small, *metrics: str, path: str = "auto", env: str = "prod", **words: Any) -> Answer:
    """One question to the published release."""
    with shop.open(env) as project:
        query = replace(MetricQuery(metrics=metrics), **words)
        return project.metrics.query(query, path=path)  # type: ignore[arg-type]


def plain(answer: Answer) -> list[tuple[Any, ...]]:
    """Its rows with dates and decimals as text."""
    return [tuple(v if isinstance(v, int | None) else str(v) for v in r) for r in answer.rows]
