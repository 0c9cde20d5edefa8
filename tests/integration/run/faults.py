"""A small project with a day's delivery at a time, and what `prod` must show after each of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from tests.integration.run.laws import CONTRACT, EXACT, Order, deliver, exact_rows, write_regions
from tests.integration.run.small import Small

from headwater.contracts.quoting import literal, quote

TABLES = ("sales", "daily", "shares", "recent", "totals", "by_region")
REGIONS = {"ann": "north", "bob": "south"}
START = date(2024, 3, 1)

Rows = Mapping[str, list[tuple[object, ...]]]


def fault_project(root: Path, ledger: str = ".headwater/ledger.db") -> Small:
    """The project, with one day delivered."""
    small = Small(root)
    small.write(
        "headwater.yml",
        f"""
        name: faults
        timezone: Europe/London
        now: 2024-06-01
        profiles:
          default: {{ledger: "{ledger}"}}
        """,
    )
    small.write("contracts/orders.odcs.yaml", CONTRACT)
    small.write(
        "sources/orders.yml", "files: data/orders/*.csv\ntime: ordered_at\nredelivery: replace\n"
    )
    for name in TABLES:
        small.write(f"tables/{name}.sql", EXACT[name])
    write_regions(small, REGIONS)
    deliver_day(small, 0)
    return small


def orders_of(number: int) -> list[Order]:
    """The orders of one delivery: its own day, and every third time the day before anew."""
    day = datetime.combine(START, datetime.min.time()) + timedelta(days=number)
    found = [
        Order(number * 10 + n, day + timedelta(hours=9 + n), "ann" if n % 2 else "bob", 10 + n)
        for n in range(4)
    ]
    if number % 3 == 2:
        late = day - timedelta(hours=1)
        found.append(Order(number * 10 + 9, late, "ann", 5))
    return found


def deliver_day(small: Small, number: int) -> None:
    """One more file."""
    deliver(small, f"day{number:03}", orders_of(number))


def expected(days: int) -> Rows:
    """What all tables show once so many deliveries are taken in; a late one replaces its day."""
    if days == 0:
        return {}
    kept: dict[date, list[Order]] = {}
    for number in range(days):
        fresh: dict[date, list[Order]] = {}
        for order in orders_of(number):
            fresh.setdefault(order.ordered_at.date(), []).append(order)
        kept |= fresh
    orders = [order for day in kept.values() for order in day]
    found = exact_rows(orders, REGIONS)
    return {name: found[name] for name in TABLES}


def published(small: Small) -> Rows:
    """What all tables of `prod` show, as one release says; nothing before the first."""
    with small.open() as project, project.workspace.engine.session() as session:
        lake = project.workspace.lake
        found: dict[str, list[tuple[object, ...]]] = {}
        for node, state in project.view.states.items():
            if node.kind != "table":
                continue
            damage = [lake.verify(file) for file in state.files]
            assert damage == [None] * len(damage)
            listed = ", ".join(literal(str(lake.absolute(f.path))) for f in state.part("rows"))
            names = ", ".join(quote(name) for name, _ in state.schema)
            sql = f"SELECT {names} FROM read_parquet([{listed}]) ORDER BY ALL"
            found[node.name] = session.fetch(sql) if listed else []
        return found
