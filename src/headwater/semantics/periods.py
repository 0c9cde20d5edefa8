"""Periods as people write them: `2011-11`, `2011-11-01..2011-11-09`, `last 30 days`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from headwater.clock import Clock, Grain, day_interval, local
from headwater.errors import Issue, UsageError
from headwater.ids import DataInterval
from headwater.semantics.calendar import PLAIN, add_months, start_of, step_from
from headwater.semantics.catalog import Calendar

_DAY = timedelta(days=1)
_MOST = 100_000  # days, weeks, …: more would leave the calendar
_POINT = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z")
_WEEK = re.compile(r"(\d{4})-W(\d{1,2})\Z", re.IGNORECASE)
_QUARTER = re.compile(r"(\d{4})-Q([1-4])\Z", re.IGNORECASE)
_FISCAL = re.compile(r"FY(\d{4})(?:/(\d{2}))?\Z", re.IGNORECASE)
_LAST = re.compile(r"last\s+(\d+)\s+(day|week|month|quarter|year)s?\Z", re.IGNORECASE)
_UNIT = r"(day|week|month|quarter|year|fiscal quarter|fiscal year)"
_NAMED = re.compile(rf"(previous|this)\s+{_UNIT}\Z", re.IGNORECASE)
_TO_DATE = re.compile(rf"{_UNIT}\s+to\s+date\Z", re.IGNORECASE)
_SINGLE = re.compile(r"(today|yesterday)\Z", re.IGNORECASE)
_MONTHS = {"month": 1, "quarter": 3, "year": 12, "fiscal_quarter": 3, "fiscal_year": 12}
_DAYS = {"day": 1, "week": 7}
_SHAPES = (
    "write `2011-11`, `2011-Q4`, `2011-W45`, `2011-11-01..2011-11-09`, `last 30 days`,"
    " `previous month`, `this year` or `year to date`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Local days, the last one included, and the text that named them.

    `months` and `days` say how far back the period before lies, where the text said so: the first
    nine days of December are compared with the first nine of November.
    """

    first: date
    last: date
    text: str = ""
    months: int = 0
    days: int = 0

    @property
    def end(self) -> date:
        """The first day after it."""
        return self.last + _DAY

    @property
    def length_days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def whole_months(self) -> int:
        """How many whole calendar months it is; 0 where it is cut otherwise."""
        if self.first.day != 1 or self.end.day != 1:
            return 0
        return (self.end.year - self.first.year) * 12 + self.end.month - self.first.month

    def interval(self, clock: Clock) -> DataInterval:
        """The instants of its days in the clock's zone."""
        return day_interval(self.first, self.last, clock.zone)

    def previous(self) -> Period:
        """As long a period right before: months before whole months, days before days.

        >>> before = Period(first=date(2011, 1, 1), last=date(2011, 11, 30)).previous()
        >>> print(before.first, before.last)
        2010-02-01 2010-12-31
        """
        months = self.months or (0 if self.days else self.whole_months)
        if months:
            return self._back(months)
        return self._days_back(self.days or self.length_days)

    def year_ago(self) -> Period:
        """The same months or days one year earlier; whole weeks lie 52 weeks back.

        29 February is compared with 28 February.

        >>> print(Period(first=date(2012, 2, 29), last=date(2012, 2, 29)).year_ago().first)
        2011-02-28
        """
        if self.first.weekday() == 0 and self.length_days % 7 == 0 and not self.whole_months:
            return self._days_back(364)
        return self._back(12)

    def _back(self, months: int) -> Period:
        try:
            last = add_months(self.end, -months) - _DAY
            if not self.whole_months:
                last = add_months(self.last, -months)
            return Period(first=add_months(self.first, -months), last=last)
        except (OverflowError, ValueError):
            raise _no_period(self.text, "has no period before it") from None

    def _days_back(self, days: int) -> Period:
        try:
            moved = timedelta(days=days)
            return Period(first=self.first - moved, last=self.last - moved)
        except OverflowError:
            raise _no_period(self.text, "has no period before it") from None


def parse_period(text: str, clock: Clock) -> DataInterval:
    """The days that a period names, the last one included. Raises UsageError (E807).

    >>> interval = parse_period("2011-11", Clock.at("2011-12-10", "UTC"))
    >>> f"{interval.start:%Y-%m-%d} {interval.end:%Y-%m-%d}"
    '2011-11-01 2011-12-01'
    """
    return read_period(text, local(clock.now, clock.zone).date()).interval(clock)


