"""Events and probes drawn at random, around the nights on which clocks change, and a session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from headwater.contracts.quoting import literal
from headwater.windows.model import (
    ALL_TIME,
    AsOf,
    Events,
    Function,
    Probes,
    Window,
    WindowFeature,
)
from headwater.windows.sides import Runs

Row = dict[str, Any]

ZONE = ZoneInfo("Europe/London")
TIME_TYPES = ("TIMESTAMP", "TIMESTAMPTZ", "DATE")
COLUMNS = {
    "shop": "VARCHAR",
    "customer": "INTEGER",
    "amount": "DECIMAL(12,2)",
    "weight": "DOUBLE",
    "items": "INTEGER",
    "colour": "VARCHAR",
    "is_return": "BOOLEAN",
    "line": "INTEGER",
}
WHERES: dict[str, Callable[[Row], Any]] = {
    "is_return": lambda row: row["is_return"],
    "items > 1": lambda row: row["items"] is not None and row["items"] > 1,
    "colour = 'red'": lambda row: row["colour"] == "red",
}
WINDOWS = (
    ALL_TIME,
    Window(timedelta(days=1)),
    Window(timedelta(days=2)),
    Window(timedelta(hours=36)),
    Window(timedelta(minutes=90)),
    Window(months=1),
)


@dataclass(frozen=True)
class World:
    """Rows of both sides and the types of their times; `time`, `at` and the knowing are instants.

    Both sides are shown in the terms of their types.
    """

    events: tuple[Row, ...]
    probes: tuple[Row, ...]
    time_type: str
    at_type: str
    known_type: str | None

    @property
    def described(self) -> tuple[Probes, Events]:
        """What the room is told."""
        is_known = self.known_type is not None
        return (
            Probes(relation="asked", keys=("client", "store"), at="at"),
            Events(
                relation="sales",
                keys=("customer", "shop"),
                time="sold_at",
                known_from="seen" if is_known else None,
                known_to="gone" if is_known else None,
                tie=("line",),
            ),
        )


def as_type(moment: datetime | None, type_: str) -> datetime | date | None:
    """An instant as a column of that type would hold it."""
    if moment is None or type_ == "TIMESTAMPTZ":
        return moment
    # A column does not say which of two equal times is meant.
    naive = moment.astimezone(ZONE).replace(tzinfo=None, fold=0)
    return naive.date() if type_ == "DATE" else naive


#: When clocks are put forward, and when back.
CHANGES = (datetime(2024, 3, 31, 1, tzinfo=UTC), datetime(2024, 10, 27, 1, tzinfo=UTC))
_HOURS = (-37.5, -36, -25, -24, -23.5, -1, -0.5, 0, 0.5, 1, 12, 24.5, 25)


def _instants(change: datetime) -> st.SearchStrategy[datetime]:
    """Some times around a change of clocks, so few that many are equal."""
    return st.sampled_from([change + timedelta(hours=hours) for hours in _HOURS])


def _seldom(missing: st.SearchStrategy[Any], usual: st.SearchStrategy[Any]) -> Any:
    return st.integers(0, 9).flatmap(lambda n: missing if n == 0 else usual)


def rows(change: datetime) -> st.SearchStrategy[Row]:
    """A row of events."""
    moments = _instants(change)
    return st.fixed_dictionaries(
        {
            "shop": st.sampled_from(["a", "a", "a", "a", "b", None]),
            "customer": st.sampled_from([1, 1, 1, 1, 2, None]),
            "sold_at": _seldom(st.none(), moments),
            "seen": _seldom(st.none(), moments),
            "gone": st.none() | moments,
            "amount": _seldom(st.none(), st.decimals(-1000, 1000, places=2)),
            "weight": _seldom(st.none(), st.integers(-1000, 1000).map(lambda n: n / 7)),
            "items": _seldom(st.none(), st.integers(-3, 3)),
            "colour": st.sampled_from(["red", "blue", "green", None]),
            "is_return": st.sampled_from([True, False, None]),
            "line": st.none() | st.integers(1, 2),
        }
    )


def asked(change: datetime) -> st.SearchStrategy[Row]:
    """A probe."""
    return st.fixed_dictionaries(
        {
            "client": st.sampled_from([1, 1, 1, 1, 2, 3, None]),
            "store": st.sampled_from(["a", "a", "a", "a", "b", None]),
            "at": _seldom(st.none(), _instants(change)),
        }
    )


def worlds() -> st.SearchStrategy[World]:
    """Both sides."""
    return st.sampled_from(CHANGES).flatmap(
        lambda change: st.builds(
            World,
            events=st.lists(rows(change), max_size=24).map(tuple),
            probes=st.lists(asked(change), max_size=8).map(tuple),
            time_type=st.sampled_from(TIME_TYPES),
            at_type=st.sampled_from(TIME_TYPES),
            known_type=st.sampled_from([None, None, "TIMESTAMP", "TIMESTAMPTZ"]),
        )
    )


_ARGUMENTS: dict[str, Sequence[str | None]] = {
    "count": (None, "amount"),
    "sum": ("amount", "weight", "items", "items * amount"),
    "mean": ("amount", "weight", "items"),
    "any": (None, "items > 0"),
    "distinct": ("colour", "items"),
    "min": ("amount", "colour"),
    "max": ("weight", "items"),
    "first": ("amount", "colour"),
    "last": ("amount", "colour", "items"),
}


def features() -> st.SearchStrategy[tuple[WindowFeature, ...]]:
    """Some features, each with a name of its own."""
    functions: list[Function] = [*_ARGUMENTS]  # type: ignore[list-item]  # they are functions
    functions += ["seconds_since_first", "seconds_since_last", "days_since_first"]
    functions += ["days_since_last"]

    def feature(function: Function) -> st.SearchStrategy[WindowFeature]:
        return st.builds(
            WindowFeature,
            name=st.just(""),
            function=st.just(function),
            argument=st.sampled_from(_ARGUMENTS.get(function, (None, "amount"))),
            where=st.none() | st.sampled_from(list(WHERES)),
            window=st.sampled_from(WINDOWS),
        )

    def named(found: list[WindowFeature]) -> tuple[WindowFeature, ...]:
        return tuple(
            WindowFeature(
                name=f"feature {n}",
                function=f.function,
                argument=f.argument,
                where=f.where,
                window=f.window,
            )
            for n, f in enumerate(found)
        )

    each = st.sampled_from(functions).flatmap(feature)
    return st.lists(each, min_size=3, max_size=10).map(named)


def latest() -> st.SearchStrategy[AsOf]:
    """What is shown of the latest row."""
    return st.builds(
        AsOf,
        columns=st.just((("amount", "amount"), ("colour", "upper(colour)"), ("line", "line"))),
        ttl=st.sampled_from(WINDOWS),
        inclusive=st.booleans(),
    )


def fill(session: Runs, world: World) -> None:
    """The relations of a world, as tables."""
    known = world.known_type or "TIMESTAMP"
    events = COLUMNS | {"sold_at": world.time_type, "seen": known, "gone": known}
    shown = [
        row
        | {
            "sold_at": as_type(row["sold_at"], world.time_type),
            "seen": as_type(row["seen"], known),
            "gone": as_type(row["gone"], known),
        }
        for row in world.events
    ]
    _table(session, "sales", events, shown)
    numbered = [
        row | {"id": number, "at": as_type(row["at"], world.at_type)}
        for number, row in enumerate(world.probes)
    ]
    probes = {"id": "BIGINT", "client": "BIGINT", "store": "VARCHAR", "at": world.at_type}
    _table(session, "asked", probes, numbered)


def _table(session: Runs, name: str, types: dict[str, str], rows_: Sequence[Row]) -> None:
    columns = ", ".join(f'"{column}" {type_}' for column, type_ in types.items())
    session.fetch(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
    if rows_:
        values = ", ".join(
            f"({', '.join(literal(row[column]) for column in types)})" for row in rows_
        )
        session.fetch(f"INSERT INTO {name} VALUES {values}")


def midnight(day: date) -> datetime:
    """A date as a time."""
    return datetime.combine(day, time(0))


def is_close(one: object, other: object) -> bool:
    """Equal; floats to 1e-9."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-9 * max(1.0, abs(one), abs(other))
    return one == other and isinstance(one, Decimal) == isinstance(other, Decimal)
