"""Moments of entities at the ends of periods, beside plain Python."""
# ruff: noqa: DTZ001 - times on the wall

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.features.conftest import ZONE

from headwater.clock import local_midnight
from headwater.contracts.quoting import literal
from headwater.engines.protocol import Session
from headwater.features.model import Every
from headwater.features.observing import observe_periods, period_ends
from headwater.semantics.calendar import add_months
from headwater.windows.model import ALL_TIME, Window

Row = tuple[Any, ...]
KEYS = (("customer_id", "customer"),)
TYPES = {"TIMESTAMP": "TIMESTAMP", "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE", "DATE": "DATE"}
EVENT = st.tuples(
    st.sampled_from([1, 2, 3, None]),
    st.datetimes(datetime(2024, 2, 1), datetime(2024, 7, 1)),
)
WINDOWS = (ALL_TIME, Window(timedelta(days=7)), Window(timedelta(hours=36)), Window(months=1))


def observe(session: Session, days: tuple[date, date], every: Every, **given: Any) -> list[Row]:
    """The moments of the table `sales`."""
    session.fetch("DROP TABLE IF EXISTS found")
    observe_periods(
        session, events="sales", keys=KEYS, time="sold_at", every=every, days=days, into="found",
        zone=ZONE, **given,
    )  # fmt: skip
    return session.fetch("SELECT * FROM found ORDER BY ALL")


def deliver(session: Session, events: list[Row], kind: str = "TIMESTAMP") -> None:
    """The events as a table."""
    rows = ", ".join(f"({literal(key)}, CAST('{t}' AS {kind}))" for key, t in events)
    session.fetch("DROP TABLE IF EXISTS sales")
    session.fetch("CREATE TEMP TABLE sales (customer INTEGER, sold_at " + kind + ")")
    if rows:
        session.fetch(f"INSERT INTO sales VALUES {rows}")


def begin(at: datetime, window: Window) -> datetime | None:
    """Where a window begins that ends at a local midnight."""
    if not window.is_bounded:
        return None
    if window.months:
        return datetime.combine(add_months(at.date(), -window.months), time(0))
    assert window.length is not None
    days, rest = divmod(window.length, timedelta(days=1))
    moved = (at - timedelta(days=days)).replace(tzinfo=ZONE)
    return (moved.astimezone(ZoneInfo("UTC")) - rest).astimezone(ZONE).replace(tzinfo=None)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    events=st.lists(EVENT, max_size=12),
    every=st.sampled_from(["day", "week", "month", "quarter"]),
    window=st.sampled_from(WINDOWS),
    first=st.dates(date(2024, 2, 1), date(2024, 4, 15)),
    length=st.integers(0, 100),
)
def test_every_entity_with_an_event_in_the_window(
    session: Session, events: list[Row], every: Every, window: Window, first: date, length: int
) -> None:
    days = (first, first + timedelta(days=length))
    deliver(session, events)
    expected = set()
    for day in period_ends(every, *days):
        at = datetime.combine(day + timedelta(days=1), time(0))
        start = begin(at, window)
        for key, t in events:
            if key is not None and t < at and (start is None or t >= start):
                expected.add((key, at, day))
    assert observe(session, days, every, within=window) == sorted(expected)


@pytest.mark.parametrize("kind", TYPES)
def test_times_of_every_type(session: Session, kind: str) -> None:
    """Rows of the last hour of a month, and of the first of the next, around a change of clocks."""
    deliver(session, [(1, "2024-03-31 23:30"), (2, "2024-04-01 00:00")], kind)
    rows = observe(session, (date(2024, 3, 1), date(2024, 5, 1)), "month")
    march, april = date(2024, 3, 31), date(2024, 4, 30)
    assert [(row[0], row[2]) for row in rows] == [(1, march), (1, april), (2, april)]
    assert rows[0][1] == datetime(2024, 4, 1)


def test_events_without_key_are_counted(session: Session) -> None:
    deliver(session, [(None, "2024-03-05"), (1, "2024-03-05"), (None, "2024-03-06")])
    count = observe_periods(
        session, events="sales", keys=KEYS, time="sold_at", every="month",
        days=(date(2024, 3, 1), date(2024, 4, 1)), into="found", zone=ZONE,
    )  # fmt: skip
    assert count == 2
    assert session.fetch("SELECT count(*) FROM found") == [(1,)]


def test_no_events_and_no_moments(session: Session) -> None:
    deliver(session, [])
    assert observe(session, (date(2024, 3, 1), date(2024, 5, 1)), "month") == []
    deliver(session, [(1, "2024-03-05")])
    assert observe(session, (date(2024, 3, 1), date(2024, 3, 31)), "month") == []


def test_midnight_that_the_clock_skips(session: Session) -> None:
    """In São Paulo the 4th of November 2018 began at 01:00."""
    zone = ZoneInfo("America/Sao_Paulo")
    begins = local_midnight(date(2018, 11, 4), zone)
    session.fetch("CREATE TEMP TABLE sales (customer INTEGER, sold_at TIMESTAMPTZ)")
    session.fetch(
        "INSERT INTO sales VALUES (1, $1::TIMESTAMPTZ - INTERVAL 1 SECOND), (2, $1)",
        [begins.isoformat()],
    )
    observe_periods(
        session, events="sales", keys=KEYS, time="sold_at", every="day",
        days=(date(2018, 11, 3), date(2018, 11, 5)), into="found", zone=zone,
    )  # fmt: skip
    rows = session.fetch("SELECT customer_id, day FROM found ORDER BY ALL")
    third, fourth = date(2018, 11, 3), date(2018, 11, 4)
    assert rows == [(1, third), (1, fourth), (2, fourth)]
