"""A small project with a feature view, and what its rows ought to be, in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from tests.integration.run.small import Small

from headwater.features.observing import period_ends

Row = tuple[Any, ...]
#: (id, time, customer, amount)
Event = tuple[int, datetime, str | None, int]

VIEW = """
    title: What we know of a customer
    entity: customers
    source: sales
    windows: [7d]
    every: week
    features:
      orders: count(*)
      spend: sum(amount)
      per_order: spend_7d / orders_7d
"""


def project(small: Small, view: str = VIEW, zone: str = "Europe/London") -> Small:
    """Orders, sales of customers, and a view."""
    small.write("headwater.yml", f"name: small\ntimezone: {zone}\nnow: 2024-06-10\n")
    small.write(
        "sources/orders.yml", "files: data/orders/*.csv\ntime: ordered_at\nredelivery: replace\n"
    )
    small.write(
        "tables/sales.sql",
        """
        /*
        time: ordered_at
        key: id
        references: {customer: customers}
        */
        select id, ordered_at, customer, amount::integer as amount from orders
        """,
    )
    small.write(
        "tables/customers.sql",
        """
        /*
        key: customer
        */
        select distinct customer from orders where customer is not null
        """,
    )
    small.write("features/customer.yml", view)
    return small


def deliver(small: Small, name: str, events: Sequence[Event]) -> None:
    """One file of orders."""
    small.deliver(name, [(i, t.isoformat(sep=" "), c, a) for i, t, c, a in events])


def expected(
    events: Sequence[Event], days: tuple[date, date], length: timedelta = timedelta(days=7)
) -> list[Row]:
    """The rows of `VIEW` for the periods that end in a span: key, at, day, orders, spend, ratio."""
    found = []
    for day in period_ends("week", *days):
        at = datetime.combine(day + timedelta(days=1), time(0))
        for customer in {c for *_, c, _ in events if c is not None}:
            seen = [a for _, t, c, a in events if c == customer and at - length <= t < at]
            if seen:
                ratio = sum(seen) / len(seen)
                found.append((customer, at, day, len(seen), sum(seen), ratio))
    return sorted(found)
