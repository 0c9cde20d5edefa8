"""A project whose tables read in every way there is, and models of what they must come to.

The models know nothing of intervals: the tables' own SQL runs over all published rows at once, and
Python retells redelivery, running balances and histories.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

import duckdb
from tests.integration.run.small import Small

Mode = Literal["append", "replace", "keep_first"]
FIRST = date(2024, 3, 27)  # around the change to summer time in London


@dataclass(frozen=True, order=True)
class Order:
    """One delivered row."""

    id: int
    ordered_at: datetime
    customer: str
    amount: int


CONTRACT = """
    apiVersion: v3.1.0
    kind: DataContract
    id: orders
    version: 1.0.0
    status: active
    schema:
    - name: orders
      properties:
      - {name: id, logicalType: integer, physicalType: bigint}
      - {name: ordered_at, logicalType: timestamp}
      - {name: customer, logicalType: string}
      - {name: amount, logicalType: integer, physicalType: bigint}
"""

#: Tables whose SQL over everything is what they must show, in order of their inputs.
EXACT: Mapping[str, str] = {
    "sales": """
        /*
        time: ordered_at
        */
        select id, ordered_at, customer, amount::decimal(18,2) as amount
        from orders where amount <> 13
    """,
    "daily": """
        /*
        time: day
        key: day
        */
        select cast(ordered_at as date) as day, sum(amount) as amount, count(*) as orders
        from sales group by all
    """,
    "shares": """
        /*
        time: ordered_at
        */
        select s.id, s.ordered_at, s.amount, d.amount as of_day
        from sales s join daily d on cast(s.ordered_at as date) = d.day
    """,
    "recent": """
        /*
        time: day
        key: day
        reads: {daily: 3d before}
        */
        select day, sum(amount) over (
            order by day range between interval 3 days preceding and current row
        ) as amount from daily
    """,
    "around": """
        /*
        time: day
        key: day
        reads: {sales: 1d before and 2d after, daily: 0d before}
        */
        select d.day, count(s.id) as orders from daily d left join sales s
        on cast(s.ordered_at as date) between d.day - 1 and d.day + 2
        group by d.day
    """,
    "totals": """
        /*
        key: customer
        */
        select customer, count(*) as orders, sum(amount) as amount from sales
        where customer is not null group by customer
    """,
    "by_region": """
        /*
        time: ordered_at
        on_change: {regions: restate}
        */
        select s.id, s.ordered_at, r.region from sales s left join regions r using (customer)
    """,
}

TABLES: Mapping[str, str] = {
    **EXACT,
    "as_it_was": """
        /*
        time: ordered_at
        on_change: {regions: keep}
        */
        select s.id, s.ordered_at, r.region from sales s left join regions r using (customer)
    """,
    "balance": """
        /*
        time: day
        reads: {daily: 0d before}
        previous: {day: date, balance: "decimal(38,2)"}
        */
        select coalesce(d.day, p.day + 1) as day,
            (coalesce(d.amount, 0) + coalesce(p.balance, 0))::decimal(38,2) as balance
        from daily d full join previous p on d.day = p.day + 1
    """,
    "validity": """
        /*
        history: {key: customer}
        */
        select customer, amount from totals
    """,
}


def law_project(small: Small, mode: Mode, tables: Mapping[str, str] = TABLES) -> Small:
    """The project, without data."""
    small.write("contracts/orders.odcs.yaml", CONTRACT)
    small.write(
        "sources/orders.yml",
        f"""
        files: data/orders/*.csv
        time: ordered_at
        redelivery: {mode}
        """,
    )
    for name, sql in tables.items():
        small.write(f"tables/{name}.sql", sql)
    write_regions(small, {"ann": "north"})
    return small


def write_regions(small: Small, regions: Mapping[str, str]) -> None:
    """The seed that says where customers live."""
    lines = [f"{customer},{region}" for customer, region in sorted(regions.items())]
    small.write("seeds/regions.csv", "\n".join(["customer,region", *lines]) + "\n")


def deliver(small: Small, name: str, orders: Sequence[Order]) -> None:
    """One file; the same name again corrects it."""
    small.deliver(name, [(o.id, o.ordered_at, o.customer, o.amount) for o in orders])


@dataclass
class Redelivery:
    """What a source publishes after each load: file by file in order of name."""

    mode: Mode
    kept: dict[str, list[Order]] = field(default_factory=dict)  # published rows by file
    seen: dict[str, tuple[Order, ...]] = field(default_factory=dict)

    def load(self, files: Mapping[str, Sequence[Order]]) -> None:
        """Take in what is new or changed."""
        fresh = {n: tuple(f) for n, f in sorted(files.items()) if self.seen.get(n) != tuple(f)}
        for name, orders in fresh.items():
            days = {o.ordered_at.date() for o in orders}
            taken = {o.ordered_at.date() for rows in self.kept.values() for o in rows}
            if self.mode == "keep_first":
                own = [o for o in orders if o.ordered_at.date() not in taken]
                self.kept[name] = [*self.kept.get(name, []), *own]
            else:
                if self.mode == "replace":
                    self.kept = {
                        n: [o for o in rows if o.ordered_at.date() not in days]
                        for n, rows in self.kept.items()
                    }
                self.kept[name] = list(orders)
            self.seen[name] = tuple(orders)

    @property
    def rows(self) -> list[Order]:
        """All published rows."""
        return sorted(o for rows in self.kept.values() for o in rows)


def exact_rows(
    orders: Sequence[Order], regions: Mapping[str, str]
) -> dict[str, list[tuple[object, ...]]]:
    """What the exact tables must show: their SQL as written, over everything at once."""
    with duckdb.connect() as connection:
        connection.execute(
            "create table orders (id bigint, ordered_at timestamp, customer varchar, amount bigint)"
        )
        connection.execute("create table regions (customer varchar, region varchar)")
        for o in orders:
            values = [o.id, o.ordered_at, o.customer, o.amount]
            connection.execute("insert into orders values (?, ?, ?, ?)", values)
        for pair in regions.items():
            connection.execute("insert into regions values (?, ?)", list(pair))
        for name, sql in EXACT.items():
            connection.execute(f"create table {name} as {sql}")
        return {
            name: connection.execute(f"select * from {name} order by all").fetchall()
            for name in EXACT
        }


def balance_rows(
    daily: Sequence[tuple[object, ...]], orders: Sequence[Order]
) -> list[tuple[object, ...]]:
    """The running sum on every day from the first with an amount to the last with an order."""
    amounts = {row[0]: row[1] for row in daily}
    if not amounts:
        return []
    found: list[tuple[object, ...]] = []
    day = min(amounts)  # type: ignore[type-var]
    last = max(o.ordered_at.date() for o in orders)
    assert isinstance(day, date)
    balance = Decimal(0)
    while day <= last:
        amount = amounts.get(day, Decimal(0))
        assert isinstance(amount, Decimal)
        balance += amount
        found.append((day, balance))
        day += timedelta(days=1)
    return found


@dataclass
class Validity:
    """Type-2 ranges of `totals`, run by run: customer → [amount, from, to]."""

    ranges: list[list[object]] = field(default_factory=list)

    def run(self, totals: Sequence[tuple[object, ...]], now: datetime) -> None:
        """Close what is gone or changed, open what is new."""
        current = {row[0]: row[2] for row in totals}
        for one in self.ranges:
            if one[3] is None and current.get(one[0]) != one[1]:
                one[3] = now
        still = {one[0] for one in self.ranges if one[3] is None}
        for customer, amount in current.items():
            if customer not in still:
                self.ranges.append([customer, amount, now, None])

    @property
    def rows(self) -> list[tuple[object, ...]]:
        """In the order in which tables are read."""
        return sorted((tuple(one) for one in self.ranges), key=repr)
