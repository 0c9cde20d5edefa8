"""Periods as people write them: `2011-11`, `2011-11-01..2011-11-09`, `last 30 days`."""

from __future__ import annotations

import re
from datetime import date, timedelta

from headwater.clock import Clock, day_interval, local
from headwater.errors import Issue, UsageError
from headwater.ids import DataInterval

_POINT = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z")
_LAST = re.compile(r"last\s+(\d+)\s+(day|week|month)s?\Z", re.IGNORECASE)
_PREVIOUS = re.compile(r"(previous|this)\s+(day|week|month|year)\Z", re.IGNORECASE)
_SHAPES = "write `2011-11`, `2011-11-01..2011-11-09`, `last 30 days` or `previous month`"


def parse_period(text: str, clock: Clock) -> DataInterval:
    """The days that a period names, the last one included. Raises UsageError (E807).

    >>> interval = parse_period("2011-11", Clock.at("2011-12-10", "UTC"))
    >>> f"{interval.start:%Y-%m-%d} {interval.end:%Y-%m-%d}"
    '2011-11-01 2011-12-01'
    """
    found = _named(text.strip(), local(clock.now, clock.zone).date())
    if found is None:
        first, dots, last = text.strip().partition("..")
        begin = _point(first.strip())
        end = _point(last.strip()) if dots else begin
        if begin is None or end is None:
            raise UsageError(Issue(code="E807", what=f"`{text}` is no period", fix=_SHAPES))
        found = begin[0], end[1]
    if found[0] > found[1]:
        what = f"the period `{text}` ends before it begins"
        raise UsageError(Issue(code="E807", what=what, fix="the earlier day comes first"))
    return day_interval(*found, clock.zone)


def _point(text: str) -> tuple[date, date] | None:
    """First and last day of a year, a month or a day."""
    match = _POINT.match(text)
    if match is None:
        return None
    year, month, day = int(match[1]), match[2], match[3]
    try:
        if month is None:
            return date(year, 1, 1), date(year, 12, 31)
        if day is None:
            first = date(year, int(month), 1)
            return first, _month_after(first) - timedelta(days=1)
        only = date(year, int(month), int(day))
    except ValueError:
        return None
    return only, only


def _named(text: str, today: date) -> tuple[date, date] | None:
    """`last 30 days` ends yesterday; `previous month` is the whole month before this one."""
    last = _LAST.match(text)
    if last is not None:
        days = int(last[1]) * {"day": 1, "week": 7, "month": 30}[last[2].lower()]
        return today - timedelta(days=days), today - timedelta(days=1)
    named = _PREVIOUS.match(text)
    if named is None:
        return None
    first = _begin(today, named[2].lower())
    if named[1].lower() == "this":
        return first, today
    before = first - timedelta(days=1)
    return _begin(before, named[2].lower()), before


def _begin(day: date, unit: str) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if unit == "year" else day


def _month_after(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)
