"""Time as an argument: the clock of a command, days in the project's time zone, durations.

A time without a zone in the data is local time of the project; a data interval is in UTC. Both are
converted here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from headwater.ids import MAX_TIME, MIN_TIME, DataInterval

_DURATION = re.compile(r"(\d+)\s*(mo|min|ms|[smhdwy])\Z")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


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
