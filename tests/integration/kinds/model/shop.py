"""A small shop with some hundred customers, whose buying habits can be learnt in a second."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from tests.integration.run.small import Small

FIRST, LAST = datetime(2023, 1, 1), datetime(2024, 6, 30)  # noqa: DTZ001  # local

SALES = """
    /*
    time: ordered_at
    key: id
    references: {customer: customers}
    */
    select id, ordered_at, customer, channel, amount::decimal(18,2) as amount from orders
"""
CUSTOMERS = """
    /*
    key: customer
    */
    select customer, min(ordered_at) as since from orders group by customer
"""
VIEW = """
    entity: customers
    source: sales
    windows: [30d, 90d]
    features:
      orders: count(*)
      spend: sum(amount)
      last_channel:
        expr: arg_max(channel, ordered_at)
        windows: [all]
      recency_days:
        expr: date_diff('day', max(ordered_at), :at)
        windows: [all]
"""
LABEL = """
    entity: customers
    source: sales
    horizon: 30d
    expr: count(*) = 0
    observe: {every: month, where: customer.orders_90d > 0}
"""
MODEL = """
    label: lapsed
    features: [customer]
    algorithm: logistic
    owner: growth
    split: {calibrate: 2023-10..2023-12, test: 2024-01..2024-03, origins: 1}
    gates: [auc > 0.6]
"""


def orders(customers: int = 240, seed: int = 7) -> list[tuple[object, ...]]:
    """Customers who buy at their own pace, until they stop."""
    chance = random.Random(seed)
    rows: list[tuple[datetime, str, str, int]] = []
    for number in range(customers):
        name, pace = f"c{number:03}", chance.choice((7, 14, 30, 60))
        when = FIRST + timedelta(days=chance.uniform(0, 300))
        stops = when + timedelta(days=chance.expovariate(1 / 250))
        while when < min(stops, LAST):
            channel = chance.choice(("web", "web", "shop"))
            rows.append((when, name, channel, chance.randint(5, 80)))
            when += timedelta(days=chance.expovariate(1 / pace))
    rows.sort()
    return [
        (number, f"{when:%Y-%m-%d %H:%M:%S}", name, channel, amount)
        for number, (when, name, channel, amount) in enumerate(rows, 1)
    ]


def model_shop(small: Small, model: str = MODEL, customers: int = 240) -> Small:
    """Orders of eighteen months, a view, a label and a model."""
    small.write("headwater.yml", "name: small\ntimezone: Europe/London\nnow: 2024-07-01\n")
    small.write("sources/orders.yml", "files: data/orders/*.csv\ntime: ordered_at\n")
    deliver(small, "all", orders(customers))
    small.write("tables/sales.sql", SALES)
    small.write("tables/customers.sql", CUSTOMERS)
    small.write("features/customer.yml", VIEW)
    small.write("labels/lapsed.yml", LABEL)
    small.write("models/churn.yml", model)
    return small


def deliver(small: Small, name: str, rows: list[tuple[object, ...]]) -> None:
    """One CSV of orders."""
    small.deliver(name, rows, header="id,ordered_at,customer,channel,amount")
