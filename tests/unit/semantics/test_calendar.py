"""Where periods begin, in SQL and in Python, and how they are written."""

from __future__ import annotations

from datetime import date, datetime

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.clock import Grain
from headwater.semantics.calendar import (
    STEPS,
    is_period,
    local_time,
    period_label,
    period_start,
    start_of,
    step_back,
    step_from,
)
from headwater.semantics.catalog import Calendar

DATABASE = duckdb.connect()
DAILY: tuple[Grain, ...] = (
    "day", "week", "month", "quarter", "year", "fiscal_quarter", "fiscal_year",
)  # fmt: skip
days = st.dates(date(1990, 1, 1), date(2040, 12, 31))
calendars = st.builds(
    Calendar, week_starts=st.integers(0, 6), fiscal_year_starts=st.integers(1, 12)
)


@given(days, st.sampled_from(DAILY), calendars)
@settings(max_examples=200, deadline=None)
def test_sql_and_python_agree(day: date, grain: Grain, calendar: Calendar) -> None:
    sql = period_start("CAST($1 AS TIMESTAMP) + INTERVAL 86399 SECOND", grain, calendar)
    of_date = period_start("CAST($1 AS DATE)", grain, calendar)
    row = DATABASE.execute(
        f"SELECT {sql}, {of_date}, CAST({sql} + {STEPS[grain]} AS DATE)", [day]
    ).fetchone()
    first = start_of(day, grain, calendar)
    assert row == (first, first, step_from(first, grain))
    assert first <= day < step_from(first, grain)
    assert is_period(first, step_from(first, grain), grain, calendar)
    assert step_from(step_back(first, grain, calendar), grain) == first


def test_instants_belong_to_local_hours() -> None:
    london = Calendar(zone="Europe/London")
    hour = period_start(
        local_time("CAST($1 AS TIMESTAMPTZ)", "TIMESTAMPTZ", london), "hour", london
    )
    rows = [
        DATABASE.execute(f"SELECT {hour}", [text]).fetchone()
        for text in ("2011-07-01 23:30+00", "2011-10-30 00:30+00", "2011-10-30 01:30+00")
    ]
    assert [str(row[0]) for row in rows if row] == [
        "2011-07-02 00:00:00",
        "2011-10-30 01:00:00",  # before and after clocks go back: one hour
        "2011-10-30 01:00:00",
    ]


@pytest.mark.parametrize(
    ("day", "grain", "label"),
    [
        ("2011-11-07", "day", "2011-11-07"),
        ("2011-11-07", "week", "2011-W45"),
        ("2012-01-02", "week", "2012-W01"),
        ("2010-01-01", "week", "2009-W53"),
        ("2011-11-01", "month", "2011-11"),
        ("2011-10-01", "quarter", "2011-Q4"),
        ("2011-01-01", "year", "2011"),
        ("2011-04-01", "fiscal_year", "FY2011/12"),
        ("1999-04-01", "fiscal_year", "FY1999/00"),
        ("2012-01-01", "fiscal_quarter", "FY2011/12 Q4"),
    ],
)
def test_labels(day: str, grain: Grain, label: str) -> None:
    april = Calendar(fiscal_year_starts=4)
    assert period_label(date.fromisoformat(day), grain, april) == label


def test_labels_of_hours_and_of_other_weeks() -> None:
    assert period_label(datetime.fromisoformat("2011-11-07T09:00"), "hour") == "2011-11-07 09:00"
    assert period_label(date(2011, 11, 6), "week", Calendar(week_starts=6)) == "2011-11-06"
    assert period_label(date(2011, 1, 1), "fiscal_year") == "FY2011"
