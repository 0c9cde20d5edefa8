"""Schedules: what the fields mean, and when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.clock import local
from headwater.definitions.cron import Cron, Schedule
from headwater.definitions.yamltext import read_yaml
from headwater.errors import Issue

MOMENTS = st.datetimes(datetime.fromisoformat("2023-01-01"), datetime.fromisoformat("2026-01-01"))
LONDON = ZoneInfo("Europe/London")
ZONES = ("UTC", "Europe/London", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")


def walls(text: str, start: str, number: int = 3, zone: ZoneInfo = LONDON) -> list[str]:
    """The next times by the wall clock, with the zone's abbreviation."""
    begin = datetime.fromisoformat(start).replace(tzinfo=zone)
    return [
        f"{t.astimezone(zone):%Y-%m-%d %a %H:%M %Z}"
        for t in Cron.parse(text).after(begin.astimezone(UTC), zone, number)
    ]


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        ("0 6 * * *", "2024-01-01T06:00", ["2024-01-02 Tue 06:00 GMT", "2024-01-03 Wed 06:00 GMT"]),
        ("0 6 * * 0", "2024-01-01", ["2024-01-07 Sun 06:00 GMT", "2024-01-14 Sun 06:00 GMT"]),
        ("0 6 * * 7", "2024-01-01", ["2024-01-07 Sun 06:00 GMT", "2024-01-14 Sun 06:00 GMT"]),
        ("0 6 * * mon", "2024-01-01", ["2024-01-01 Mon 06:00 GMT", "2024-01-08 Mon 06:00 GMT"]),
        ("0 6 * * 5-7", "2024-01-01", ["2024-01-05 Fri 06:00 GMT", "2024-01-06 Sat 06:00 GMT"]),
        ("0 7 1 * *", "2024-01-01T08:00", ["2024-02-01 Thu 07:00 GMT", "2024-03-01 Fri 07:00 GMT"]),
        ("0 0 29 2 *", "2023-01-01", ["2024-02-29 Thu 00:00 GMT", "2028-02-29 Tue 00:00 GMT"]),
        ("*/40 9 * * *", "2024-01-01", ["2024-01-01 Mon 09:00 GMT", "2024-01-01 Mon 09:40 GMT"]),
        ("0 0 13 * fri", "2024-09-01", ["2024-09-06 Fri 00:00 BST", "2024-09-13 Fri 00:00 BST"]),
        ("@monthly", "2024-01-15", ["2024-02-01 Thu 00:00 GMT", "2024-03-01 Fri 00:00 GMT"]),
        ("5/20 8 * JAN *", "2024-01-01", ["2024-01-01 Mon 08:05 GMT", "2024-01-01 Mon 08:25 GMT"]),
    ],
)
def test_next_times(text: str, start: str, expected: list[str]) -> None:
    assert walls(text, start, 2) == expected


def test_a_time_that_is_leapt_over_runs_an_hour_later() -> None:
    assert walls("30 1 * * *", "2024-03-30", 3) == [
        "2024-03-30 Sat 01:30 GMT",
        "2024-03-31 Sun 02:30 BST",
        "2024-04-01 Mon 01:30 BST",
    ]


def test_a_time_that_comes_twice_runs_the_first_time() -> None:
    assert walls("30 1 * * *", "2024-10-26T02:00", 2) == [
        "2024-10-27 Sun 01:30 BST",
        "2024-10-28 Mon 01:30 GMT",
    ]


def test_every_hour_goes_by_real_hours() -> None:
    assert walls("0 * * * *", "2024-03-31T00:00", 2) == [
        "2024-03-31 Sun 02:00 BST",
        "2024-03-31 Sun 03:00 BST",
    ]
    assert walls("0 * * * *", "2024-10-27T00:30", 3) == [
        "2024-10-27 Sun 01:00 BST",
        "2024-10-27 Sun 01:00 GMT",
        "2024-10-27 Sun 02:00 GMT",
    ]


@given(
    st.sampled_from(["30 1 * * *", "0 * * * *", "*/20 * * * *", "15 0-2 * * 0", "0 2 1 3,10,11 *"]),
    MOMENTS,
    st.sampled_from(ZONES),
)
def test_next_and_latest_agree(text: str, moment: datetime, zone_name: str) -> None:
    zone, cron = ZoneInfo(zone_name), Cron.parse(text)
    instant = moment.replace(tzinfo=UTC)
    first, second = cron.after(instant, zone, 2)
    assert instant < first < second
    assert cron.latest(first, zone) == first
    assert cron.latest(second - timedelta(microseconds=1), zone) == first
    assert cron.latest(instant, zone) <= instant


@given(MOMENTS, st.sampled_from(ZONES))
def test_a_daily_job_runs_once_a_day(moment: datetime, zone_name: str) -> None:
    zone = ZoneInfo(zone_name)
    times = Cron.parse("15 2 * * *").after(moment.replace(tzinfo=UTC), zone, 10)
    days = [local(t, zone).date() for t in times]
    assert [b - a for a, b in pairwise(days)] == [timedelta(days=1)] * 9


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 6 * *", "five fields"),
        ("61 6 * * *", "`61` is no minute: they go from 0 to 59"),
        ("0 24 * * *", "`24` is no hour"),
        ("0 6 * * foo", "`foo` is no weekday"),
        ("0 6 31 2 *", "has a day 31"),
        ("*/0 * * * *", "`*/0` is no minute"),
        ("5-1 * * * *", "`5-1` is no minute"),
        ("0 6 ? * *", "`?` is no day"),
        ("", "not 0"),
    ],
)
def test_what_is_no_schedule_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("*", r"\*").replace("?", r"\?")):
        Cron.parse(text)


def test_a_field_refuses_with_the_place() -> None:
    located, issues = read_yaml("headwater.yml", 'schedule: "0 6 * *"\n')
    assert located is not None
    value = located.get("schedule")
    assert value is not None
    found: list[Issue] = list(issues)
    Schedule().read(value, found)
    assert [issue.code for issue in found] == ["E115"]
    assert "five fields" in found[0].fix
