"""Whatever fails becomes an issue with its fix, and no half-written file is left."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from tests.unit.engines.duckdb.conftest import LONDON

from headwater.engines.duckdb import DuckDBEngine, DuckDBSession
from headwater.engines.duckdb.faults import Interrupted
from headwater.engines.duckdb.machine import default_memory_limit
from headwater.engines.protocol import InputRelation, Target
from headwater.errors import HeadwaterError

SCHEMA = (("id", "BIGINT"), ("s", "VARCHAR"))
SELECT = "SELECT i AS id, 'name' || i AS s FROM range(200_000) t(i)"


def damage_missing(path: Path) -> None:
    path.unlink()


def damage_truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def damage_tiny(path: Path) -> None:
    path.write_bytes(b"PAR1")


def damage_text(path: Path) -> None:
    path.write_bytes(b"id,s\n" * 1000)


def damage_inside(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:1000] + b"\0" * 20_000 + content[21_000:])


def read_and_write(session: DuckDBSession, relation: InputRelation, target: Target) -> None:
    session.bind_inputs([relation])
    session.write_query("select * from source", schema=SCHEMA, time=None, keep=None, target=target)


@pytest.mark.parametrize("uniform", [True, False])
@pytest.mark.parametrize(
    "damage", [damage_missing, damage_truncated, damage_tiny, damage_text, damage_inside]
)
def test_a_damaged_file_is_named(
    session: DuckDBSession, target: Target, tmp_path: Path, damage: object, uniform: bool
) -> None:
    files = (tmp_path / "good.parquet", tmp_path / "broken.parquet")
    for path in files:
        session.copy(SELECT, path)
    assert callable(damage)
    damage(files[1])
    relation = InputRelation(name="source", schema=SCHEMA, files=files, uniform=uniform)
    with pytest.raises(HeadwaterError) as caught:
        read_and_write(session, relation, target)
    (issue,) = caught.value.issues
    assert issue.code == "E742", issue
    assert "broken.parquet" in issue.what
    assert not target(None, 0).exists()


def test_out_of_memory(tmp_path: Path, target: Target) -> None:
    with DuckDBEngine(temp_folder=tmp_path / "t", zone=LONDON, memory_limit="20MB") as engine:
        engine._connection.execute("SET GLOBAL temp_directory = ''")
        with engine.session() as session, pytest.raises(HeadwaterError, match="E741") as caught:
            session.write_query(
                "select i as id, string_agg(i::varchar) over () as s from range(3_000_000) t(i)",
                schema=SCHEMA,
                time=None,
                keep=None,
                target=target,
            )
    assert "memory_limit" in caught.value.issues[0].fix
    assert not target(None, 0).exists()


def test_interrupted(engine: DuckDBEngine, target: Target) -> None:
    with engine.session() as session:
        timer = threading.Timer(0.3, engine.interrupt)
        timer.start()
        with pytest.raises(Interrupted) as caught:
            session.write_query(
                "select sum(a.i * b.i) as id, '' s from range(1000000) a(i), range(9000000) b(i)",
                schema=SCHEMA,
                time=None,
                keep=None,
                target=target,
            )
        timer.join()
        assert caught.value.issues[0].code == "E743"
        assert session.fetch("SELECT 1") == [(1,)]
    assert not target(None, 0).exists()


FULL_DISK = """
    import resource, signal, sys
    from pathlib import Path
    from zoneinfo import ZoneInfo
    from headwater.engines.duckdb import DuckDBEngine
    from headwater.errors import HeadwaterError

    folder = Path(sys.argv[1])
    time = "ts" if sys.argv[2] == "months" else None
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with DuckDBEngine(temp_folder=folder / "t", zone=ZoneInfo("Europe/London")) as engine:
        with engine.session() as session:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
            try:
                session.write_query(
                    "select hash(i)::varchar as s,"
                    " timestamp '2011-01-01' + i * interval 10 second as ts"
                    " from range(300_000) t(i)",
                    schema=(("s", "VARCHAR"), ("ts", "TIMESTAMP")),
                    time=time,
                    keep=None,
                    target=lambda month, n: folder / "lake" / f"{month}-{n}.parquet",
                )
            except HeadwaterError as error:
                print(error.issues[0].code, len(list((folder / "lake").glob("*"))))
    print(list((folder / "t").glob("*/*")))
"""


@pytest.mark.parametrize("layout", ["one", "months"])
def test_no_room_for_a_file(tmp_path: Path, layout: str) -> None:
    (tmp_path / "lake").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL_DISK), str(tmp_path), layout],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.split("\n")[:2] == ["E740 0", "[]"], done.stderr


def test_a_folder_that_cannot_be_made(session: DuckDBSession, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HeadwaterError, match="E749 cannot write"):
        session.write_query(
            "select 1 as id, '' as s",
            schema=SCHEMA,
            time=None,
            keep=None,
            target=lambda *_: tmp_path / "file" / "x.parquet",
        )


def test_the_memory_limit_heeds_the_container(tmp_path: Path) -> None:
    small = tmp_path / "memory.max"
    small.write_text("1073741824\n")
    unlimited = tmp_path / "none"
    unlimited.write_text("max\n")
    assert default_memory_limit([small, unlimited, tmp_path / "missing"]) == "614MiB"
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert default_memory_limit([unlimited]) == f"{int(machine * 0.6) >> 20}MiB"


def test_nothing_is_left_after_closing(tmp_path: Path) -> None:
    engine = DuckDBEngine(temp_folder=tmp_path, zone=LONDON)
    session = engine.session()
    session.fetch("SELECT 1")
    engine.close()
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
