"""When a period's number no longer moves: it is over, and conversions in it had their window."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from headwater.semantics.calendar import add_months
from headwater.semantics.metric import Window
from headwater.semantics.terms import Converted, Term

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_HOURS = {"hour": 1, "day": 24, "week": 168}


def windows_of(terms: Iterable[Term]) -> tuple[Window, ...]:
    """How long after its end a period still gains conversions: each window once."""
    found = (term.rule.window for term in terms if isinstance(term, Converted))
    return tuple(dict.fromkeys(window for window in found if window is not None))


def settled_from(end: date, windows: Iterable[Window]) -> date:
    """The first day on which the number of a period that ended before `end` no longer moves.

    >>> str(settled_from(date(2011, 12, 1), [Window(90, "day"), Window(1, "month")]))
    '2012-02-29'
    """
    return max((end, *(_moved(end, window, 1) for window in windows)))


def settled_until(until: date, windows: Iterable[Window]) -> date:
    """The first day that can still gain conversions, where everything before `until` is known.

    >>> str(settled_until(date(2012, 2, 29), [Window(90, "day")]))
    '2011-12-01'
    """
    return min((until, *(_moved(until, window, -1) for window in windows)))


def window_conditions(windows: Iterable[Window], moment: str, until: str) -> list[str]:
    """SQL: that a moment, and its windows, are over by `until`."""
    found = [
        f"{moment} + INTERVAL {window.count:d} {window.unit.upper()} <= {until}"
        for window in windows
    ]
    return found or [f"{moment} <= {until}"]


def _moved(day: date, window: Window, way: int) -> date:
    """So much later or earlier, whole days; at the edge of the calendar its edge."""
    try:
        if window.unit in _MONTHS:
            return add_months(day, way * window.count * _MONTHS[window.unit])
        days = -(-window.count * _HOURS[window.unit] // 24)
        return day + timedelta(days=way * days)
    except (OverflowError, ValueError):
        return date.max if way > 0 else date.min
