"""Small files of one local month are merged; large ones, and months with few, stay."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from headwater.clock import day_interval
from headwater.ids import ALL_TIME, DataInterval, NodeId
from headwater.lake import compaction_plan
from headwater.plan.state import DataFile, Part, State

LONDON = ZoneInfo("Europe/London")


def file(path: str, interval: DataInterval, bytes_: int = 1000, part: Part = "rows") -> DataFile:
    return DataFile(
        path=path, interval=interval, rows=1, bytes=bytes_, build="b", schema="s", part=part
    )


def daily(first: date, days: int, bytes_: int = 1000) -> list[DataFile]:
    return [
        file(f"{day}", day_interval(day, day, LONDON), bytes_)
        for day in (first + timedelta(days=n) for n in range(days))
    ]


def state(*files: DataFile) -> State:
    return State(node=NodeId("table", "sales"), time="sold_at", files=files)


def test_months_are_local_and_groups_are_in_order_of_time() -> None:
    # In summer a London day begins at 23:00 UTC of the day before.
    files = daily(date(2011, 8, 28), 40)
    groups = compaction_plan(state(*reversed(files)), LONDON)
    assert [(group.month, len(group.files)) for group in groups] == [
        ("2011-08", 4),
        ("2011-09", 30),
        ("2011-10", 6),
    ]
    for group in groups:
        assert list(group.files) == sorted(group.files, key=lambda f: f.interval)
        assert group.interval.start == group.files[0].interval.start
        assert group.interval.end == group.files[-1].interval.end
        assert group.bytes == 1000 * len(group.files)
    merged = {f.path for group in groups for f in group.files}
    assert merged == {f.path for f in files}


def test_a_whole_month_is_one_month() -> None:
    months = [day_interval(date(2011, 10, 1), date(2011, 10, 31), LONDON)] * 4
    (group,) = compaction_plan(state(*(file(str(n), i) for n, i in enumerate(months))), LONDON)
    assert group.month == "2011-10"


def test_what_stays() -> None:
    small = daily(date(2011, 11, 1), 3)
    assert compaction_plan(state(*small), LONDON) == ()
    assert len(compaction_plan(state(*small), LONDON, fewest=2)) == 1
    large = daily(date(2011, 11, 4), 5, bytes_=8 << 20)
    assert compaction_plan(state(*small, *large), LONDON) == ()
    over_two = [
        file(str(n), day_interval(date(2011, 11, 30), date(2011, 12, 1), LONDON)) for n in range(9)
    ]
    assert compaction_plan(state(*over_two), LONDON) == ()
    quarantined = [file(str(n), small[0].interval, part="quarantined") for n in range(9)]
    assert compaction_plan(state(*quarantined), LONDON) == ()


def test_without_time_all_small_files_are_one_group() -> None:
    (group,) = compaction_plan(state(*(file(str(n), ALL_TIME) for n in range(5))), LONDON)
    assert (group.month, group.interval) == (None, ALL_TIME)
