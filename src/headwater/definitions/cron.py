"""Times that come again, in the five fields of cron: `0 6 * * 1-5` is six o'clock on weekdays.

The clock is the project's. When clocks go forward, a time that is leapt over runs as much later as
they went; when they go back, a time that comes twice runs the first time. What runs in every hour
goes by real hours instead: none is leapt over, and both of a double hour count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from headwater.clock import local
from headwater.definitions.fields import FieldType, Names, Schema
from headwater.definitions.yamltext import Located
from headwater.errors import Issue

_NAMED: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun",
                  "jul", "aug", "sep", "oct", "nov", "dec")  # fmt: skip
_WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONGEST: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PART: Final = re.compile(r"(?P<first>\*|\w+)(-(?P<last>\w+))?(/(?P<step>\d+))?\Z")
#: Days between two 29 February on one weekday, over a century without a leap day.
_FARTHEST: Final = 366 * 41


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule as written, and what its fields allow; Sunday is 0.

    >>> london = ZoneInfo("Europe/London")
    >>> friday = datetime(2024, 3, 29, 7, tzinfo=UTC)
    >>> [f"{t:%a %d %H:%M}" for t in Cron.parse("0 7 * * 1-5").after(friday, london, 2)]
    ['Mon 01 06:00', 'Tue 02 06:00']
    """

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool  # day and weekday are both given: one of them is enough, as in cron

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Read five fields, or a word such as `@daily`; raises `ValueError`."""
        fields = _NAMED.get(text.strip(), text).split()
        if len(fields) != 5:
            raise ValueError(
                f"a schedule has five fields (minute, hour, day, month, weekday), not {len(fields)}"
            )
        minute, hour, day, month, weekday = fields
        days = _values(day, "day", 1, 31)
        weekdays = frozenset(n % 7 for n in _values(weekday, "weekday", 0, 7, _WEEKDAYS))
        months = _values(month, "month", 1, 12, _MONTHS, base=1)
        either = not day.startswith("*") and not weekday.startswith("*")
        if not either and all(min(days) > _LONGEST[number - 1] for number in months):
            raise ValueError(f"no month of `{month}` has a day {min(days)}")
        return cls(
            text=text.strip(),
            minutes=_values(minute, "minute", 0, 59),
            hours=_values(hour, "hour", 0, 23),
            days=days,
            months=months,
            weekdays=weekdays,
            either_day=either,
        )

    def after(self, instant: datetime, zone: ZoneInfo, limit: int = 1) -> tuple[datetime, ...]:
        """The next times after an instant, in UTC."""
        first = local(instant, zone).date() - timedelta(days=1)
        times = (t for t in self._times(first, 1, zone) if t > instant)
        return tuple(islice(times, limit))

    def latest(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """The last time that is not after an instant, in UTC."""
        first = local(instant, zone).date() + timedelta(days=1)
        return next(t for t in self._times(first, -1, zone) if t <= instant)

    def _times(self, first: date, step: int, zone: ZoneInfo) -> Iterator[datetime]:
        """All times of the days from `first` on, forwards or backwards."""
        for offset in range(_FARTHEST):
            day = first + timedelta(days=step * offset)
            if self._has(day):
                yield from sorted(self._times_of(day, zone), reverse=step < 0)

    def _has(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return (by_day or by_weekday) if self.either_day else (by_day and by_weekday)

    def _times_of(self, day: date, zone: ZoneInfo) -> set[datetime]:
        walls = [datetime.combine(day, time(h, m)) for h in self.hours for m in self.minutes]
        if len(self.hours) < 24:
            return {wall.replace(tzinfo=zone).astimezone(UTC) for wall in walls}
        instants = (
            (wall, wall.replace(tzinfo=zone, fold=fold).astimezone(UTC))
            for wall in walls
            for fold in (0, 1)
        )
        return {instant for wall, instant in instants if local(instant, zone) == wall}


class Schedule(FieldType):
    """A schedule in cron's five fields, kept as it is written."""

    def _expected(self) -> str:
        return "a schedule such as `0 6 * * *`: minute, hour, day, month, weekday"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if not isinstance(located.value, str):
            return self.refuse(located, issues, "put it in quotes")
        try:
            return Cron.parse(located.value).text
        except ValueError as error:
            return self.refuse(located, issues, str(error))

    def _schema(self, _names: Names) -> Schema:
        return {"type": "string", "examples": ["0 6 * * *", "0 7 1 * *", *_NAMED]}


def _values(
    text: str, field: str, lowest: int, highest: int, names: tuple[str, ...] = (), base: int = 0
) -> frozenset[int]:
    """The numbers that a field allows: `*`, `1-5`, `*/15`, `mon,wed`."""
    known = {name: number for number, name in reversed([*enumerate(names, base)])}
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.match(part)
        if match is None:
            raise ValueError(f"`{part}` is no {field}")
        first = lowest if match["first"] == "*" else _number(match["first"], field, known)
        last = first
        if match["last"]:
            last = _number(match["last"], field, known)
        elif match["first"] == "*" or match["step"]:
            last = highest
        step = int(match["step"] or 1)
        if not lowest <= first <= last <= highest or step == 0:
            raise ValueError(f"`{part}` is no {field}: they go from {lowest} to {highest}")
        found.update(range(first, last + 1, step))
    return frozenset(found)


def _number(text: str, field: str, known: Mapping[str, int]) -> int:
    number = known.get(text.lower()[:3]) if text.isalpha() else None
    if number is None and not text.isdecimal():
        raise ValueError(f"`{text}` is no {field}")
    return number if number is not None else int(text)
