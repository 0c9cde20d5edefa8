"""The log never delays an answer, and readers never see half a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from tests.unit.project.serving.answers import NOON, answered, model, row

from headwater.project.serving.log import (
    RequestLog,
    log_files,
    logged_versions,
    read_log,
    tend_log,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_answers_come_back_as_they_were_served(tmp_path: Path) -> None:
    log = RequestLog(tmp_path, flush_s=60)
    refused = replace(
        answered(8), score=None, vector=None, status="unknown_entity", moments=(), missing=()
    )
    log.append(model(), 3, [row("a", answered(7)), row("b", refused, role="shadow")])
    log.append(model(2), 3, [row("c", replace(answered(9), version=2))])
    log.close()
    first, second = read_log(tmp_path, "churn", 1).sort_by("request_id").to_pylist()
    assert first == {
        "request_id": "a",
        "asked_at": NOON,
        "role": "champion",
        "version": 1,
        "release": 3,
        "status": "ok",
        "score": 0.7,
        "ms": 0.25,
        "keys": {"customer_id": 7, "shop": "Zürich"},
        "features": {"orders_90d": 3.0, "country": "GB", "recency": None},
        "request": '{"basket": 1.5, "visit": "2011-12-01"}',
        "views": [{"view": "customer", "digest": "d1", "at": NOON - HOUR, "release": 2}],
    }
    assert (second["role"], second["score"], second["features"]) == ("shadow", None, None)
    assert read_log(tmp_path, "churn", 2).column("request_id").to_pylist() == ["c"]
    assert logged_versions(tmp_path, "churn") == (1, 2)
    assert read_log(tmp_path, "other", 1).num_rows == 0
    assert log.dropped == 0


def test_spans_are_half_open_instants(tmp_path: Path) -> None:
    log = RequestLog(tmp_path)
    ats = [NOON - DAY, NOON, NOON + DAY]
    log.append(model(), 1, [replace(row(str(n), answered(n)), at=at) for n, at in enumerate(ats)])
    log.close()
    assert len(log_files(tmp_path, "churn")) == 3
    assert len(log_files(tmp_path, "churn", NOON, NOON + HOUR)) == 1
    found = read_log(tmp_path, "churn", 1, NOON - DAY, NOON)
    assert found["request_id"].to_pylist() == ["0"]
    assert read_log(tmp_path, "churn", 1, NOON)["request_id"].to_pylist() == ["1", "2"]


def test_what_does_not_fit_is_dropped_and_counted(tmp_path: Path) -> None:
    log = RequestLog(tmp_path, flush_s=60, most=100)
    began = time.perf_counter()
    for n in range(1_000):
        log.append(model(), 1, [row(str(n), answered(n))])
    assert time.perf_counter() - began < 0.5
    log.close()
    assert log.dropped == 900
    assert read_log(tmp_path, "churn", 1).num_rows == 100
    log.append(model(), 1, [row("late", answered(1))])
    assert log.dropped == 901


def test_a_disk_that_is_full_stops_the_log_alone(tmp_path: Path) -> None:
    folder = tmp_path / "served"
    folder.write_text("no folder")
    log = RequestLog(folder)
    log.append(model(), 1, [row("a", answered(1))])
    log.flush()
    assert log.dropped == 1
    assert log.problem
    folder.unlink()
    log.append(model(), 1, [row("b", answered(1))])
    log.close()
    assert (log.problem, read_log(folder, "churn", 1).num_rows) == ("", 1)


def test_ended_days_are_merged_and_old_ones_forgotten(tmp_path: Path) -> None:
    log = RequestLog(tmp_path, flush_s=60)
    for n in range(3):
        for at in (NOON - 10 * DAY, NOON - DAY, NOON):
            log.append(model(), 1, [replace(row(f"{n} {at.date()}", answered(n)), at=at)])
        log.flush()
    log.close()
    before = read_log(tmp_path, "churn", 1, NOON - DAY).sort_by("request_id")
    tend_log(tmp_path, "churn", NOON, keep=5 * DAY)
    days = {folder.name: len(list(folder.iterdir())) for folder in (tmp_path / "churn").iterdir()}
    assert days == {"2011-11-08": 1, "2011-11-09": 3}
    assert read_log(tmp_path, "churn", 1).sort_by("request_id") == before
    # A crash after merging leaves both; rows count once, and the next time cleans up.
    merged = next((tmp_path / "churn" / "2011-11-08").iterdir())
    (merged.parent / "1-stray.parquet").write_bytes(merged.read_bytes())
    assert read_log(tmp_path, "churn", 1).num_rows == before.num_rows
    tend_log(tmp_path, "churn", NOON, keep=5 * DAY)
    assert [each.name for each in merged.parent.iterdir()] == [merged.name]


_WRITER = """
import sys, time
from pathlib import Path
from tests.unit.project.serving.answers import answered, model, row
from headwater.project.serving.log import RequestLog
log, n = RequestLog(Path(sys.argv[1]), flush_s=0.001), 0
while True:
    log.append(model(), 1, [row(str(n + i), answered(i)) for i in range(50)])
    n += 50
    time.sleep(0.002)
"""


@pytest.mark.parametrize("files", [1, 3])
def test_kill_leaves_whole_files_only(tmp_path: Path, files: int) -> None:
    root = Path(__file__).parents[4]
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(tmp_path)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    until = time.monotonic() + 60
    while len(log_files(tmp_path, "churn")) < files and time.monotonic() < until:
        time.sleep(0.005)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    rows = read_log(tmp_path, "churn", 1)
    assert rows.num_rows > 0
    numbers = sorted(map(int, rows["request_id"].to_pylist()))
    assert numbers == list(range(len(numbers)))  # the newest alone are missing
    now = datetime.now(UTC) + timedelta(days=2)
    tend_log(tmp_path, "churn", now, keep=5 * DAY)
    assert not list(tmp_path.rglob("*.part"))
    assert isinstance(rows, pa.Table)
