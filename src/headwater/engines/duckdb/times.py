"""Event time in SQL: half-open cuts, local months and days, and what a file's statistics say.

Intervals are in UTC. A TIMESTAMP or DATE column holds wall-clock time of the project's zone, a
TIMESTAMPTZ column instants. A wall-clock time that the zone skips belongs to the day it names, and
one that occurs twice to the same day both times, so that days partition the rows exactly.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from headwater.clock import day_interval, wall_clock
from headwater.engines.duckdb.quoting import identifier, instant, text, timestamp
from headwater.ids import MAX_TIME, MIN_TIME, DataInterval

_INSTANTS = frozenset({"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", "TIMESTAMPTZ_NS"})


def is_instant(column_type: str) -> bool:
    """Whether a column of this type holds instants and not wall-clock times."""
    return column_type.upper() in _INSTANTS


def within(expression: str, column_type: str, interval: DataInterval, zone: ZoneInfo) -> str:
    """The condition that a time lies in the interval; empty where it bounds nothing."""
    bounds = []
    for bound, unbounded, operator in (
        (interval.start, MIN_TIME, ">="),
        (interval.end, MAX_TIME, "<"),
    ):
        if bound == unbounded:
            continue
        bounds.append(f"{expression} {operator} {_literal(bound, column_type, zone)}")
    return " AND ".join(bounds)


def _literal(bound: datetime, column_type: str, zone: ZoneInfo) -> str:
    if is_instant(column_type):
        return instant(bound)
    naive = wall_clock(bound, zone)
    if column_type.upper() != "DATE":
        return timestamp(naive)
    # A date is its midnight. Comparing dates with dates lets Parquet's statistics skip row groups.
    at_midnight = naive.time() == time(0)
    return "DATE " + text((naive if at_midnight else naive + timedelta(days=1)).date().isoformat())


def wall_clock_expression(column: str, column_type: str, zone: ZoneInfo) -> str:
    """A time column as wall-clock time of the zone."""
    name = identifier(column)
    return f"timezone({text(zone.key)}, {name})" if is_instant(column_type) else name


def month_number(column: str, column_type: str, zone: ZoneInfo) -> str:
    """The local month as a number (cheaper than text); `month_name` reads it back."""
    moment = wall_clock_expression(column, column_type, zone)
    return f"CAST(year({moment}) * 12 + month({moment}) - 1 AS INTEGER)"


def month_name(number: int) -> str:
    """The month of a `month_number`.

    >>> month_name(2011 * 12 + 10)
    '2011-11'
    """
    year, month = divmod(number, 12)
    return f"{year:04d}-{month + 1:02d}"


def only_month(interval: DataInterval | None, zone: ZoneInfo) -> str | None:
    """The local month that the whole interval lies in; None where it touches several."""
    if interval is None or interval.start == MIN_TIME or interval.end == MAX_TIME:
        return None
    first = wall_clock(interval.start, zone)
    last = wall_clock(interval.end, zone) - timedelta(microseconds=1)
    if (first.year, first.month) != (last.year, last.month):
        return None
    return f"{first.year:04d}-{first.month:02d}"


def days_between(lowest: str, highest: str, column_type: str, zone: ZoneInfo) -> DataInterval:
    """The whole local days from the lowest to the highest time of a Parquet file's statistics.

    Raises `ValueError` for times outside the years 2 to 9998 (infinity, or BC).
    """
    first, last = (_local_day(value, column_type, zone) for value in (lowest, highest))
    if first.year < 2 or last.year > 9998:
        raise ValueError(f"{lowest} to {highest} is outside the calendar")
    return day_interval(first, last, zone)


def _local_day(value: str, column_type: str, zone: ZoneInfo) -> date:
    if is_instant(column_type):
        parsed = datetime.fromisoformat(value)
        aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        return aware.astimezone(zone).date()
    if value.endswith("(BC)"):
        raise ValueError(f"{value} is outside the calendar")
    return date.fromisoformat(value[:10] if value[10:11] in ("", " ") else value)
