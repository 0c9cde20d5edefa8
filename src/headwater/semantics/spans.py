"""Two periods that may be compared: equally complete, and named as people say them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from headwater.clock import local
from headwater.errors import Issue, UsageError
from headwater.semantics.asking import Comparison
from headwater.semantics.periods import Period

_DAY: Final = timedelta(days=1)
_MONTHS: Final = ("January", "February", "March", "April", "May", "June", "July", "August",
                  "September", "October", "November", "December")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """A period and what it is held against; `is_cut`: only its complete days, and as many there."""

    now: Period
    base: Period
    comparison: Comparison
    is_cut: bool = False


def comparable(
    period: Period,
    comparison: Comparison,
    first_day: date,
    last_day: date,
    because: str = "",
) -> Spans:
    """The two periods, cut to what is complete: from `first_day` to `last_day`.

    A period that is not over is compared as far as it goes, with equally many days from the
    beginning of the other. `because` says why days end there, if it is not the data. Codes E950 (no
    complete day yet), E951 (nothing to compare with).

    >>> december = Period(first=date(2011, 12, 1), last=date(2011, 12, 31))
    >>> spans = comparable(december, "previous", date(2009, 12, 1), date(2011, 12, 9))
    >>> span_words(spans.now), span_words(spans.base), spans.is_cut
    ('1–9 December 2011', '1–9 November 2011', True)
    """
    if period.first > last_day:
        raise UsageError(
            Issue(
                code="E950",
                what=f"no day of {span_words(period)} is complete yet",
                fix=because or f"data reach until {day_words(last_day)}",
            )
        )
    base = period.year_ago() if comparison == "year_ago" else period.previous()
    if base.first < first_day:
        raise UsageError(
            Issue(
                code="E951",
                what=f"{span_words(base)} cannot be compared with: data begin on "
                f"{day_words(first_day)}",
                fix="ask a later period, or compare it with another one",
            )
        )
    now = replace(period, last=min(period.last, last_day))
    is_cut = now.last < period.last
    if is_cut:
        days = timedelta(days=now.length_days - 1)
        base = replace(base, last=min(base.last, base.first + days))
        now = replace(now, last=now.first + (base.last - base.first))  # of a longer month
    return Spans(now=now, base=base, comparison=comparison, is_cut=is_cut)


def span_words(period: Period) -> str:
    """A period as people say it.

    >>> words = lambda *days: span_words(Period(first=date(*days[0]), last=date(*days[-1])))
    >>> words((2011, 11, 1), (2011, 11, 30)), words((2011, 1, 1), (2011, 12, 31))
    ('November 2011', '2011')
    >>> words((2011, 10, 1), (2011, 12, 31)), words((2011, 12, 9))
    ('October–December 2011', '9 December 2011')
    >>> words((2011, 11, 28), (2011, 12, 4)), words((2010, 12, 1), (2011, 1, 31))
    ('28 November – 4 December 2011', 'December 2010 – January 2011')
    """
    first, last = period.first, period.last
    if first == last:
        return day_words(first)
    if period.whole_months:
        return _months(first, last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day_words(last)}"
    if first.year == last.year:
        return f"{first.day} {_MONTHS[first.month - 1]} – {day_words(last)}"
    return f"{day_words(first)} – {day_words(last)}"


def _months(first: date, last: date) -> str:
    begin, end = _MONTHS[first.month - 1], _MONTHS[last.month - 1]
    if first.year != last.year:
        whole = first.month == 1 and last.month == 12
        return f"{first.year}–{last.year}" if whole else f"{begin} {first.year} – {end} {last.year}"
    if (first.month, last.month) == (1, 12):
        return f"{first.year}"
    return f"{begin} {first.year}" if first.month == last.month else f"{begin}–{end} {last.year}"


def short_words(period: Period) -> str:
    """A period where there is little room.

    >>> short_words(Period(first=date(2011, 11, 1), last=date(2011, 11, 30)))
    'Nov 2011'
    >>> short_words(Period(first=date(2011, 11, 1), last=date(2011, 11, 9)))
    '1–9 Nov'
    """
    first, last = (f"{_MONTHS[d.month - 1][:3]} {d.year}" for d in (period.first, period.last))
    if period.whole_months == 12 and first.startswith("Jan"):
        return f"{period.first.year}"
    if period.whole_months:
        return first if first == last else f"{first} – {last}"
    if first == last and period.first != period.last:
        return f"{period.first.day}–{period.last.day} {last[:3]}"
    first, last = f"{period.first.day} {first[:3]}", f"{period.last.day} {last[:3]}"
    return first if first == last else f"{first} – {last}"


def day_words(day: date) -> str:
    """A day as people say it.

    >>> day_words(date(2011, 12, 9))
    '9 December 2011'
    """
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def until_words(until: datetime, zone: ZoneInfo) -> str:
    """Where data end: the last whole day, or the moment within a day.

    >>> london = ZoneInfo("Europe/London")
    >>> until_words(datetime(2011, 12, 10, tzinfo=london), london)
    '9 December 2011'
    >>> until_words(datetime(2011, 12, 9, 15, 30, tzinfo=london), london)
    '9 December 2011, 15:30'
    """
    end = local(until, zone)
    if end.time() == time():
        return day_words(end.date() - _DAY)
    return f"{day_words(end.date())}, {end:%H:%M}"


def open_words(period_last: date, until: date) -> str:
    """Why the number of a period can still move, until a day (`Answer.open_until`).

    >>> open_words(date(2011, 12, 31), date(2012, 1, 1))
    'the period, or its data, go on until 1 January 2012'
    >>> open_words(date(2011, 11, 30), date(2012, 2, 29))
    'events of the period may still convert, until 29 February 2012'
    """
    if until > period_last + _DAY:
        return f"events of the period may still convert, until {day_words(until)}"
    return f"the period, or its data, go on until {day_words(until)}"


def period_text(period: Period) -> str:
    """A period as a query asks it: `2011-11-01..2011-11-30`."""
    return f"{period.first.isoformat()}..{period.last.isoformat()}"


def joined(one: Period, other: Period) -> Period | None:
    """Both as one period, where they touch."""
    first, second = sorted((one, other), key=lambda each: each.first)
    return Period(first=first.first, last=second.last) if first.end == second.first else None
