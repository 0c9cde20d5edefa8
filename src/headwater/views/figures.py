"""Figures as people read them: counts, seconds, bytes, days, moments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from headwater.clock import count_days, local
from headwater.ids import ALL_TIME, DataInterval
from headwater.plan.reasons import days_text

_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


def count(number: int, one: str = "", many: str = "") -> str:
    """A number with thousands separators, and its noun.

    >>> count(1067370), count(1, "step"), count(3, "step"), count(2, "query", "queries")
    ('1,067,370', '1 step', '3 steps', '2 queries')
    """
    if not one:
        return f"{number:,}"
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def seconds(duration_s: float) -> str:
    """A duration: milliseconds below a tenth of a second, minutes above two.

    >>> seconds(0.0123), seconds(3.14), seconds(75), seconds(150)
    ('12 ms', '3.1 s', '75 s', '2 min 30 s')
    """
    if duration_s < 0.1:
        return f"{duration_s * 1000:.0f} ms"
    if duration_s < 10:
        return f"{duration_s:.1f} s"
    if duration_s < 120:
        return f"{duration_s:.0f} s"
    minutes, rest = divmod(round(duration_s), 60)
    if minutes < 120:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def lasting(span: timedelta) -> str:
    """A declared span of time: whole days as such.

    >>> lasting(timedelta(days=7)), lasting(timedelta(hours=36)), lasting(timedelta(minutes=30))
    ('7 days', '36 h 00 min', '30 min 00 s')
    """
    if span.days and span == timedelta(days=span.days):
        return count(span.days, "day")
    return seconds(span.total_seconds())


def size(number: int) -> str:
    """Bytes in the unit that leaves few digits.

    >>> size(512), size(123_456_789)
    ('512 B', '123.5 MB')
    """
    amount = float(number)
    for unit in _UNITS:
        if amount < 1000 or unit == _UNITS[-1]:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError


def moment(instant: datetime, zone: ZoneInfo) -> str:
    """A moment in the project's time zone: `2011-12-10 00:00`."""
    return f"{local(instant, zone):%Y-%m-%d %H:%M}"


def span(intervals: Sequence[DataInterval], zone: ZoneInfo) -> str:
    """Intervals as days: `2009-12-01..2011-12-09, 739 days`, or `whole` for what has no time."""
    if not intervals:
        return ""
    if intervals[0] == ALL_TIME:
        return "whole"
    days = sum(count_days(interval, zone) for interval in intervals)
    if len(intervals) > 4:
        hull = DataInterval(intervals[0].start, intervals[-1].end)
        return f"{count(days, 'day')} in {days_text(hull, zone)}"
    named = ", ".join(days_text(interval, zone) for interval in intervals)
    return named if days == len(intervals) <= 3 else f"{named}, {count(days, 'day')}"
