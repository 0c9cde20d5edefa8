"""Periods: every form that people write, and what is wrong with the others."""

from __future__ import annotations

from datetime import date

import pytest

from headwater.clock import Clock, day_interval
from headwater.errors import UsageError
from headwater.semantics.periods import parse_period

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
    ],
)
def test_forms(text: str, first: str, last: str) -> None:
    expected = day_interval(date.fromisoformat(first), date.fromisoformat(last), CLOCK.zone)
    assert parse_period(text, CLOCK) == expected


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2011-13", "2011-02-30", "2011-11..x", "11-2011"]
)
def test_no_periods(text: str) -> None:
    with pytest.raises(UsageError, match="E807"):
        parse_period(text, CLOCK)


def test_backwards() -> None:
    with pytest.raises(UsageError, match="ends before it begins"):
        parse_period("2011-12..2011-11", CLOCK)


def test_days_begin_in_the_projects_zone() -> None:
    july = parse_period("2011-07", CLOCK)
    assert july.start.isoformat() == "2011-06-30T23:00:00+00:00"