def read_period(text: str, today: date, calendar: Calendar = PLAIN) -> Period:
    """The period that a text names. Raises UsageError (E807).

    What counts back from today ends yesterday, with the last whole day; only `this …` includes
    today.

    >>> period = read_period("last 90 days", date(2011, 12, 10))
    >>> print(period.first, period.last, period.previous().first)
    2011-09-11 2011-12-09 2011-06-13
    """
    stripped = " ".join(text.split())
    try:
        found = _relative(stripped, today, calendar) or _written(stripped, calendar)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise _no_period(text, "is no period", _SHAPES)
    if found.first > found.last:
        what = f"the period `{text}` ends before it begins"
        raise UsageError(Issue(code="E807", what=what, fix="the earlier day comes first"))
    if found.first.year < 2 or found.last.year > 9998:
        raise _no_period(text, "is outside of the calendar", _SHAPES)
    return found


def _no_period(text: str, what: str, fix: str = "") -> UsageError:
    shown = text if len(text) <= 80 else text[:77] + "…"
    return UsageError(Issue(code="E807", what=f"`{shown}` {what}", fix=fix))


def _written(text: str, calendar: Calendar) -> Period | None:
    first, dots, last = text.partition("..")
    begin = _point(first.strip(), calendar)
    end = _point(last.strip(), calendar) if dots else begin
    if begin is None or end is None:
        return None
    return Period(first=begin[0], last=end[1], text=text)


def _point(text: str, calendar: Calendar) -> tuple[date, date] | None:
    """First and last day of a year, quarter, month, week or day; `ValueError` if there is none."""
    if match := _POINT.match(text):
        year, month, day = int(match[1]), match[2], match[3]
        if day is not None:
            only = date(year, int(month), int(day))
            return only, only
        if month is not None:
            return _through("month", date(year, int(month), 1), calendar)
        return _through("year", date(year, 1, 1), calendar)
    if match := _QUARTER.match(text):
        return _through("quarter", date(int(match[1]), int(match[2]) * 3 - 2, 1), calendar)
    if match := _WEEK.match(text):
        first = date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return first, first + 6 * _DAY
    if match := _FISCAL.match(text):
        year = int(match[1])
        if match[2] is not None and int(match[2]) != (year + 1) % 100:
            return None
        first = date(year, calendar.fiscal_year_starts, 1)
        return _through("fiscal_year", first, calendar)
    return None


def _through(grain: Grain, first: date, calendar: Calendar) -> tuple[date, date]:
    return first, step_from(first, grain) - _DAY


def _relative(text: str, today: date, calendar: Calendar) -> Period | None:
    if match := _LAST.match(text):
        return _last(int(match[1]), match[2].lower(), today, text)
    if match := _SINGLE.match(text):
        day = today if match[1].lower() == "today" else today - _DAY
        return Period(first=day, last=day, text=text)
    if match := _NAMED.match(text):
        grain = _grain(match[2])
        first = start_of(today, grain, calendar)
        if match[1].lower() == "this":
            return _dated(grain, first, today, text)
        before = start_of(first - _DAY, grain, calendar)
        return _dated(grain, before, first - _DAY, text)
    if match := _TO_DATE.match(text):
        grain = _grain(match[1])
        first = start_of(today, grain, calendar)
        return _dated(grain, first, max(first, today - _DAY), text)
    return None


def _grain(text: str) -> Grain:
    grain: Grain = text.lower().replace(" ", "_")  # type: ignore[assignment]  # of `_UNIT`
    return grain


def _dated(grain: Grain, first: date, last: date, text: str) -> Period:
    """A period of which the one before lies one grain back."""
    months, days = _MONTHS.get(grain, 0), _DAYS.get(grain, 0)
    return Period(first=first, last=last, text=text, months=months, days=days)


def _last(count: int, unit: str, today: date, text: str) -> Period | None:
    if not 1 <= count <= _MOST:
        return None
    yesterday = today - _DAY
    if unit in _DAYS:
        return Period(first=today - timedelta(days=count * _DAYS[unit]), last=yesterday, text=text)
    months = count * _MONTHS[unit]
    return Period(first=add_months(today, -months), last=yesterday, text=text, months=months)
