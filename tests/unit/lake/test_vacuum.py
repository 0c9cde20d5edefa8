"""Vacuum deletes what nothing needs, after its grace, and never what is in use."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.errors import HeadwaterError
from headwater.lake import FoundFile, Lake, execute_vacuum, vacuum_plan

NOW = datetime(2011, 12, 10, tzinfo=UTC)
GRACE = timedelta(days=7)
NAMES = [f"{n}.parquet" for n in range(8)]


def found(path: str, age_days: float) -> FoundFile:
    return FoundFile(path=path, bytes=10, modified_at=NOW - timedelta(days=age_days))


@given(
    found_ages=st.dictionaries(st.sampled_from(NAMES), st.integers(0, 20)),
    in_use=st.sets(st.sampled_from(NAMES)),
    unreferenced=st.dictionaries(st.sampled_from(NAMES), st.integers(0, 20)),
)
def test_every_file_is_decided_once(
    found_ages: dict[str, int], in_use: set[str], unreferenced: dict[str, int]
) -> None:
    plan = vacuum_plan(
        found=[found(path, age) for path, age in found_ages.items()],
        in_use=in_use,
        unreferenced_since={p: NOW - timedelta(days=age) for p, age in unreferenced.items()},
        grace=GRACE,
        now=NOW,
    )
    deleted, kept = ({file.path for file in files} for files in (plan.delete, plan.keep))
    assert deleted | kept == set(found_ages) - in_use
    assert not deleted & kept
    assert {file.path for file in plan.strays} == set(found_ages) - in_use - set(unreferenced)
    assert set(plan.missing) == in_use - set(found_ages)
    for path in deleted:
        assert unreferenced.get(path, found_ages[path]) >= 7
    assert plan.bytes == 10 * len(deleted)


def test_grace_counts_from_when_a_file_became_unreferenced() -> None:
    plan = vacuum_plan(
        found=[found("old.parquet", 300)],
        in_use=set(),
        unreferenced_since={"old.parquet": NOW - timedelta(days=1)},
        grace=GRACE,
        now=NOW,
    )
    assert [file.path for file in plan.keep] == ["old.parquet"]
    assert plan.delete == plan.strays == ()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    for path in ("table/a/2011-11/1.parquet", "table/a/2011-11/2.parquet", "table/b/3.parquet"):
        place = lake.absolute(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"0123456789")
        os.utime(place, (NOW.timestamp() - 30 * 86400,) * 2)
    return lake


def test_what_is_in_use_stays_and_empty_folders_go(lake: Lake) -> None:
    stage = lake.stage_folder("run1")
    os.utime(stage, (NOW.timestamp() - 30 * 86400,) * 2)
    plan = vacuum_plan(
        found=lake.files(),
        in_use={"table/a/2011-11/1.parquet"},
        unreferenced_since={},
        grace=GRACE,
        now=NOW,
        stages=lake.stages(),
    )
    assert len(plan.strays) == 2
    lake.absolute("table/b/3.parquet").unlink()  # somebody was faster
    outcome = execute_vacuum(lake, plan, epoch=0)
    assert (outcome.files, outcome.bytes) == (1, 10)
    assert [file.path for file in lake.files()] == ["table/a/2011-11/1.parquet"]
    assert not lake.absolute("table/b").exists()
    assert not stage.exists()
    assert lake.root.exists()


def test_an_older_ledger_deletes_nothing(lake: Lake) -> None:
    lake.write_epoch(5)
    plan = vacuum_plan(
        found=lake.files(), in_use=set(), unreferenced_since={}, grace=GRACE, now=NOW
    )
    assert len(plan.delete) == 3
    with pytest.raises(HeadwaterError, match="E761"):
        execute_vacuum(lake, plan, epoch=4)
    assert len(list(lake.files())) == 3
