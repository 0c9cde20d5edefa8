"""Up to which day a source is complete, which days are missing, which are merely empty; pure.

Three facts speak for a day: rows of it, a delivery that covers it, a marker of the producer. A day
without any is *missing* if the source is open on it and it ought to be there by now; it is *empty*
if a delivery covers it without rows of it, or the source is closed on it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from headwater.clock import Clock, local, local_midnight
from headwater.kinds.source.definition import Completeness

#: A weekday is learned to be closed from so many weeks on, if it had rows in less than one of
#: `_RARE` of them: an open Saturday before Christmas makes no open Saturdays.
_WEEKS_TO_LEARN: Final = 4
_RARE: Final = 20

_DATE_IN_NAME: Final = re.compile(
    r"(?<!\d)(\d{4})(?:[-_./]?)(0[1-9]|1[0-2])(?:[-_./]?(0[1-9]|[12]\d|3[01]))?(?!\d)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """A delivery and the local days that it covers, both included."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """What is known of a source's days.

    Every open day up to `complete_through` is complete; None where not even the first one is.
    `missing` days were expected and nothing came; `empty` ones hold no rows, and that is right.
    """

    complete_through: date | None
    missing: tuple[date, ...] = ()
    empty: tuple[date, ...] = ()
    closed_weekdays: tuple[int, ...] = ()


def days_in_name(name: str) -> tuple[date, date] | None:
    """The day or month that a file name tells, as first and last day.

    >>> days_in_name("invoices/2010-12.csv.gz")
    (datetime.date(2010, 12, 1), datetime.date(2010, 12, 31))
    >>> days_in_name("sales_20110105.csv")[0], days_in_name("sales.csv")
    (datetime.date(2011, 1, 5), None)
    """
    matches = list(_DATE_IN_NAME.finditer(name))
    if not matches:
        return None
    year, month, day = matches[-1].groups()
    try:
        first = date(int(year), int(month), int(day or 1))
    except ValueError:
        return None
    if day:
        return first, first
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return first, following - timedelta(days=1)


def closed_weekdays(days_with_rows: Collection[date]) -> tuple[int, ...]:
    """Weekdays (Monday is 0) that hardly ever have rows, though the source ran for weeks; or none.

    >>> closed_weekdays({date(2011, 1, 3) + timedelta(days=n) for n in range(60) if n % 7 != 5})
    (5,)
    """
    if not days_with_rows:
        return ()
    weeks = ((max(days_with_rows) - min(days_with_rows)).days + 1) // 7
    counts = Counter(day.weekday() for day in days_with_rows)
    # Two rows a week are no pattern: on a sparse source every weekday is empty at times.
    if weeks < _WEEKS_TO_LEARN or len(days_with_rows) < weeks * 3:
        return ()
    return tuple(
        weekday for weekday in range(7) if counts[weekday] * _RARE < weeks or not counts[weekday]
    )


def find_watermark(
    days_with_rows: Collection[date],
    deliveries: Sequence[Coverage],
    complete: Completeness,
    clock: Clock,
    *,
    closed: Collection[date] = (),
    marked: Iterable[date] = (),
) -> Watermark:
    """Judge every day from the first one known to yesterday; today is complete only by its marker.

    `file`: a day is complete when a delivery covers it, or a later delivery came (producers deliver
    in order). `time`: when `after` has passed since its end. `marker`: when its marker is there.
    """
    known = [*days_with_rows, *(each.first for each in deliveries)]
    if not known:
        return Watermark(complete_through=None)
    rows = frozenset(days_with_rows)
    weekdays = closed_weekdays(rows)
    open_days = _Open(frozenset(closed), frozenset(weekdays))
    covered = _covered(deliveries)
    today = local(clock.now, clock.zone).date()
    last = min(today, max([today - timedelta(days=1), *rows, *covered], default=today))
    done = _judge(complete, clock, deliveries, rows, frozenset(marked))
    through: date | None = None
    broken = False
    missing: list[date] = []
    empty: list[date] = []
    day = min(known)
    while day <= last:
        if day in rows or day in covered or not open_days.holds(day):
            if day not in rows:
                empty.append(day)
        elif done.expected(day):
            missing.append(day)
        complete_day = done.complete(day) or (not open_days.holds(day) and day < today)
        broken = broken or not complete_day
        through = through if broken else day
        day += timedelta(days=1)
    return Watermark(
        complete_through=through,
        missing=tuple(missing),
        empty=tuple(empty),
        closed_weekdays=weekdays,
    )


@dataclass(frozen=True, slots=True)
class _Open:
    dates: frozenset[date]
    weekdays: frozenset[int]

    def holds(self, day: date) -> bool:
        return day not in self.dates and day.weekday() not in self.weekdays


@dataclass(frozen=True, slots=True)
class _Judge:
    """By what a day is complete; `through` is the last day of the last delivery."""

    by: str
    clock: Clock
    after: timedelta
    through: date | None
    rows: frozenset[date]
    marked: frozenset[date]

    def complete(self, day: date) -> bool:
        """Whether everything of the day has come."""
        if self.by == "marker":
            return day in self.marked
        if self.by == "time":
            return self._has_passed(day)
        return self.through is not None and day <= self.through

    def expected(self, day: date) -> bool:
        """Whether something of the day ought to have come by now."""
        if self.by == "file" and self.through is not None and day < self.through:
            return True
        return self._has_passed(day)

    def _has_passed(self, day: date) -> bool:
        end = local_midnight(day + timedelta(days=1), self.clock.zone)
        return end + self.after <= self.clock.now


def _judge(
    complete: Completeness,
    clock: Clock,
    deliveries: Sequence[Coverage],
    rows: frozenset[date],
    marked: frozenset[date],
) -> _Judge:
    ends = [each.last for each in deliveries] or list(rows)
    return _Judge(
        by=complete.by,
        clock=clock,
        after=complete.after,
        through=max(ends, default=None),
        rows=rows,
        marked=marked,
    )


def _covered(deliveries: Sequence[Coverage]) -> frozenset[date]:
    return frozenset(
        each.first + timedelta(days=n)
        for each in deliveries
        for n in range((each.last - each.first).days + 1)
    )
