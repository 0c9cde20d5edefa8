"""Killed at any moment, whatever it was doing, a run leaves the old release or the new one."""

from __future__ import annotations

import os
import random
import time
from datetime import timedelta
from pathlib import Path

import pytest
from tests.integration.run.faults import deliver_day, expected, fault_project, published
from tests.integration.run.runner import zygote
from tests.integration.run.small import Small

KILLS = int(os.environ.get("HEADWATER_KILLS", "104"))
SIGKILL = -9


@pytest.mark.slow
def test_kills_at_random_moments(tmp_path: Path) -> None:
    killed = _kill_often(fault_project(tmp_path / "p"), KILLS, {})
    assert killed >= min(KILLS, 100)


@pytest.mark.slow
def test_kills_inside_publish(tmp_path: Path) -> None:
    small = fault_project(tmp_path / "p")
    shown = expected(0)
    with zygote() as runs:
        days, stop, kills = 1, 1, 0
        while True:
            if runs.run(small.root, stop=stop) != SIGKILL:
                break  # the whole of publish takes fewer calls
            kills += 1
            found = published(small)
            assert found in (shown, expected(days))
            if found == expected(days):
                shown = found
                deliver_day(small, days)
                days += 1
            stop += max(stop // 3, 1)
    assert kills > 15
    assert published(small) == expected(days)


@pytest.mark.slow
@pytest.mark.postgres
def test_kills_with_a_shared_ledger(tmp_path: Path, postgres_database: str) -> None:
    small = fault_project(tmp_path / "p", "${LEDGER_URL}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEDGER_URL", postgres_database)
        assert _kill_often(small, 30, {"LEDGER_URL": postgres_database}) == 30


def _kill_often(small: Small, wanted: int, environment: dict[str, str]) -> int:
    """Kill run after run; return how many really died of it."""
    chance = random.Random(2024)
    shown = expected(0)
    days, kills, longest_s = 1, 0, 1.0
    with zygote(**environment) as runs:
        while kills < wanted:
            began = time.monotonic()
            delay_s = chance.triangular(0, longest_s, longest_s * 0.8)
            ended = runs.run(small.root, delay_s=delay_s)
            kills += ended == SIGKILL
            found, after = published(small), expected(days)
            assert found in (shown, after), f"neither release {days - 1} nor {days} of deliveries"
            if ended == 0:
                longest_s = time.monotonic() - began
                assert found == after
            if found == after:
                shown = found
                deliver_day(small, days)
                days += 1
        assert runs.run(small.root) == 0
    assert published(small) == expected(days)
    assert small.run().outcomes == ()
    _assert_clean(small)
    return kills


def _assert_clean(small: Small) -> None:
    """No half-done work lies about, and everything that `prod` shows is what a rebuild gives."""
    temporary = small.root / ".headwater/tmp"
    assert [p.name for p in temporary.iterdir()] == [".lock"]
    shown = published(small)
    with small.open(now="2024-07-01") as project:
        lake = project.workspace.lake
        report = project.vacuum(timedelta(0))
        assert (report.missing, report.busy) == ((), ())
        assert report.strays + report.stages > 0, "kills leave files that no build knows"
        assert list(lake.stages()) == []
        used = {file.path for state in project.view.states.values() for file in state.files}
        assert {file.path for file in lake.files()} == used
        tables = frozenset(n for n in project.bound.graph.nodes if n.kind == "table")
    assert published(small) == shown
    rebuilt = small.run(full_refresh=tables)
    assert {o.status for o in rebuilt.outcomes} == {"identical"}
