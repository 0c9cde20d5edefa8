"""Whether a source is as fresh as it promises; pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from headwater.clock import Clock, local, local_midnight
from headwater.kinds.source.definition import Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshnessResult:
    """How old a source is. `age` leaves closed days out; `due` is when it becomes an error.

    `due` is the instant of the warning where there is no limit of error, None without any limit.
    """

    status: Literal["pass", "warn", "error"]
    age: timedelta | None
    due: datetime | None
    text: str


def judge_freshness(
    newest: datetime | None,
    complete_through: date | None,
    freshness: Freshness,
    clock: Clock,
    closed: Collection[date] = (),
    closed_weekdays: Collection[int] = (),
) -> FreshnessResult:
    """Judge the newest event time (aware), or the end of the last complete day if that is later.

    A complete day without rows is fresh: nothing happened on it, and that is known. Days that are
    closed, by date or by weekday (Monday is 0), do not age a source.

    >>> clock = Clock.at("2011-12-12 09:00", "Europe/London")   # a Monday
    >>> friday = datetime.fromisoformat("2011-12-09T17:00:00+00:00")
    >>> limits = Freshness(warn_after=timedelta(days=1), error_after=timedelta(days=2))
    >>> judge_freshness(friday, None, limits, clock).status
    'error'
    >>> judge_freshness(friday, None, limits, clock, closed_weekdays=(5, 6)).text
    'newest row 2011-12-09 17:00, 16 h ago (2 closed days left out)'
    """
    known = _known_until(newest, complete_through, clock.zone)
    if known is None:
        limited = freshness.warn_after is not None or freshness.error_after is not None
        status: Literal["pass", "warn", "error"] = "error" if limited else "pass"
        return FreshnessResult(status=status, age=None, due=None, text="no rows yet")
    days = _Closed(frozenset(closed), frozenset(closed_weekdays), clock.zone)
    left_out = days.time_within(known, clock.now)
    age = max(clock.now - known - left_out, timedelta(0))
    limit = freshness.error_after or freshness.warn_after
    due = None if limit is None else days.after(known, limit)
    return FreshnessResult(
        status=_status(age, freshness),
        age=age,
        due=due,
        text=_text(newest, complete_through, age, left_out, clock.zone),
    )


def _known_until(
    newest: datetime | None, complete_through: date | None, zone: ZoneInfo
) -> datetime | None:
    ends = [] if newest is None else [newest]
    if complete_through is not None:
        ends.append(local_midnight(complete_through + timedelta(days=1), zone))
    return max(ends, default=None)


def _status(age: timedelta, freshness: Freshness) -> Literal["pass", "warn", "error"]:
    if freshness.error_after is not None and age > freshness.error_after:
        return "error"
    if freshness.warn_after is not None and age > freshness.warn_after:
        return "warn"
    return "pass"


@dataclass(frozen=True, slots=True)
class _Closed:
    """Days that do not count."""

    dates: frozenset[date]
    weekdays: frozenset[int]
    zone: ZoneInfo

    def holds(self, day: date) -> bool:
        return day in self.dates or day.weekday() in self.weekdays

    def time_within(self, start: datetime, end: datetime) -> timedelta:
        """How much of the span lies in closed days."""
        found = timedelta(0)
        day = local(start, self.zone).date()
        while (begin := local_midnight(day, self.zone)) < end:
            if self.holds(day):
                over = local_midnight(day + timedelta(days=1), self.zone)
                found += min(over, end) - max(begin, start)
            day += timedelta(days=1)
        return found

    def after(self, start: datetime, limit: timedelta) -> datetime:
        """The instant at which `limit` of open time has passed since `start`."""
        due = start + limit
        while due < (extended := start + limit + self.time_within(start, due)):
            due = extended
            if due - start > limit + timedelta(days=366):  # every day is closed
                break
        return due


def _text(
    newest: datetime | None,
    complete_through: date | None,
    age: timedelta,
    left_out: timedelta,
    zone: ZoneInfo,
) -> str:
    known = _known_until(newest, complete_through, zone)
    if known != newest:
        since = f"complete through {complete_through}"
    else:
        assert newest is not None
        since = f"newest row {local(newest, zone):%Y-%m-%d %H:%M}"
    days = round(left_out / timedelta(days=1))
    closed = f" ({days} closed day{'s' * (days != 1)} left out)" if days else ""
    return f"{since}, {_span(age)} ago{closed}"


def _span(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    if hours >= 48:
        return f"{hours // 24} days"
    if hours >= 1:
        return f"{hours} h"
    return f"{int(age.total_seconds() // 60)} min"
