"""Small projects on disk, run for real: DuckDB, SQLite ledger, Parquet lake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

from headwater.contracts.quoting import literal, quote
from headwater.project import Project
from headwater.project.recording import RunReport

SETTINGS = "name: small\ntimezone: Europe/London\nnow: 2024-03-10\n"

ORDERS = """
    files: data/orders/*.csv
    time: ordered_at
    redelivery: replace
"""

Rows = Sequence[tuple[object, ...]]


class Small:
    """A project folder that tests write to, and run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("headwater.yml", SETTINGS)

    def write(self, path: str, text: str) -> None:
        """One file of the project."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(dedent(text).lstrip())

    def deliver(self, name: str, rows: Rows, header: str = "id,ordered_at,customer,amount") -> None:
        """One CSV of the source `orders`."""
        lines = [",".join("" if v is None else str(v) for v in row) for row in rows]
        self.write(f"data/orders/{name}.csv", "\n".join([header, *lines]) + "\n")

    def open(self, env: str = "prod", now: str | None = None) -> Project:
        """The project, opened anew."""
        return Project.open(self.root, env=env, now=now)

    def run(self, env: str = "prod", now: str | None = None, **request: object) -> RunReport:
        """One run; `apply` unless told otherwise."""
        with self.open(env, now) as project:
            asked = replace(project.request(), **{"apply": True, **request})  # type: ignore[arg-type]
            return project.run(asked)

    def rows(self, table: str, columns: str = "*", env: str = "prod") -> list[tuple[Any, ...]]:
        """The published rows of a table, sorted."""
        with self.open(env) as project:
            node = next(n for n in project.view.states if n.name == table)
            state = project.view.states[node]
            files = [str(project.workspace.lake.absolute(f.path)) for f in state.part("rows")]
            if not files:
                return []
            with project.workspace.engine.session() as session:
                listed = ", ".join(map(literal, files))
                names = columns if columns != "*" else ", ".join(quote(n) for n, _ in state.schema)
                query = f"SELECT {names} FROM read_parquet([{listed}]) ORDER BY ALL"
                return session.fetch(query)


def small_shop(small: Small) -> Small:
    """Orders of three days, and three tables over them."""
    small.write("sources/orders.yml", ORDERS)
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", 10), (2, "2024-03-01 10:00", "bob", 20)])
    small.deliver("day2", [(3, "2024-03-02 09:00", "ann", 30)])
    small.deliver("day3", [(4, "2024-03-04 09:00", "cid", 40)])
    small.write(
        "tables/sales.sql",
        """
        /*
        time: ordered_at
        key: id
        */
        select id, ordered_at, customer, amount::decimal(18,2) as amount from orders
        """,
    )
    small.write(
        "tables/daily.sql",
        """
        /*
        time: day
        key: day
        */
        select cast(ordered_at as date) as day, sum(amount) as amount from sales group by all
        """,
    )
    small.write(
        "tables/customers.sql",
        """
        /*
        key: customer
        */
        select customer, count(*) as orders from sales group by customer
        """,
    )
    return small


def touched(report: RunReport) -> dict[str, str]:
    """What a run did to each node: name → status."""
    return {o.node.name: o.status for o in report.outcomes}


def reasons(report: RunReport) -> dict[str, str]:
    """Why: name → reason."""
    return {o.node.name: o.reason for o in report.outcomes}
