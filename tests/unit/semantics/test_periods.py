"""Periods: every form that people write, and what is wrong with the others."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.clock import Clock, day_interval
from headwater.errors import UsageError
from headwater.semantics.catalog import Calendar
from headwater.semantics.periods import Period, parse_period, read_period

CLOCK = Clock.at("2011-12-10T09:00", "Europe/London")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2011", "2011-01-01", "2011-12-31"),
        ("2011-11", "2011-11-01", "2011-11-30"),
        ("2012-02", "2012-02-01", "2012-02-29"),
        ("2011-11-03", "2011-11-03", "2011-11-03"),
        ("2011-11-01..2011-11-09", "2011-11-01", "2011-11-09"),
        ("2011-11..2011-12", "2011-11-01", "2011-12-31"),
        ("2010..2011-03", "2010-01-01", "2011-03-31"),
        ("last 30 days", "2011-11-10", "2011-12-09"),
        ("last 2 weeks", "2011-11-26", "2011-12-09"),
        ("previous month", "2011-11-01", "2011-11-30"),
        ("previous year", "2010-01-01", "2010-12-31"),
        ("previous week", "2011-11-28", "2011-12-04"),
        ("this month", "2011-12-01", "2011-12-10"),
        ("2011-Q4", "2011-10-01", "2011-12-31"),
        ("2011-q1..2011-Q2", "2011-01-01", "2011-06-30"),
        ("2011-W45", "2011-11-07", "2011-11-13"),
        ("2009-W53", "2009-12-28", "2010-01-03"),
        ("FY2011", "2011-01-01", "2011-12-31"),
        ("last 90 days", "2011-09-11", "2011-12-09"),
        ("last 3 months", "2011-09-10", "2011-12-09"),
        ("last 1 year", "2010-12-10", "2011-12-09"),
        ("Previous  Quarter", "2011-07-01", "2011-09-30"),
        ("this year", "2011-01-01", "2011-12-10"),
        ("year to date", "2011-01-01", "2011-12-09"),
        ("month to date", "2011-12-01", "2011-12-09"),
        ("day to date", "2011-12-10", "2011-12-10"),
        ("today", "2011-12-10", "2011-12-10"),
        ("yesterday", "2011-12-09", "2011-12-09"),
    ],
)
def test_forms(text: str, first: str, last: str) -> None:
    expected = day_interval(date.fromisoformat(first), date.fromisoformat(last), CLOCK.zone)
    assert parse_period(text, CLOCK) == expected


@pytest.mark.parametrize("text", ["", "tomorrow", "2011-13", "2011-02-30", "2011-11..x", "11-2011"])
def test_no_periods(text: str) -> None:
    with pytest.raises(UsageError, match="E807"):
        parse_period(text, CLOCK)


def test_backwards() -> None:
    with pytest.raises(UsageError, match="ends before it begins"):
        parse_period("2011-12..2011-11", CLOCK)


def test_days_begin_in_the_projects_zone() -> None:
    july = parse_period("2011-07", CLOCK)
    assert july.start.isoformat() == "2011-06-30T23:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "previous", "year_ago"),
    [
        ("2011-11", "2011-10-01..2011-10-31", "2010-11-01..2010-11-30"),
        ("2011-01..2011-11", "2010-02-01..2010-12-31", "2010-01-01..2010-11-30"),
        ("2011", "2010-01-01..2010-12-31", "2010-01-01..2010-12-31"),
        ("2011-Q1", "2010-10-01..2010-12-31", "2010-01-01..2010-03-31"),
        ("2012-03", "2012-02-01..2012-02-29", "2011-03-01..2011-03-31"),
        ("2012-02", "2012-01-01..2012-01-31", "2011-02-01..2011-02-28"),
        ("2012-02-29", "2012-02-28..2012-02-28", "2011-02-28..2011-02-28"),
        ("2011-W45", "2011-10-31..2011-11-06", "2010-11-08..2010-11-14"),
        ("last 90 days", "2011-06-13..2011-09-10", "2010-09-11..2010-12-09"),
        ("2011-12-01..2011-12-09", "2011-11-22..2011-11-30", "2010-12-01..2010-12-09"),
        ("month to date", "2011-11-01..2011-11-09", "2010-12-01..2010-12-09"),
        ("year to date", "2010-01-01..2010-12-09", "2010-01-01..2010-12-09"),
        ("previous month", "2011-10-01..2011-10-31", "2010-11-01..2010-11-30"),
        ("last 3 months", "2011-06-10..2011-09-09", "2010-09-10..2010-12-09"),
    ],
)
def test_compared_with(text: str, previous: str, year_ago: str) -> None:
    period = read_period(text, date(2011, 12, 10))
    before, ago = period.previous(), period.year_ago()
    assert f"{before.first}..{before.last}" == previous
    assert f"{ago.first}..{ago.last}" == year_ago


def test_to_date_of_a_long_month_ends_with_a_shorter_one() -> None:
    before = read_period("month to date", date(2011, 3, 31)).previous()
    assert (before.first, before.last) == (date(2011, 2, 1), date(2011, 2, 28))


def test_fiscal_years_and_other_weeks() -> None:
    calendar = Calendar(week_starts=6, fiscal_year_starts=4)
    today = date(2011, 12, 10)
    year = read_period("FY2011/12", today, calendar)
    assert (year.first, year.last) == (date(2011, 4, 1), date(2012, 3, 31))
    fiscal = read_period("previous fiscal quarter", today, calendar)
    assert (fiscal.first, fiscal.last) == (date(2011, 7, 1), date(2011, 9, 30))
    week = read_period("previous week", today, calendar)
    assert (week.first, week.last) == (date(2011, 11, 27), date(2011, 12, 3))


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 800))
def test_the_previous_period_touches_and_never_overlaps(first: date, days: int) -> None:
    period = Period(first=first, last=first + timedelta(days=days))
    before = period.previous()
    assert before.end == period.first
    assert (period.whole_months or before.length_days) in (
        before.whole_months, period.length_days,
    )  # fmt: skip
