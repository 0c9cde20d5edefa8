"""Time as an argument: the clock of a command, days in the project's time zone, durations.

A time without a zone in the data is local time of the project; a data interval is in UTC. Both are
converted here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from headwater.ids import MAX_TIME, MIN_TIME, DataInterval

_DURATION = re.compile(r"(\d+)\s*(mo|min|ms|[smhdwy])\Z")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}

#: Lengths of periods, from the shortest; fiscal ones begin where `headwater.yml` says.
Grain = Literal["hour", "day", "week", "month", "quarter", "year", "fiscal_quarter", "fiscal_year"]
_MONTHS = {"month": 1, "quarter": 3, "year": 12, "fiscal_quarter": 3, "fiscal_year": 12}


@dataclass(frozen=True, slots=True)
class Clock:
    """The instant at which a command counts itself to happen, and where days begin."""

    now: datetime
    zone: ZoneInfo

    @classmethod
    def at(cls, text: str | None, zone_name: str) -> Clock:
        """A fixed clock from ISO text (local where it names no zone), or the machine's clock."""
        zone = ZoneInfo(zone_name)
        if text is None:
            return cls(datetime.now(UTC), zone)
        return cls(parse_instant(text, zone), zone)


def parse_instant(text: str, zone: ZoneInfo) -> datetime:
    """ISO date or time as an instant in UTC; raises `ValueError`."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=zone)
    return parsed.astimezone(UTC)


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which `day` begins in `zone`."""
    return datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC)


def local(instant: datetime, zone: ZoneInfo) -> datetime:
    """The instant as wall-clock time of `zone`, without a zone."""
    return instant.astimezone(zone).replace(tzinfo=None)


def wall_clock(bound: datetime, zone: ZoneInfo) -> datetime:
    """An interval's bound as wall-clock time; the bound that begins a local day is its midnight.

    Where the clock skips midnight (São Paulo until 2018), the day begins at 01:00, and 00:30 of
    that day, which nobody saw, still belongs to it.
    """
    naive = local(bound, zone)
    if local_midnight(naive.date(), zone) == bound:
        return datetime.combine(naive.date(), time(0))
    return naive


def day_interval(first: date, last: date, zone: ZoneInfo) -> DataInterval:
    """From the beginning of `first` to the end of `last`, last day included."""
    return DataInterval(local_midnight(first, zone), local_midnight(last + timedelta(days=1), zone))


def days_of(interval: DataInterval, zone: ZoneInfo) -> Iterator[date]:
    """Every local day that the interval touches, in order."""
    day = local(interval.start, zone).date()
    while local_midnight(day, zone) < interval.end:
        yield day
        day += timedelta(days=1)


def count_days(interval: DataInterval, zone: ZoneInfo) -> int:
    """How many local days the interval touches."""
    first = local(interval.start, zone).date()
    last = local(interval.end - timedelta(microseconds=1), zone).date()
    return (last - first).days + 1


@dataclass(frozen=True, slots=True)
class Periods:
    """Time cut into periods of one length: where they begin.

    `week_starts` counts from 0 for Monday, `fiscal_year_starts` is a month.

    >>> Periods("fiscal_quarter", fiscal_year_starts=2).begin(date(2012, 1, 31))
    datetime.date(2011, 11, 1)
    """

    grain: Grain
    week_starts: int = 0
    fiscal_year_starts: int = 1

    def begin(self, day: date) -> date:
        """The first day of the period in which a day lies; a day begins what is shorter."""
        if self.grain == "week":
            return day - timedelta(
                days=min((day.weekday() - self.week_starts) % 7, day.toordinal() - 1)
            )
        if self.grain not in _MONTHS:
            return day
        month = day.year * 12 + day.month - 1
        offset = self.fiscal_year_starts - 1 if self.grain.startswith("fiscal") else 0
        return _month(month - (month - offset) % _MONTHS[self.grain])

    def after(self, first: date) -> date:
        """The first day of the period that follows the one that begins on `first`."""
        if self.grain in _MONTHS:
            return _month(first.year * 12 + first.month - 1 + _MONTHS[self.grain])
        days = 7 if self.grain == "week" else 1
        return date.fromordinal(min(first.toordinal() + days, date.max.toordinal()))

    def whole(self, interval: DataInterval, zone: ZoneInfo) -> DataInterval:
        """The span of all periods that an interval touches."""
        start, end = interval.start, interval.end
        if start != MIN_TIME:
            start = local_midnight(self.begin(local(start, zone).date()), zone)
        if end != MAX_TIME:
            last = self.begin(local(end - timedelta(microseconds=1), zone).date())
            end = min(local_midnight(self.after(last), zone), MAX_TIME)
        return DataInterval(start, end)

    def cut(self, interval: DataInterval, zone: ZoneInfo) -> Iterator[DataInterval]:
        """The interval's periods in order; the first and the last are whole only if it is."""
        start = interval.start
        while start < interval.end:
            first = self.begin(local(start, zone).date())
            end = min(local_midnight(self.after(first), zone), interval.end)
            yield DataInterval(start, end)
            start = end


def _month(number: int) -> date:
    """The first day of a month, counted from that of the year 0; the calendar ends in 9999."""
    year, month = divmod(number, 12)
    return date(year, month + 1, 1) if year <= date.max.year else date.max


def widen(
    interval: DataInterval, before: timedelta, after: timedelta, zone: ZoneInfo
) -> DataInterval:
    """The span that also reads so far before and after; whole days are local ones.

    A day on which clocks change has 23 or 25 hours, and still counts as one.

    >>> london = ZoneInfo("Europe/London")
    >>> november = day_interval(date(2011, 11, 1), date(2011, 11, 1), london)
    >>> str(local(widen(november, timedelta(days=2), timedelta(0), london).start, london))
    '2011-10-30 00:00:00'
    """
    return DataInterval(_shift(interval.start, -before, zone), _shift(interval.end, after, zone))


def _shift(instant: datetime, by: timedelta, zone: ZoneInfo) -> datetime:
    if instant in (MIN_TIME, MAX_TIME):
        return instant
    days = timedelta(days=abs(by) // timedelta(days=1)) * (1 if by >= timedelta(0) else -1)
    try:
        moved = (local(instant, zone) + days).replace(tzinfo=zone).astimezone(UTC) + (by - days)
    except OverflowError:
        return MIN_TIME if by < timedelta(0) else MAX_TIME
    return min(max(moved, MIN_TIME), MAX_TIME)


def parse_duration(text: str) -> timedelta:
    """A duration such as `30m`, `36h`, `28d`, `2w`; months and years count 30 and 365 days.

    >>> parse_duration("2w").days
    14
    """
    match = _DURATION.match(text.strip())
    if match is None:
        raise ValueError(f"`{text}` is no duration; write `30m`, `36h`, `28d`, `2w` or `6mo`")
    amount, unit = int(match[1]), match[2]
    if unit == "mo":
        return timedelta(days=30 * amount)
    if unit == "y":
        return timedelta(days=365 * amount)
    if unit == "ms":
        return timedelta(milliseconds=amount)
    return timedelta(seconds=amount * _SECONDS[unit])
