"""Commands as processes of their own: pipes, Ctrl-C, a lock that is held, how fast help answers."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from headwater.project.starting import write_project

SLOW = """\
/*
description: Counts for half a minute.
*/
select count(*) as n from range(400000000) a(x), range(2000) b(y) where (x * y) % 7 = 3
"""


def start(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "headwater", *arguments, "--project", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def call(folder: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    with start(folder, *arguments, **environment) as process:
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write_project(str(tmp_path / "shop"))
    return tmp_path / "shop"


def test_a_whole_session(shop: Path) -> None:
    assert call(shop, "plan")[0] == 0
    code, out, err = call(shop, "run")
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    code, out, _ = call(shop, "sql", "select count(*) as n from cities", "--format", "json")
    assert json.loads(out) == [{"n": 2}]


def test_parquet_through_a_pipe(shop: Path) -> None:
    call(shop, "run")
    command = [sys.executable, "-m", "headwater", "sql", "from cities", "--project", str(shop)]
    done = subprocess.run([*command, "--format", "parquet"], capture_output=True, check=True)
    assert done.stdout[:4] == done.stdout[-4:] == b"PAR1"


def test_a_reader_that_stops_early_is_no_error(shop: Path) -> None:
    call(shop, "run")
    query = "select x.city from cities x, range(200000)"
    process = start(shop, "sql", query, "--limit", "0")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    _, err = process.stderr.read() if process.stderr else "", ""
    process.wait(timeout=60)
    assert "Traceback" not in err


def test_ctrl_c_is_one_line_and_leaves_everything_intact(shop: Path) -> None:
    call(shop, "run")
    (shop / "tables" / "slow.sql").write_text(SLOW)
    (shop / "tables" / "later.sql").write_text("select 1 as one from slow")
    process = start(shop, "run", "--apply")
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == "Stopped. What is published is as it was; run again to go on.\n"
    assert "later" not in out
    (shop / "tables" / "slow.sql").unlink()
    (shop / "tables" / "later.sql").unlink()
    assert "up to date (release #1)" in call(shop, "run")[1]


def test_a_second_run_at_once_is_told_who_is_running(shop: Path) -> None:
    call(shop, "run")
    (shop / "tables" / "slow.sql").write_text(SLOW)
    first = start(shop, "run", "--apply", HEADWATER_USER="ann")
    try:
        time.sleep(4)
        code, _, err = call(shop, "run")
        assert code == 1
        assert err.startswith("E709")
        assert "ann, process" in err
    finally:
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=30)


def test_help_answers_at_once() -> None:
    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "headwater", "--help"]
        subprocess.run(command, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(once() for _ in range(5)) <= 0.3, "processor time: the machine may be busy"
