"""Freshness of sources: how old, complete through when, missing days and merely empty ones."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from tests.integration.run.small import ORDERS, Small

from headwater.project.recency import SourceFreshness


def fresh(small: Small, now: str, name: str = "orders") -> SourceFreshness:
    """One source's freshness at a time."""
    with small.open(now=now) as project:
        return next(f for f in project.freshness() if f.node.name == name)


@pytest.fixture
def daily(small: Small) -> Small:
    """A file a day, named after it, from 1 to 8 March without the 5th."""
    small.write("sources/orders.yml", ORDERS + "    freshness: {warn_after: 1d, error_after: 2d}\n")
    for day in (1, 2, 3, 4, 6, 7, 8):
        small.deliver(f"2024-03-{day:02}", [(day, f"2024-03-{day:02} 17:30", "ann", 1)])
    small.run()
    return small


def test_the_newest_row_and_the_days_without_a_file(daily: Small) -> None:
    found = fresh(daily, "2024-03-09 09:00")
    assert found.newest == datetime(2024, 3, 8, 17, 30, tzinfo=UTC)
    assert found.watermark.missing == (date(2024, 3, 5),)
    assert found.watermark.complete_through == date(2024, 3, 8)
    assert found.result.status == "pass"


@pytest.mark.parametrize(
    ("now", "status"),
    [("2024-03-09 23:00", "pass"), ("2024-03-10 09:00", "warn"), ("2024-03-11 09:00", "error")],
)
def test_age_is_judged_by_the_declared_limits(daily: Small, now: str, status: str) -> None:
    assert fresh(daily, now).result.status == status


def test_a_file_without_rows_says_that_the_day_was_empty(daily: Small) -> None:
    daily.deliver("2024-03-05", [])
    daily.run()
    found = fresh(daily, "2024-03-09 09:00").watermark
    assert (found.missing, found.empty) == ((), (date(2024, 3, 5),))


def test_closed_days_do_not_age_a_source(daily: Small) -> None:
    settings = daily.root / "headwater.yml"
    settings.write_text(settings.read_text() + "closed_days: [2024-03-09, 2024-03-10]\n")
    assert fresh(daily, "2024-03-11 09:00").result.status == "pass"


def test_files_whose_names_say_nothing_cover_what_they_hold(shop: Small) -> None:
    shop.run()
    found = fresh(shop, "2024-03-06 09:00")
    assert found.newest == datetime(2024, 3, 4, 9, tzinfo=UTC)
    assert found.watermark.missing == (date(2024, 3, 3), date(2024, 3, 5))
    assert found.watermark.complete_through == date(2024, 3, 4)


def test_markers_complete_a_day(daily: Small) -> None:
    daily.write(
        "sources/orders.yml", ORDERS + '    complete: {by: marker, marker: "data/{date}.done"}\n'
    )
    for day in (1, 2, 3):
        daily.write(f"data/2024-03-0{day}.done", "")
    daily.run()
    assert fresh(daily, "2024-03-09").watermark.complete_through == date(2024, 3, 3)


def test_a_source_without_time_is_as_old_as_its_load(shop: Small) -> None:
    shop.write("seeds/regions.csv", "customer,region\nann,north\n")
    shop.run(now="2024-03-10 08:00")
    found = fresh(shop, "2024-03-10 09:00", "regions")
    assert found.newest == datetime(2024, 3, 10, 8, tzinfo=UTC)
    assert found.watermark.missing == ()
    assert found.result.status == "pass"


def test_before_the_first_load_nothing_is_known(daily: Small) -> None:
    daily.write("sources/other.yml", "files: data/orders/*.csv\ntime: ordered_at\n")
    found = fresh(daily, "2024-03-09", "other")
    assert (found.newest, found.watermark.complete_through) == (None, None)
    assert found.result.status == "pass"


def test_merged_files_are_as_fresh(daily: Small) -> None:
    for day in (9, 10, 11):
        daily.deliver(f"2024-03-{day:02}", [(day, f"2024-03-{day:02} 17:30", "ann", 1)])
        daily.run()
    before = fresh(daily, "2024-03-12 09:00")
    with daily.open() as project:
        assert project.compact().nodes
    assert fresh(daily, "2024-03-12 09:00") == before
