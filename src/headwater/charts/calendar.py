"""Periods as words, and the few of them that an axis names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

MOST_TICKS: Final = 4
_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTH_STEPS: Final = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200)
_FEW_DAYS: Final = 45  # up to here an axis names days, beyond it months


def period_text(period: date, grain: str) -> str:
    """A period in full.

    >>> period_text(date(2011, 11, 7), "day"), period_text(date(2011, 11, 7), "week")
    ('Mon 7 Nov 2011', 'week of 7 Nov 2011')
    >>> period_text(date(2011, 10, 1), "quarter"), period_text(date(2011, 4, 1), "fiscal_year")
    ('Q4 2011', 'FY 2011/12')
    """
    day = f"{period.day} {_MONTHS[period.month - 1]} {period.year}"
    if grain == "hour" and isinstance(period, datetime):
        return f"{_DAYS[period.weekday()]} {day}, {period:%H:%M}"
    if grain == "week":
        return f"week of {day}"
    if grain in ("hour", "day"):
        return f"{_DAYS[period.weekday()]} {day}"
    return short_text(period, grain)


def short_text(period: date, grain: str, *, with_year: bool = True) -> str:
    """A period as an axis names it.

    >>> short_text(date(2011, 11, 7), "day"), short_text(date(2011, 4, 1), "fiscal_quarter")
    ('7 Nov 2011', 'Apr–Jun 2011')
    """
    month = _MONTHS[period.month - 1]
    year = f" {period.year}" if with_year else ""
    match grain:
        case "hour" if isinstance(period, datetime) and not with_year:
            return f"{period:%H:%M}"
        case "month":
            return f"{month}{year}"
        case "quarter":
            return f"Q{(period.month + 2) // 3} {period.year}"
        case "fiscal_quarter":
            return f"{month}–{_MONTHS[(period.month + 1) % 12]}{year}"
        case "year":
            return str(period.year)
        case "fiscal_year":
            following = f"{(period.year + 1) % 100:02}"
            return str(period.year) if period.month == 1 else f"FY {period.year}/{following}"
        case _:
            return f"{period.day} {month}{year}"


def span_text(periods: Sequence[date], grain: str) -> str:
    """The first and the last period.

    >>> span_text([date(2011, 1, 1), date(2011, 2, 1)], "month")
    'Jan 2011 to Feb 2011'
    """
    if not periods:
        return "no period"
    first, last = short_text(periods[0], grain), short_text(periods[-1], grain)
    return first if first == last else f"{first} to {last}"


def axis_ticks(periods: Sequence[date], grain: str) -> list[tuple[int, str]]:
    """At most four positions, at natural beginnings, with their texts.

    >>> year = [date(2011, month, 1) for month in range(1, 13)]
    >>> axis_ticks(year, "month")
    [(0, 'Jan 2011'), (3, 'Apr 2011'), (6, 'Jul 2011'), (9, 'Oct 2011')]
    """
    if len(periods) <= MOST_TICKS:
        return [(at, short_text(each, grain)) for at, each in enumerate(periods)]
    if grain in ("day", "week") and (periods[-1] - periods[0]) / timedelta(days=1) > _FEW_DAYS:
        return _month_ticks(periods)
    if grain in ("day", "week", "hour"):
        return _counted_ticks(periods, grain)
    step = next(each for each in _MONTH_STEPS if len(periods) / each <= MOST_TICKS)
    offset = _offset(periods, grain, step)
    return [(at, short_text(periods[at], grain)) for at in range(offset, len(periods), step)]


def _offset(periods: Sequence[date], grain: str, step: int) -> int:
    """Months of a year begin with January, years with round ones, if that comes soon enough."""
    for at in range(min(step, len(periods))):
        here = periods[at]
        count = here.month - 1 if grain == "month" else here.year
        if grain in ("quarter", "fiscal_quarter"):
            count = (here.month - 1) // 3
        if count % min(step, 12) == 0:
            return at
    return 0


def _month_ticks(periods: Sequence[date]) -> list[tuple[int, str]]:
    """Beginnings of months among days or weeks, as many months apart as needed."""
    begins = [at for at in range(1, len(periods)) if periods[at].month != periods[at - 1].month]
    if periods[0].day == 1:
        begins.insert(0, 0)
    for step in _MONTH_STEPS:
        chosen = [
            at for at in begins if (periods[at].year * 12 + periods[at].month - 1) % step == 0
        ]
        if len(chosen) <= MOST_TICKS:
            break
    return [(at, short_text(periods[at], "month")) for at in chosen]


def _counted_ticks(periods: Sequence[date], grain: str) -> list[tuple[int, str]]:
    """Every n-th period, counted from the last; the first of them, and each new day, in full."""
    steps = (
        (1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 168, 336) if grain == "hour" else (1, 2, 5, 7, 10, 14)
    )
    last = len(periods) - 1
    step = next((each for each in steps if last // each < MOST_TICKS), last // (MOST_TICKS - 1))
    chosen = list(range(last % step, len(periods), step))
    found: list[tuple[int, str]] = []
    for place, at in enumerate(chosen):
        here = periods[at]
        before = periods[chosen[place - 1]] if place else None
        if grain == "hour" and isinstance(here, datetime):
            is_new = before is None or (here.month, here.day) != (before.month, before.day)
            text = f"{short_text(here, grain)} " if is_new else ""
            text = (
                f"{here.day} {_MONTHS[here.month - 1]} {here:%H:%M}" if is_new else f"{here:%H:%M}"
            )
        else:
            is_new = before is None or here.year != before.year
            text = short_text(here, grain, with_year=is_new)
        found.append((at, text))
    return found
