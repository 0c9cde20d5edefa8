"""What a user reads when the disk, the file, the server or the permissions fail."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.unit.ledger.samples import build, publication, table

from headwater.errors import HeadwaterError
from headwater.ledger import Ledger, database

ROOT = Path(__file__).parents[3]
MANY = [build(table(f"t{n}"), n) for n in range(300)]


def refused(code: str, act: Callable[[], object]) -> str:
    """The message of the one issue, which must bear the code and say how to mend it."""
    with pytest.raises(HeadwaterError) as caught:
        act()
    (issue,) = caught.value.issues
    assert issue.code == code, issue
    assert issue.fix
    return str(issue)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger whose `prod` is at release 1."""
    path = tmp_path / "ledger.db"
    with Ledger.open(str(path)) as ledger:
        ledger.publish(publication([build(table("sales"))]))
    return path


def check_as_before(path: Path) -> None:
    with Ledger.open(str(path)) as ledger:
        assert ledger.epoch == 1
        assert set(ledger.resolve(1).states) == {table("sales")}
        assert ledger.builds(made.id for made in MANY) == {}
        assert ledger.publish(publication(MANY, expected=1)).number == 2


def test_a_ledger_that_may_not_grow(path: Path) -> None:
    with Ledger.open(str(path)) as ledger:
        engine = ledger._database.engine
        engine.dispose()
        sa.event.listen(engine, "connect", lambda raw, _: raw.execute("pragma max_page_count=1"))
        assert "no room" in refused("E703", lambda: ledger.publish(publication(MANY, expected=1)))
        assert ledger.epoch == 1
        refused("E703", lambda: ledger.record_builds(MANY))
    check_as_before(path)


def test_a_disk_that_refuses_a_write(path: Path) -> None:
    # A limit on the size of files: the write fails as on a full disk, in the middle of a publish.
    with Ledger.open(str(path)) as ledger:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
        try:
            refused("E703", lambda: ledger.publish(publication(MANY, expected=1)))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, ignored)
    check_as_before(path)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_text("invoice,line\n" * 1000)
    assert "not a ledger" in refused("E706", lambda: Ledger.open(str(path)))
    assert path.read_text() == "invoice,line\n" * 1000


