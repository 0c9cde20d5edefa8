"""Broken deliveries, damaged files, full disks, two at once, signals: told, and mended."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.integration.run.faults import deliver_day, expected, fault_project, published
from tests.integration.run.runner import REPOSITORY, zygote
from tests.integration.run.small import Small, touched

from headwater.errors import HeadwaterError
from headwater.project.recording import RunReport

pytestmark = pytest.mark.slow


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """The project after its first run, with a second day waiting."""
    project = fault_project(tmp_path / "it's a project")
    project.run()
    deliver_day(project, 1)
    return project


def data_file(small: Small, node: str) -> Path:
    """The first data file of a node."""
    with small.open() as project:
        state = next(s for n, s in project.view.states.items() if n.name == node)
        return project.workspace.lake.absolute(state.part("rows")[0].path)


def issues(report: RunReport) -> str:
    """All that a run complained of."""
    return "\n".join(str(issue) for o in report.outcomes for issue in o.issues)


def refreshed(small: Small, *names: str) -> RunReport:
    """A run with `--full-refresh`."""
    with small.open() as project:
        nodes = frozenset(project.node_id(name) for name in names)
    return small.run(full_refresh=nodes)


# --- two at once


@pytest.mark.parametrize("server", [False, pytest.param(True, marks=pytest.mark.postgres)])
def test_two_runs_at_once(tmp_path: Path, server: bool, request: pytest.FixtureRequest) -> None:
    environment = {}
    if server:
        environment["LEDGER_URL"] = request.getfixturevalue("postgres_database")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        small = fault_project(tmp_path / "p", "${LEDGER_URL}" if server else "ledger.db")
        waiting = {**environment, "HEADWATER_WAIT_S": "60"}
        with zygote(**waiting) as one, zygote(**waiting) as two, zygote(**environment) as three:
            for days in range(1, 6):
                for runs in (one, two, three):
                    runs.begin(small.root)
                assert (one.ended(), two.ended()) == (0, 0)
                assert three.ended() in (0, 1)  # E709, unless it came before or after the others
                assert published(small) == expected(days)
                deliver_day(small, days)
        with small.open() as project:
            numbers = [release.number for release in project.ledger.releases("prod")]
            assert len(numbers) == 5, "the second run found nothing left to do"


def test_the_second_is_told_who_holds_the_environment(small: Small) -> None:
    with small.open() as project, project.ledger.run_lock("prod", holder="ann, process 7") as held:
        assert held
        with pytest.raises(HeadwaterError, match=r"E709 another run .*: ann, process 7"):
            small.run()
    assert not small.run().failed


# --- broken deliveries


def test_a_truncated_delivery_is_refused_whole(small: Small) -> None:
    small.write(
        "sources/orders.yml",
        "files: data/orders/*.csv*\ntime: ordered_at\nredelivery: replace\n",
    )
    small.run()
    whole = gzip.compress((small.root / "data/orders/day001.csv").read_bytes() * 50)
    broken = small.root / "data/orders/day002.csv.gz"
    broken.write_bytes(whole[: len(whole) // 2])
    report = small.run()
    assert report.failed
    assert "day002.csv.gz" in issues(report)
    assert published(small) == expected(2)
    broken.unlink()
    deliver_day(small, 2)
    assert not small.run().failed
    assert published(small) == expected(3)


def test_a_delivery_with_other_columns_is_named_and_waits_in_quarantine(small: Small) -> None:
    small.run()
    small.write("data/orders/day002.csv", "who,what\nann,1\n")
    report = small.run()
    assert "W504 data/orders/day002.csv lacks the column `ordered_at`" in issues(report)
    (loaded,) = report.outcomes
    assert loaded.reckoning is not None
    assert (loaded.reckoning.delivered, loaded.reckoning.quarantined) == (1, 1)
    assert published(small) == expected(2)
    deliver_day(small, 2)
    assert not small.run().failed
    assert published(small) == expected(3)


# --- damaged and missing data files


def damage_by_truncation(path: Path) -> None:
    """As a disk that filled up, or a copy that broke off."""
    os.truncate(path, path.stat().st_size // 2)


def damage_by_deletion(path: Path) -> None:
    """As someone who tidied up."""
    path.unlink()


def damage_by_zeros(path: Path) -> None:
    """As a bad block."""
    data = bytearray(path.read_bytes())
    data[4 : len(data) - 200] = bytes(len(data) - 204)
    path.write_bytes(bytes(data))


DAMAGES = [damage_by_truncation, damage_by_deletion, damage_by_zeros]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("node", ["sales", "totals", "orders"])
def test_a_damaged_file_is_named_and_a_refresh_mends_it(
    small: Small, node: str, damage: object
) -> None:
    small.run()
    path = data_file(small, node)
    path.chmod(0o644)
    damage(path)  # type: ignore[operator]
    deliver_day(small, 2)
    report = small.run()
    if report.failed:
        assert path.name in issues(report)
        assert f"--full-refresh {'NODE'}" in issues(report)
    report = refreshed(small, node)
    assert not report.failed, issues(report)
    assert published(small) == expected(3)
    assert small.run().outcomes == ()


def test_a_flipped_bit_is_mended_too(small: Small) -> None:
    small.run()
    path = data_file(small, "totals")
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 4] ^= 0xFF
    path.write_bytes(bytes(data))
    refreshed(small, "totals")
    assert published(small) == expected(2)


# --- no space


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MiB; mounting one needs to be root."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_publishes_nothing_and_the_next_run_goes_on(small_disk: Path) -> None:
    small = fault_project(small_disk / "p")
    small.run()
    deliver_day(small, 1)
    ballast = small_disk / "ballast"
    told = 0
    for left in (0, 4096, 16384, 65536, 131072, 262144):
        _fill(ballast, left)
        try:
            report = small.run()
            assert report.failed or published(small) == expected(2)
            told += report.failed
        except HeadwaterError:
            told += 1
        ballast.unlink()
        assert published(small) in (expected(1), expected(2))
    assert told > 0
    assert not small.run().failed
    assert published(small) == expected(2)


def _fill(ballast: Path, left: int) -> None:
    """Take all but `left` bytes of a file system."""
    free = os.statvfs(ballast.parent)
    with ballast.open("wb") as stream:
        try:
            stream.write(bytes(max(free.f_bavail * free.f_frsize - left, 0)))
            stream.flush()
        except OSError:
            return


LIMITED = """
import resource, signal, sys
from dataclasses import replace
from headwater.errors import HeadwaterError
from headwater.project import Project

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with Project.open(sys.argv[1]) as project:
    project.bound, project.view
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    try:
        report = project.run(replace(project.request(), apply=True))
    except HeadwaterError as error:
        print(error)
        sys.exit(error.exit_code)
    print([str(i) for o in report.outcomes for i in o.issues])
    sys.exit(1 if report.failed else 0)
