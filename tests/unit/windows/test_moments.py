"""Moments in SQL are those of `clock`, at every quarter of an hour of a year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from headwater.clock import widen
from headwater.engines.protocol import Session
from headwater.ids import DataInterval
from headwater.windows.model import Window, WindowsError
from headwater.windows.moments import INSTANT, begin, instant, kind_of

ZONES = [ZoneInfo(name) for name in ("Europe/London", "Australia/Lord_Howe", "UTC")]
QUARTERS = "(SELECT TIMESTAMP '2024-01-01' + n * INTERVAL 15 MINUTE AS w FROM range(35136) r(n))"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_of_two_times_the_first_is_meant(session: Session, zone: ZoneInfo) -> None:
    found = session.fetch(f"SELECT w, epoch_us({instant('w', zone)}) FROM {QUARTERS}")
    for wall, microseconds in found:
        assert microseconds == wall.replace(tzinfo=zone).timestamp() * 1e6, wall


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("length", [timedelta(days=1), timedelta(hours=36)])
def test_days_of_windows_are_local(session: Session, zone: ZoneInfo, length: timedelta) -> None:
    at = "timezone('UTC', w)"
    found = session.fetch(
        f"SELECT epoch_us({at}), epoch_us({begin(at, INSTANT, Window(length), zone)})"
        f" FROM {QUARTERS} WHERE month(w) IN (3, 4, 10)"
    )
    for ends, begins in found:
        end = EPOCH + timedelta(microseconds=ends)
        span = widen(DataInterval(end, end + timedelta(days=1)), length, timedelta(0), zone)
        assert begins == _us(span.start), end


def test_hours_have_passed(session: Session) -> None:
    window = Window(timedelta(hours=5))
    sql = begin("timezone('UTC', w)", INSTANT, window, ZONES[0])
    different = f"{sql} != timezone('UTC', w) - INTERVAL 5 HOUR"
    assert session.fetch(f"SELECT count(*) FROM {QUARTERS} WHERE {different}") == [(0,)]


def _us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def test_what_is_no_time_is_refused() -> None:
    assert kind_of("sold_on", "DATE") == "TIMESTAMP"
    with pytest.raises(WindowsError, match="`amount` is DOUBLE, not a time"):
        kind_of("amount", "DOUBLE")
