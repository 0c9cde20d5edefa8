"""Periods in SQL and in Python: where each grain begins, how long it is, and how it is written.

A TIMESTAMP or DATE column holds wall-clock time of the project's zone; instants are converted to
it. An hour that occurs twice, when clocks go back, is one hour.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from headwater.clock import Grain, Periods
from headwater.contracts.quoting import literal
from headwater.semantics.catalog import Calendar

#: Weeks begin on Monday and fiscal years in January.
PLAIN = Calendar()
_INSTANTS = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")
_FISCAL_MONTHS: Mapping[Grain, int] = {"fiscal_quarter": 3, "fiscal_year": 12}

#: The length of each grain, as an interval of SQL.
STEPS: Mapping[Grain, str] = {
    "hour": "INTERVAL 1 HOUR",
    "day": "INTERVAL 1 DAY",
    "week": "INTERVAL 7 DAY",
    "month": "INTERVAL 1 MONTH",
    "quarter": "INTERVAL 3 MONTH",
    "year": "INTERVAL 1 YEAR",
    "fiscal_quarter": "INTERVAL 3 MONTH",
    "fiscal_year": "INTERVAL 1 YEAR",
}


def is_time(type: str) -> bool:
    """Whether a column of this type says when."""
    return type.upper().startswith(("DATE", "TIMESTAMP"))


def is_instant(type: str) -> bool:
    """Whether a column of this type holds instants and not wall-clock times."""
    return type.upper().startswith(_INSTANTS)


def local_time(expression: str, type: str, calendar: Calendar) -> str:
    """A time as wall-clock time of the project's zone."""
    if is_instant(type):
        return f"timezone({literal(calendar.zone)}, {expression})"
    return expression


def period_start(moment: str, grain: Grain, calendar: Calendar) -> str:
    """SQL: the first day of the period around a local time; for an hour, its beginning.

    >>> period_start("sold_at", "fiscal_year", Calendar(fiscal_year_starts=4))
    "CAST(date_trunc('year', sold_at - INTERVAL 3 MONTH) + INTERVAL 3 MONTH AS DATE)"
    """
    if grain == "hour":
        return f"date_trunc('hour', {moment})"
    if grain == "day":
        return f"CAST({moment} AS DATE)"
    part, shift = grain.removeprefix("fiscal_"), ""
    if grain == "week" and calendar.week_starts:
        shift = f"INTERVAL {calendar.week_starts} DAY"
    months = (calendar.fiscal_year_starts - 1) % _FISCAL_MONTHS.get(grain, 1)
    if months:
        # 31 March less one month is 28 February: the month is right, and only it counts.
        shift = f"INTERVAL {months} MONTH"
    if not shift:
        return f"CAST(date_trunc('{part}', {moment}) AS DATE)"
    return f"CAST(date_trunc('{part}', {moment} - {shift}) + {shift} AS DATE)"


def start_of(day: date, grain: Grain, calendar: Calendar) -> date:
    """The first day of the period around a day.

    >>> str(start_of(date(2011, 3, 31), "fiscal_year", Calendar(fiscal_year_starts=4)))
    '2010-04-01'
    """
    return Periods(grain, calendar.week_starts, calendar.fiscal_year_starts).begin(day)


def step_from(first: date, grain: Grain) -> date:
    """The first day of the period after the one that begins on `first`."""
    return Periods(grain).after(first)


def step_back(first: date, grain: Grain, calendar: Calendar) -> date:
    """The first day of the period before the one that begins on `first`."""
    if grain in ("hour", "day"):
        return first - timedelta(days=1)
    return start_of(first - timedelta(days=1), grain, calendar)


def add_months(day: date, months: int) -> date:
    """The same day of another month, or its last one; raises `ValueError` outside of the calendar.

    >>> str(add_months(date(2012, 2, 29), -12))
    '2011-02-28'
    """
    number = day.year * 12 + day.month - 1 + months
    year, month = number // 12, number % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def is_period(first: date, end: date, grain: Grain, calendar: Calendar) -> bool:
    """Whether the days from `first` until before `end` are exactly one period of the grain."""
    return start_of(first, grain, calendar) == first and step_from(first, grain) == end


def period_label(period: date, grain: Grain, calendar: Calendar = PLAIN) -> str:
    """A period as people write it, from its first day (of an hour, its beginning).

    >>> [period_label(date(2011, 11, 7), grain) for grain in ("day", "week", "month", "quarter")]
    ['2011-11-07', '2011-W45', '2011-11', '2011-Q4']
    >>> period_label(date(2011, 4, 1), "fiscal_year", Calendar(fiscal_year_starts=4))
    'FY2011/12'
    """
    if grain == "hour" and isinstance(period, datetime):
        return f"{period:%Y-%m-%d %H:%M}"
    if grain == "week" and calendar.week_starts == 0:
        year, week, _ = period.isocalendar()
        return f"{year:04d}-W{week:02d}"
    if grain == "month":
        return f"{period.year:04d}-{period.month:02d}"
    if grain == "quarter":
        return f"{period.year:04d}-Q{(period.month + 2) // 3}"
    if grain == "year":
        return f"{period.year:04d}"
    if grain in ("fiscal_quarter", "fiscal_year"):
        begun = start_of(period, "fiscal_year", calendar)
        name = _fiscal_name(begun)
        if grain == "fiscal_year":
            return name
        return f"{name} Q{(period.month - begun.month) % 12 // 3 + 1}"
    return f"{period:%Y-%m-%d}"


def _fiscal_name(begun: date) -> str:
    if begun.month == 1:
        return f"FY{begun.year:04d}"
    return f"FY{begun.year:04d}/{(begun.year + 1) % 100:02d}"