"""


@pytest.mark.parametrize("limit", [400, 900, 5_000, 40_000, 100_000])
def test_files_that_may_not_grow(small: Small, limit: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(small.root), str(limit)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert published(small) == expected(2 if done.returncode == 0 else 1)
    assert not small.run().failed
    assert published(small) == expected(2)


# --- places that cannot be written


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_told(small: Small) -> None:
    lake = small.root / ".headwater/lake"
    lake.chmod(0o555)
    try:
        with pytest.raises(HeadwaterError):
            small.run()
    finally:
        lake.chmod(0o755)
    assert published(small) == expected(1)


def test_a_lake_that_is_no_folder_is_told(tmp_path: Path) -> None:
    small = fault_project(tmp_path / "p")
    (small.root / ".headwater").mkdir()
    (small.root / ".headwater/lake").write_text("a file")
    with pytest.raises(HeadwaterError, match="E861"):
        small.run()


# --- signals


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_cleanly(small: Small, sent: int) -> None:
    small.write(
        "tables/slow.sql",
        """
        select count(*) as n from range(300000) a(i), range(300000) b(j)
        where hash(i, j) % 7 = (select min(id) from orders)
        """,
    )
    command = [sys.executable, "-m", "headwater", "run", "--apply", "--project", str(small.root)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
    ) as process:
        _wait_for_build(small, "table/daily")
        process.send_signal(sent)
        output, _ = process.communicate(timeout=30)
    assert process.returncode not in (0, -sent), output
    assert "Traceback" not in output
    assert published(small) == expected(1)
    with small.open() as project:
        newest = project.ledger.runs("prod")[0]
        assert newest.status == "failed"
        assert newest.finished_at is not None
    (small.root / "tables/slow.sql").unlink()
    assert set(touched(small.run()).values()) <= {"loaded", "built", "identical"}
    assert published(small) == expected(2)


def _wait_for_build(small: Small, folder: str) -> None:
    """Until the run under way has written a new file below a folder of the lake."""
    import time

    place = small.root / ".headwater/lake" / folder
    before, until = set(place.rglob("*.parquet")), time.monotonic() + 30
    while set(place.rglob("*.parquet")) == before:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_threads_of_one_process_wait_for_each_other(small: Small) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADWATER_WAIT_S", "60")
        with ThreadPoolExecutor(2) as pool:
            reports = list(pool.map(lambda _: small.run(), range(2)))
    assert not any(report.failed for report in reports)
    assert published(small) == expected(2)
