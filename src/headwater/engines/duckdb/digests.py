"""Digests of content: does a rebuild hold the same rows as what it replaces?

A digest is a sum of 64-bit hashes over rows, so order does not matter and repeated rows count. With
a key each column is hashed together with it, and columns compare one by one; without one only
whole rows compare. Floating point counts to nine significant digits. DuckDB's `hash` may change
between versions: compare digests of one process, never store them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from headwater.engines.duckdb.quoting import identifier
from headwater.engines.duckdb.times import wall_clock_expression, within
from headwater.engines.protocol import DayDigests
from headwater.graph.node import Schema
from headwater.ids import DataInterval

ROWS = ""
COUNT = "*"
SIGNIFICANT_DIGITS = 9


def digest_select(
    source: str,
    schema: Schema,
    *,
    columns: tuple[str, ...],
    time: str | None,
    key: tuple[str, ...],
    interval: DataInterval | None,
    zone: ZoneInfo,
) -> str:
    """One row a local day: the day, the count, the row digest, then one digest a column."""
    types = dict(schema)
    day = "CAST(NULL AS DATE)"
    where = ""
    if time:
        day = f"CAST({wall_clock_expression(time, types[time], zone)} AS DATE)"
        condition = within(identifier(time), types[time], interval, zone) if interval else ""
        where = f" WHERE {condition}" if condition else ""
    keys = [_comparable(name, types[name]) for name in key]
    whole = ", ".join(_comparable(name, types[name]) for name in columns)
    sums = [f"sum(hash({whole}))"]
    if key:
        sums += [f"sum(hash({', '.join([*keys, _comparable(c, types[c])])}))" for c in columns]
    return f"SELECT {day}, count(*), {', '.join(sums)} FROM ({source}){where} GROUP BY 1"


def read_digests(rows: Sequence[tuple[Any, ...]], columns: Sequence[str]) -> DayDigests:
    """The rows of a `digest_select`, by day and column."""
    found: dict[date | None, dict[str, int]] = {}
    for day, number, *sums in rows:
        if number:
            values = dict(zip([ROWS, *columns], map(int, sums), strict=True))
            found[day] = {COUNT: number, **values}
    return found


def _comparable(name: str, column_type: str) -> str:
    quoted = identifier(name)
    if column_type.upper() not in ("DOUBLE", "FLOAT", "REAL"):
        return quoted
    wide = f"CAST({quoted} AS DOUBLE)"
    digits = f"CAST({SIGNIFICANT_DIGITS - 1} - floor(log10(abs({wide}))) AS INTEGER)"
    return (
        f"CASE WHEN {wide} = 0 OR NOT isfinite({wide}) THEN {wide} ELSE round({wide}, {digits}) END"
    )