def test_a_database_of_other_software(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/other.db")
    with engine.begin() as connection:
        connection.execute(sa.text("create table mine (a integer)"))
    refused("E706", lambda: Ledger.open(str(tmp_path / "other.db")))


def test_damaged_pages(path: Path) -> None:
    with Ledger.open(str(path)) as ledger:
        ledger.publish(publication(MANY, expected=1))
    size = path.stat().st_size
    with path.open("r+b") as file:
        for place in range(20_000, size - 4096, 8192):
            file.seek(place)
            file.write(b"\xff" * 4096)

    def read() -> None:
        with Ledger.open(str(path), create=False) as ledger:
            ledger.states(ledger.resolve(2).states.values())

    assert "damaged" in refused("E706", read)


def test_a_damaged_record(path: Path) -> None:
    with Ledger.open(str(path)) as ledger, ledger._database.write() as connection:
        connection.execute(sa.text("update states set body = x'789cff00'"))
        connection.execute(sa.text("update releases set body = x'7b7b'"))
    with Ledger.open(str(path)) as ledger:
        assert "damaged" in refused("E706", lambda: ledger.resolve(1))
        with ledger._database.read() as connection:
            name = connection.execute(sa.text("select id from states")).scalar_one()
        assert "damaged" in refused("E706", lambda: ledger.states([name]))


def test_a_ledger_restored_from_a_backup_has_an_older_epoch(path: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    with sqlite3.connect(path) as source, sqlite3.connect(backup) as target:
        source.backup(target)
    with Ledger.open(str(path)) as ledger:
        ledger.publish(publication(MANY, expected=1))
        identity, epoch = ledger.identity, ledger.epoch
    with Ledger.open(str(backup)) as restored:
        assert restored.identity == identity
        assert restored.epoch == 1 < epoch


def test_no_ledger_there(tmp_path: Path) -> None:
    missing = tmp_path / "none" / "ledger.db"
    refused("E702", lambda: Ledger.open(str(missing), create=False))
    assert not missing.parent.exists()
    refused("E702", lambda: Ledger.open(str(tmp_path)))
    (tmp_path / "file").write_text("")
    refused("E702", lambda: Ledger.open(str(tmp_path / "file" / "ledger.db")))
    refused("E702", lambda: Ledger.open("mysql://host/ledger"))


def test_no_server_there() -> None:
    url = "postgresql://shop:secret@127.0.0.1:1/ledger"
    text = refused("E702", lambda: Ledger.open(url))
    assert "secret" not in text
    assert "127.0.0.1:1" in text


@pytest.mark.postgres
def test_a_database_that_does_not_exist(postgres_url: str) -> None:
    missing = postgres_url.rpartition("/")[0] + "/nowhere"
    refused("E702", lambda: Ledger.open(missing))


@pytest.mark.postgres
def test_a_user_without_rights(postgres_database: str) -> None:
    with Ledger.open(postgres_database) as ledger, ledger._database.write() as connection:
        connection.execute(sa.text("drop role if exists clerk"))
        connection.execute(sa.text("create role clerk login"))
    try:
        clerk = postgres_database.replace("postgres@", "clerk@")
        refused("E704", lambda: Ledger.open(clerk))
    finally:
        with Ledger.open(postgres_database) as ledger, ledger._database.write() as connection:
            connection.execute(sa.text("drop role clerk"))


@pytest.mark.postgres
def test_a_server_that_ends_the_session(postgres_database: str) -> None:
    with Ledger.open(postgres_database) as ledger:
        ledger.publish(publication([build(table("sales"))]))
        with Ledger.open(postgres_database) as other, other._database.write() as connection:
            others = sa.text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
            connection.execute(others)
        assert ledger.publish(publication(expected=1)).number == 2


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("pg", marks=pytest.mark.postgres)])
def test_a_writer_that_does_not_end(
    kind: str, request: pytest.FixtureRequest, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_BUSY_TIMEOUT_S", 1)
    url = str(path) if kind == "sqlite" else request.getfixturevalue("postgres_database")
    with Ledger.open(url) as ledger, Ledger.open(url) as other:
        expected = None if ledger.epoch == 0 else 1
        with other._database.write() as connection:
            connection.execute(sa.text("update ledger set epoch = 5"))
            refused("E705", lambda: ledger.publish(publication(MANY, expected=expected)))
        ledger.publish(publication(MANY, expected=expected))


# Root may write everywhere, so what a user without permission sees is tried as `nobody`.

READ = """
import os, sys, tempfile
sys.path[:0] = sys.path_root
from headwater.errors import HeadwaterError
from headwater.ledger import Ledger, Publication
from tests.unit.ledger.samples import publication
with tempfile.TemporaryDirectory() as folder, Ledger.open(folder + "/ledger.db") as ledger:
    ledger.publish(publication())  # so that all is imported that `nobody` may not read
if os.geteuid() == 0:
    os.setgid(65534); os.setuid(65534)
with Ledger.open(sys.argv[1]) as ledger:
    print(ledger.head("prod").number, len(ledger.resolve(1).states), ledger.read_only)
    for act in (
        lambda: ledger.publish(publication(expected=1)),
        lambda: ledger.run_lock("prod", holder="me").try_acquire(),
    ):
        try:
            act()
        except HeadwaterError as error:
            print(error)
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def read_as_nobody(path: Path) -> list[str]:
    code = READ.replace("sys.path_root", repr([str(ROOT), str(ROOT / "src")]))
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("open_elsewhere", [False, True])
def test_a_ledger_that_may_only_be_read(open_folder: Path, *, open_elsewhere: bool) -> None:
    path = open_folder / "ledger.db"
    with Ledger.open(str(path)) as ledger:
        ledger.publish(publication([build(table("sales"))]))
        if not open_elsewhere:
            ledger.close()
            path.chmod(0o444)
            open_folder.chmod(0o555)
        said = read_as_nobody(path)
    assert said[0] == "1 1 True"
    assert said[1].startswith("E704 the ledger may only be read")
    assert said[2].startswith("E704 the lock of `prod` cannot be written")
