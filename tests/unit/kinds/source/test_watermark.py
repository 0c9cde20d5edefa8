"""No sales on Saturday is not a missing file."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from headwater.clock import Clock
from headwater.kinds.source.definition import Completeness
from headwater.kinds.source.watermark import Coverage, Watermark, closed_weekdays, find_watermark

BY_FILE = Completeness(by="file")
MONDAY = date(2011, 10, 3)


def _day(n: int) -> date:
    return MONDAY + timedelta(days=n)


def _clock(text: str) -> Clock:
    return Clock.at(text, "Europe/London")


def _daily(days: list[date]) -> list[Coverage]:
    return [Coverage(name=f"{day}.csv", first=day, last=day) for day in days]


def _find(
    days: list[date], now: str, complete: Completeness = BY_FILE, **more: object
) -> Watermark:
    deliveries = more.pop("deliveries", _daily(days))
    return find_watermark(days, deliveries, complete, _clock(now), **more)  # type: ignore[arg-type]


OPEN = [_day(n) for n in range(60) if _day(n).weekday() != 5]


def test_a_weekday_without_rows_for_weeks_is_closed() -> None:
    assert closed_weekdays(OPEN) == (5,)
    assert closed_weekdays(OPEN[:10]) == ()
    assert closed_weekdays([_day(7 * n) for n in range(20)]) == ()


def test_saturdays_are_empty_and_a_gap_is_missing() -> None:
    gap = _day(9)
    found = _find([day for day in OPEN if day != gap], f"{_day(60)} 09:00")
    assert found.missing == (gap,)
    assert all(day.weekday() == 5 for day in found.empty)
    assert found.complete_through == _day(59)


def test_a_later_delivery_completes_earlier_days() -> None:
    found = _find([_day(0), _day(2)], f"{_day(2)} 12:00")
    assert (found.complete_through, found.missing) == (_day(2), (_day(1),))


def test_yesterday_is_missing_only_when_it_is_due() -> None:
    days = [_day(0), _day(1)]
    waiting = Completeness(by="file", after=timedelta(hours=12))
    assert _find(days, f"{_day(3)} 09:00", waiting).missing == ()
    assert _find(days, f"{_day(3)} 13:00", waiting).missing == (_day(2),)


def test_a_delivery_without_rows_of_a_day_says_that_it_is_empty() -> None:
    month = [Coverage(name="2011-10.csv", first=date(2011, 10, 1), last=date(2011, 10, 31))]
    found = _find([date(2011, 10, 3)], "2011-11-01 08:00", deliveries=month)
    assert found.missing == ()
    assert len(found.empty) == 30
    assert found.complete_through == date(2011, 10, 31)


def test_declared_closed_days_are_not_missing() -> None:
    found = _find([_day(0), _day(2)], f"{_day(3)} 00:00", closed=[_day(1)])
    assert (found.missing, found.empty) == ((), (_day(1),))


def test_by_time() -> None:
    after = Completeness(by="time", after=timedelta(hours=6))
    days = [_day(0), _day(1)]
    assert _find(days, f"{_day(2)} 05:00", after).complete_through == _day(0)
    found = _find(days, f"{_day(3)} 07:00", after)
    assert (found.complete_through, found.missing) == (_day(2), (_day(2),))


def test_by_marker() -> None:
    marker = Completeness(by="marker", marker="done/{date}.ok")
    days = [_day(0), _day(1), _day(2)]
    found = _find(days, f"{_day(3)} 07:00", marker, marked=[_day(0), _day(2)])
    assert found.complete_through == _day(0)


def test_nothing_is_known_of_nothing() -> None:
    assert _find([], "2011-10-03 00:00") == Watermark(complete_through=None)


@given(st.sets(st.integers(0, 80), min_size=1), st.integers(0, 5))
def test_every_day_is_full_empty_or_missing_and_never_two(days: set[int], late: int) -> None:
    rows = [_day(n) for n in days]
    found = _find(rows, f"{max(rows) + timedelta(days=1 + late)} 00:00")
    sets = [set(rows), set(found.missing), set(found.empty)]
    assert sum(map(len, sets)) == len(set.union(*sets))
    span = (max(rows) - min(rows)).days + 1
    assert sum(min(rows) <= day <= max(rows) for day in set.union(*sets)) == span
