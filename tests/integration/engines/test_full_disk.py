"""A file system that really is full: the issue says so, and nothing half-written is left."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from headwater.engines.duckdb import DuckDBEngine
from headwater.errors import HeadwaterError

LONDON = ZoneInfo("Europe/London")
SCHEMA = (("s", "VARCHAR"), ("sold_at", "TIMESTAMP"))
MANY = (
    "select hash(i)::varchar as s, timestamp '2011-01-01' + i * interval 10 second as sold_at "
    "from range(600_000) t(i)"
)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB; mounting one needs to be root."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("time", [None, "sold_at"])
def test_the_lake_is_full(small_disk: Path, tmp_path: Path, time: str | None) -> None:
    def target(month: str | None, n: int) -> Path:
        return small_disk / (month or "all") / f"b-{n}.parquet"

    with (
        DuckDBEngine(temp_folder=tmp_path / "temp", zone=LONDON) as engine,
        engine.session() as session,
    ):
        few = "select 'x' as s, timestamp '2011-01-01' as sold_at"
        session.write_query(
            few, schema=SCHEMA, time=None, keep=None, target=lambda *_: small_disk / "old.parquet"
        )
        with pytest.raises(HeadwaterError, match="E740 the disk is full, nothing was published"):
            session.write_query(MANY, schema=SCHEMA, time=time, keep=None, target=target)
        assert [path.name for path in small_disk.rglob("*.parquet")] == ["old.parquet"]
        session.write_query(
            few, schema=SCHEMA, time=None, keep=None, target=lambda *_: small_disk / "new.parquet"
        )
    assert [path.name for path in (tmp_path / "temp").iterdir()] == [".lock"]


def test_the_temporary_folder_is_full(small_disk: Path, tmp_path: Path) -> None:
    with (
        DuckDBEngine(temp_folder=small_disk, zone=LONDON, memory_limit="60MB", threads=1) as engine,
        engine.session() as session,
        pytest.raises(HeadwaterError, match=r"E74[01] .*nothing was published"),
    ):
        session.write_query(
            "select hash(i)::varchar || hash(i + 1) as s, timestamp '2011-01-01' as sold_at "
            "from range(9_000_000) t(i) order by s",
            schema=SCHEMA,
            time=None,
            keep=None,
            target=lambda *_: tmp_path / "x.parquet",
        )
    assert not (tmp_path / "x.parquet").exists()
