"""Days in time zones whose clocks change: every instant lies in exactly one day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.clock import (
    Clock,
    Grain,
    Periods,
    count_days,
    day_interval,
    days_of,
    local,
    local_midnight,
    parse_duration,
    parse_instant,
    widen,
)
from headwater.ids import ALL_TIME, DataInterval

LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
#: In Havana, as in Santiago, clocks go forward at midnight: those days begin at one o'clock.
HAVANA = ZoneInfo("America/Havana")

zones = st.sampled_from((LONDON, NEW_YORK, HAVANA, ZoneInfo("Asia/Kathmandu")))
days = st.dates(date(2009, 1, 1), date(2026, 12, 31))
instants = st.integers(0, 18 * 365 * 86_400).map(
    lambda seconds: datetime(2009, 1, 2, tzinfo=UTC) + timedelta(seconds=seconds)
)


@given(days, zones)
def test_days_meet_and_do_not_overlap(day: date, zone: ZoneInfo) -> None:
    today = day_interval(day, day, zone)
    tomorrow = day_interval(day + timedelta(days=1), day + timedelta(days=1), zone)
    assert today.end == tomorrow.start
    assert timedelta(hours=23) <= today.end - today.start <= timedelta(hours=25)


@given(instants, zones)
def test_an_instant_lies_in_its_local_day(instant: datetime, zone: ZoneInfo) -> None:
    day = local(instant, zone).date()
    interval = day_interval(day, day, zone)
    assert interval.start <= instant < interval.end
    assert local(instant, zone).tzinfo is None


@given(days, st.integers(0, 40), zones)
def test_the_days_of_an_interval(first: date, more: int, zone: ZoneInfo) -> None:
    last = first + timedelta(days=more)
    interval = day_interval(first, last, zone)
    found = list(days_of(interval, zone))
    assert found == [first + timedelta(days=n) for n in range(more + 1)]
    assert count_days(interval, zone) == more + 1


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (LONDON, date(2024, 3, 31), 23),
        (LONDON, date(2024, 10, 27), 25),
        (LONDON, date(2024, 6, 1), 24),
        (NEW_YORK, date(2024, 3, 10), 23),
        (NEW_YORK, date(2024, 11, 3), 25),
        (HAVANA, date(2024, 3, 10), 23),
    ],
)
def test_days_on_which_clocks_change(zone: ZoneInfo, day: date, hours: int) -> None:
    interval = day_interval(day, day, zone)
    assert interval.end - interval.start == timedelta(hours=hours)
    assert list(days_of(interval, zone)) == [day]


@given(days, st.integers(0, 9), st.integers(0, 9), zones)
def test_windows_of_days_are_local_days(day: date, before: int, after: int, zone: ZoneInfo) -> None:
    window = widen(
        day_interval(day, day, zone), timedelta(days=before), timedelta(days=after), zone
    )
    assert window == day_interval(day - timedelta(days=before), day + timedelta(days=after), zone)


def test_windows_of_hours_are_time_that_passes() -> None:
    change = day_interval(date(2024, 3, 31), date(2024, 3, 31), LONDON)
    wider = widen(change, timedelta(minutes=30), timedelta(hours=2), LONDON)
    assert change.start - wider.start == timedelta(minutes=30)
    assert wider.end - change.end == timedelta(hours=2)


def test_windows_stop_at_the_ends_of_the_calendar() -> None:
    far = timedelta(days=9_999_999)
    assert widen(ALL_TIME, timedelta(days=3), timedelta(days=3), LONDON) == ALL_TIME
    assert widen(day_interval(date(2024, 3, 1), date(2024, 3, 1), LONDON), far, far, LONDON) == (
        ALL_TIME
    )


def test_midnight_is_local() -> None:
    assert local_midnight(date(2024, 7, 1), LONDON) == datetime(2024, 6, 30, 23, tzinfo=UTC)
    assert local_midnight(date(2024, 1, 1), NEW_YORK) == datetime(2024, 1, 1, 5, tzinfo=UTC)


def test_a_time_without_a_zone_is_local() -> None:
    assert parse_instant("2024-07-01T09:00", LONDON) == datetime(2024, 7, 1, 8, tzinfo=UTC)
    assert parse_instant("2024-07-01T09:00+00:00", LONDON).hour == 9
    # Of the hour that comes twice the first is meant; the hour that never was moves on.
    assert parse_instant("2024-10-27T01:30", LONDON) == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    assert parse_instant("2024-03-31T01:30", LONDON) == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="yesterday"):
        parse_instant("yesterday", LONDON)


def test_a_fixed_clock_and_the_machines() -> None:
    assert Clock.at("2011-12-10", "Europe/London").now == datetime(2011, 12, 10, tzinfo=UTC)
    before = datetime.now(UTC)
    assert before <= Clock.at(None, "America/New_York").now <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("30min", 1800),
        ("36h", 129_600),
        ("28d", 28 * 86_400),
        ("2w", 14 * 86_400),
        ("6mo", 180 * 86_400),
        ("1y", 365 * 86_400),
        (" 3 d ", 3 * 86_400),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "3", "d", "3 fortnights", "-3d", "3d2h", "1.5d"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)


periods = st.builds(
    Periods, st.sampled_from(get_args(Grain)), st.integers(0, 6), st.integers(1, 12)
)


@given(days, periods)
def test_periods_meet_and_hold_their_days(day: date, cut: Periods) -> None:
    first = cut.begin(day)
    after = cut.after(first)
    assert first <= day < after
    assert cut.begin(first) == first
    assert cut.begin(after) == after
    assert cut.begin(after - timedelta(days=1)) == first


@given(days, st.integers(0, 400), periods, zones)
def test_whole_periods_are_the_least_that_hold_a_span(
    day: date, length: int, cut: Periods, zone: ZoneInfo
) -> None:
    span = day_interval(day, day + timedelta(days=length), zone)
    whole = cut.whole(span, zone)
    pieces = list(cut.cut(whole, zone))
    assert whole.contains(span)
    assert cut.whole(whole, zone) == whole
    assert (pieces[0].start, pieces[-1].end) == (whole.start, whole.end)
    assert all(piece.overlaps(span) for piece in pieces)


def test_weeks_and_fiscal_years_begin_where_the_settings_say() -> None:
    assert Periods("week").begin(date(2024, 3, 10)) == date(2024, 3, 4)
    assert Periods("week", week_starts=6).begin(date(2024, 3, 10)) == date(2024, 3, 10)
    april = Periods("fiscal_year", fiscal_year_starts=4)
    assert april.begin(date(2024, 3, 31)) == date(2023, 4, 1)
    assert april.after(date(2023, 4, 1)) == date(2024, 4, 1)
    assert Periods("fiscal_quarter", fiscal_year_starts=2).begin(date(2024, 1, 9)) == date(
        2023, 11, 1
    )


def test_periods_at_the_ends_of_the_calendar_stay_in_it() -> None:
    for grain in get_args(Grain):
        cut = Periods(grain, week_starts=3)
        assert cut.whole(ALL_TIME, LONDON) == ALL_TIME
        last = DataInterval(local_midnight(date(9999, 12, 30), LONDON), ALL_TIME.end)
        assert list(cut.cut(last, LONDON))[-1].end == ALL_TIME.end
        assert cut.begin(date(1, 1, 1)) == date(1, 1, 1)
