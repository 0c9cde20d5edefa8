"""Days partition rows exactly, also where clocks change: every row lies in one local day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.clock import day_interval
from headwater.engines.duckdb.times import (
    days_between,
    month_name,
    month_number,
    only_month,
    wall_clock_expression,
    within,
)
from headwater.ids import ALL_TIME, DataInterval

# Days on which clocks change: by an hour at night, by half an hour, at midnight itself.
CHANGES = {
    "Europe/London": [date(2011, 3, 27), date(2011, 10, 30)],
    "America/New_York": [date(2011, 3, 13), date(2011, 11, 6)],
    "Australia/Lord_Howe": [date(2011, 4, 3), date(2011, 10, 2)],
    "America/Sao_Paulo": [date(2011, 2, 20), date(2011, 10, 16)],
    "America/Havana": [date(2011, 3, 20), date(2011, 11, 13)],
}
MINUTES = st.lists(st.integers(0, 4 * 24 * 60 - 1), min_size=1, max_size=60)


def cases() -> st.SearchStrategy[tuple[ZoneInfo, date]]:
    return st.sampled_from(
        [(ZoneInfo(zone), day) for zone, days in CHANGES.items() for day in days]
    )


def run(sql: str, times: list[datetime], kind: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Kolkata'")  # the machine's zone has no say
        connection.execute(f"CREATE TABLE t (ts {kind})")
        connection.executemany("INSERT INTO t VALUES (?)", [[ts] for ts in times])
        return connection.execute(sql).fetchall()


@settings(max_examples=25, deadline=None)
@given(cases(), MINUTES, st.sampled_from(["TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "DATE"]))
def test_each_row_lies_in_the_one_interval_of_its_local_day(
    case: tuple[ZoneInfo, date], minutes: list[int], kind: str
) -> None:
    zone, change = case
    first = change - timedelta(days=2)
    naive = [datetime.combine(first, datetime.min.time()) + timedelta(minutes=m) for m in minutes]
    aware = kind == "TIMESTAMP WITH TIME ZONE"
    times = [ts.replace(tzinfo=UTC) + timedelta(hours=12) for ts in naive] if aware else naive
    days = [first + timedelta(days=n) for n in range(-1, 7)]
    conditions = [within("ts", kind, day_interval(day, day, zone), zone) for day in days]
    rows = run(f"SELECT ts, [{', '.join(conditions)}] FROM t", times, kind)
    for ts, inside in rows:
        local = ts.astimezone(zone) if aware else ts
        day = local if kind == "DATE" else local.date()
        assert inside == [day == other for other in days]


@settings(max_examples=20, deadline=None)
@given(cases(), MINUTES)
def test_neighbouring_intervals_share_no_row_and_miss_none(
    case: tuple[ZoneInfo, date], minutes: list[int]
) -> None:
    zone, change = case
    whole = day_interval(change - timedelta(days=1), change + timedelta(days=1), zone)
    cuts = sorted({whole.start, *(whole.start + timedelta(minutes=m % 4320) for m in minutes)})
    intervals = [DataInterval(a, b) for a, b in zip(cuts, [*cuts[1:], whole.end], strict=True)]
    times = [whole.start + timedelta(minutes=m) for m in minutes]
    kind = "TIMESTAMP WITH TIME ZONE"
    inside = [
        within("ts", kind, interval, zone)
        for interval in intervals
        if interval.start < interval.end
    ]
    everywhere = within("ts", kind, whole, zone)
    sums = " + ".join(f"({condition})::INT" for condition in inside)
    assert all(a == b for a, b in run(f"SELECT {sums}, ({everywhere})::INT FROM t", times, kind))


def test_no_bound_no_condition() -> None:
    zone = ZoneInfo("Europe/London")
    assert within("ts", "TIMESTAMP", ALL_TIME, zone) == ""
    half = DataInterval(datetime(2011, 6, 1, 23, tzinfo=UTC), ALL_TIME.end)
    assert within("ts", "TIMESTAMP", half, zone) == "ts >= TIMESTAMP '2011-06-02 00:00:00'"


def test_months_are_local() -> None:
    zone = ZoneInfo("America/New_York")
    number = month_number("ts", "TIMESTAMP WITH TIME ZONE", zone)
    rows = run(f"SELECT {number} FROM t", [datetime(2011, 12, 1, 4, 59, tzinfo=UTC)], "TIMESTAMPTZ")
    assert month_name(rows[0][0]) == "2011-11"
    assert wall_clock_expression("ts", "TIMESTAMP", zone) == '"ts"'


@pytest.mark.parametrize(
    ("first", "last", "month"),
    [
        (date(2011, 11, 1), date(2011, 11, 30), "2011-11"),
        (date(2011, 10, 30), date(2011, 10, 30), "2011-10"),
        (date(2011, 11, 30), date(2011, 12, 1), None),
        (date(2010, 11, 5), date(2011, 11, 5), None),
    ],
)
def test_the_one_month_of_an_interval(first: date, last: date, month: str | None) -> None:
    for name in CHANGES:
        zone = ZoneInfo(name)
        assert only_month(day_interval(first, last, zone), zone) == month
    assert only_month(None, zone) is None
    assert only_month(ALL_TIME, zone) is None


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [
        ("2011-10-30 00:10:00", "2011-10-31 23:59:59.999999", "TIMESTAMP"),
        ("2011-10-30", "2011-10-31", "DATE"),
        ("2011-10-29 23:10:00+00", "2011-10-31 23:10:00+00", "TIMESTAMP WITH TIME ZONE"),
        ("2011-10-30 00:10:00.123456789", "2011-10-31 00:00:00.000000001", "TIMESTAMP_NS"),
    ],
)
def test_statistics_give_whole_local_days(low: str, high: str, kind: str) -> None:
    zone = ZoneInfo("Europe/London")
    expected = day_interval(date(2011, 10, 30), date(2011, 10, 31), zone)
    assert days_between(low, high, kind, zone) == expected


@pytest.mark.parametrize(
    "far", ["infinity", "0044-03-15 (BC)", "12011-01-01 00:00:00", "9999-12-31"]
)
def test_times_outside_of_the_calendar_are_refused(far: str) -> None:
    with pytest.raises(ValueError, match=r"calendar|isoformat"):
        days_between(far, far, "TIMESTAMP", ZoneInfo("Europe/London"))
