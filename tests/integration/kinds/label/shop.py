"""A small shop with customers, sales, a feature view and a label."""

from __future__ import annotations

from pathlib import Path

from tests.integration.run.small import ORDERS, Rows, Small

SALES = """
    /*
    time: ordered_at
    key: id
    references: {customer: customers}
    */
    select id, ordered_at, customer, amount::decimal(18,2) as amount from orders
"""
CUSTOMERS = """
    /*
    key: customer
    */
    select customer, count(*) as orders from sales where customer is not null group by customer
"""
VIEW = """
    entity: customers
    source: sales
    windows: [30d]
    features:
      orders: count(*)
      spend: sum(amount)
      recency:
        expr: date_diff('day', max(ordered_at), :at)
        windows: [all]
"""
LABEL = """
    title: No purchase in the next 30 days
    entity: customers
    source: sales
    horizon: 30d
    expr: count(*) = 0
    observe: {every: month, where: customer.orders_30d > 0}
"""


class Shop(Small):
    """The project; `write` changes it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.write("sources/orders.yml", ORDERS)
        self.write("tables/sales.sql", SALES)
        self.write("tables/customers.sql", CUSTOMERS)
        self.write("features/customer.yml", VIEW)
        self.write("labels/churned.yml", LABEL)

    def orders(self, rows: Rows, name: str = "first") -> None:
        """One delivery of orders: number, time, customer, amount."""
        self.deliver(name, rows)
