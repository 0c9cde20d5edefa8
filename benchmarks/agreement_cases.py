"""What `agreement.py` asks, and Headwater's answers: a project over random rows, and questions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal

from headwater.project import Project
from headwater.semantics.asking import MetricQuery
from projects import headwater, link_files, write_project

METRICS = Path(__file__).with_name("agreeing")
RUNNING = ("revenue_ever", "revenue_28d", "revenue_to_date", "buyers_28d", "orders_to_year")
CONVERSIONS = ("bought", "visit_to_purchase")
_ORDERS = (
    "revenue", "orders", "weight", "buyers", "average_amount", "smallest", "largest", "middle",
    "upper_tenth", "returned", "kept_revenue", "order_value", "german_share",
    "revenue_less_weight", *RUNNING,
)  # fmt: skip
_OTHERS = ("stock_last", "stock_first", "visits", "purchases", "visits_to_purchases", *CONVERSIONS)
_GRAINS = (None, "day", "week", "month", "quarter", "year")
_GROUPS = (["country"], ["customers.tier"], ["country", "customers.tier"])
_CONDITIONS = ("country = 'DE'", "customers.tier in ('A', 'B')", "is_return is null")
_YEAR = {"first": "2024-01-01", "last": "2024-12-31"}

Question = dict[str, Any]
#: The values of an answer by period and group, dates as text.
Rows = dict[tuple[object, ...], object]


def questions() -> Iterator[Question]:
    """Every metric by every grain, by groups, with filters, and over a part of the days."""
    plain: Question = {"grain": None, "by": [], "where": [], "first": "", "last": ""}
    for metric in (*_ORDERS, *_OTHERS):
        for grain in _GRAINS:
            yield plain | {"metric": metric, "grain": grain}
        if metric in ("purchases", "visits_to_purchases"):
            continue  # they have no dimensions in common with visits
        yield plain | _YEAR | {"metric": metric, "grain": "month"}
        for by in groups(metric):
            for grain in ("day", "week", "month"):
                yield plain | {"metric": metric, "grain": grain, "by": by}
            yield plain | _YEAR | {"metric": metric, "grain": "week", "by": by}
    for metric in _ORDERS:
        yield plain | {"metric": metric, "by": ["customers.tier"]}
        for condition in _CONDITIONS:
            for grain in ("day", "month"):
                yield plain | {"metric": metric, "grain": grain, "where": [condition]}


def groups(metric: str) -> tuple[list[str], ...]:
    """What a metric is grouped by."""
    if metric in _ORDERS:
        return _GROUPS
    return (["item"],) if metric.startswith("stock") else (["channel"],)


_HEADERS = {
    "orders": "time: ordered_on\nkey: order_id\nreferences: {customer_id: customers}",
    "customers": "key: customer_id",
    "stock": "time: counted_on\nkey: count_id",
    "visits": "time: visited_on\nkey: visit_id",
    "purchases": "time: bought_on\nkey: purchase_id",
}


def project(seed: int, data: Path) -> Project:
    """A project over the rows of a seed, run: tables, rollups and published histories."""
    files = {
        "headwater.yml": "name: agreement\ntimezone: UTC\nnow: 2025-06-01\n"
        "teams: {data: {members: [ann]}}\n",
        **{f"metrics/{path.name}": path.read_text() for path in METRICS.glob("*.yml")},
    }
    for table, header in _HEADERS.items():
        time = header.partition("\n")[0] if header.startswith("time") else ""
        files[f"sources/raw_{table}.yml"] = f"tables_in: data/raw_{table}.parquet\n{time}\n"
        files[f"tables/{table}.sql"] = (
            f"/*\ndescription: Rows.\n{header}\n*/\nselect * from raw_{table}\n"
        )
    folder = write_project(f"agreement-{seed}", files)
    link_files(data, folder / "data", "*.parquet")
    headwater(folder, "run")
    return Project.open(folder)


def answer(project: Project, question: Question, path: Literal["auto", "raw"]) -> Rows:
    """Headwater's rows."""
    query = MetricQuery(
        metrics=(question["metric"],),
        by=tuple(question["by"]),
        grain=question["grain"],
        where=tuple(question["where"]),
        period=f"{question['first']}..{question['last']}" if question["first"] else "",
    )
    found = project.metrics.query(query, path=path)
    keys = [n for n, column in enumerate(found.columns) if column.sort in ("period", "dimension")]
    value = found.index(question["metric"])
    return {tuple(_text(row[n]) for n in keys): row[value] for row in found.rows}


def _text(key: object) -> object:
    return key.isoformat() if isinstance(key, date) else key
