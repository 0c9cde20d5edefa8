"""What windows and point-in-time joins mean, in plain Python, one probe and one row at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.unit.windows.world import WHERES, ZONE, Row, World, as_type, midnight

from headwater.semantics.calendar import add_months
from headwater.windows.model import AsOf, Window, WindowFeature

_ARGUMENTS: dict[str, Callable[[Row], Any]] = {
    "items > 0": lambda row: None if row["items"] is None else row["items"] > 0,
    "items * amount": lambda row: (
        None if row["items"] is None or row["amount"] is None else row["items"] * row["amount"]
    ),
    "upper(colour)": lambda row: row["colour"] and row["colour"].upper(),
}


def as_column(moment: datetime | None, type_: str) -> datetime | None:
    """An instant as a column of the type holds it; a date is its midnight."""
    held = as_type(moment, type_)
    if held is None or isinstance(held, datetime):
        return held
    return midnight(held)


def in_terms(held: datetime | None, type_: str) -> datetime | None:
    """A moment as compared with a column of a type; of two that the clock shows, the first."""
    if held is None:
        return None
    if type_ == "TIMESTAMPTZ":
        return held if held.tzinfo else held.replace(tzinfo=ZONE).astimezone(UTC)
    return held.astimezone(ZONE).replace(tzinfo=None, fold=0) if held.tzinfo else held


def begin(moment: datetime, window: Window) -> datetime | None:
    """Where a window begins: whole days and months by the clock on the wall."""
    if not window.is_bounded:
        return None
    length = window.length or timedelta(0)
    days = timedelta(days=length.days)
    if not days and not window.months:
        return moment - length
    wall = moment.astimezone(ZONE).replace(tzinfo=None, fold=0) if moment.tzinfo else moment
    day: date = add_months(wall.date(), -window.months)
    wall = datetime.combine(day, wall.time()) - days
    moved = wall.replace(tzinfo=ZONE).astimezone(UTC) if moment.tzinfo else wall
    return moved - (length - days)


def seen(world: World, probe: Row, window: Window, inclusive: bool = False) -> list[Row]:
    """The rows that a probe sees, by time; each with `t` and the probe's moment `now`."""
    held = as_column(probe["at"], world.at_type)
    now = in_terms(held, world.time_type)
    if now is None:
        return []
    found = []
    first = begin(now, window)
    for row in world.events:
        t = as_column(row["sold_at"], world.time_type)
        if None in (row["customer"], row["shop"]) or t is None:
            continue
        if (row["customer"], row["shop"]) != (probe["client"], probe["store"]):
            continue
        if not (t < now or (inclusive and t == now)) or (first is not None and t < first):
            continue
        if world.known_type is not None:
            known = in_terms(held, world.known_type)
            starts = as_column(row["seen"], world.known_type)
            ends = as_column(row["gone"], world.known_type)
            assert known is not None
            if starts is None or starts > known or (ends is not None and ends <= known):
                continue
        found.append(row | {"t": t, "now": now})
    return found


def value(world: World, probe: Row, feature: WindowFeature) -> Any:
    """The value of a feature."""
    rows = seen(world, probe, feature.window)
    if feature.where:
        rows = [row for row in rows if WHERES[feature.where](row)]
    if feature.argument:
        rows = [row | {"value": argument(row, feature.argument)} for row in rows]
        rows = [row for row in rows if row["value"] is not None]
    if feature.function in _COUNTS:
        return _COUNTS[feature.function](rows)
    if not rows:
        return None
    if feature.function in _VALUES:
        return _VALUES[feature.function](rows)
    pick = min if feature.function.endswith("first") else max
    then, now = pick(row["t"] for row in rows), rows[0]["now"]
    if feature.function.startswith("seconds"):
        return (now - then).total_seconds()
    walls = [m.astimezone(ZONE).replace(tzinfo=None) if m.tzinfo else m for m in (then, now)]
    return max((walls[1] - walls[0]) / timedelta(days=1), 0.0)


def argument(row: Row, sql: str) -> Any:
    """An argument of a row."""
    return _ARGUMENTS[sql](row) if sql in _ARGUMENTS else row[sql]


def order(row: Row) -> tuple[object, ...]:
    """By time, then by line; a missing line is the greatest."""
    return row["t"], row["line"] is None, row["line"] or 0, row["value"]


def latest(world: World, probe: Row, as_of: AsOf) -> tuple[Any, ...]:
    """The columns of the latest row."""
    rows = seen(world, probe, as_of.ttl, as_of.inclusive)
    shown = [(row, [argument(row, sql) for _, sql in as_of.columns]) for row in rows]
    if not shown:
        return (None,) * len(as_of.columns)

    def rank(pair: tuple[Row, list[Any]]) -> tuple[object, ...]:
        row, values = pair
        ordered = [row["line"], *values]
        return (row["t"], *((each is None, each if each is not None else 0) for each in ordered))

    return tuple(max(shown, key=rank)[1])


def _values(rows: list[Row]) -> list[Any]:
    return [row["value"] for row in rows]


_COUNTS: dict[str, Callable[[list[Row]], Any]] = {
    "count": len,
    "distinct": lambda rows: len(set(_values(rows))),
    "any": lambda rows: any(row.get("value", True) for row in rows),
}
_VALUES: dict[str, Callable[[list[Row]], Any]] = {
    "sum": lambda rows: sum(_values(rows)),
    "mean": lambda rows: float(sum(_values(rows))) / len(rows),
    "min": lambda rows: min(_values(rows)),
    "max": lambda rows: max(_values(rows)),
    "first": lambda rows: min(rows, key=order)["value"],
    "last": lambda rows: max(rows, key=order)["value"],
}
