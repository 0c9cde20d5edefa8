"""The default store: one SQLite file (WAL), read without waiting for a writer.

Each write is one transaction, which readers see from its end on.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from headwater.online.model import DamagedError, Entry, Found, Freshness, OnlineError, OnlineTable

#: Negative, as SQLite counts KiB: what a connection keeps of the file.
_CACHE_KIB: Final = -16_000
_BATCH: Final = 10_000
_WRITE_WAIT_S: Final = 60.0

_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_SCHEMA: Final = """
pragma journal_mode = wal;
create table if not exists tables (
    id integer primary key, view text not null, digest text not null, freshness text not null,
    unique (view, digest)
);
create table if not exists vectors (
    of integer not null, key text not null, vector blob not null, primary key (of, key)
) without rowid;
"""
_ONE: Final = """
select t.freshness, v.vector from tables as t
left join vectors as v on v.of = t.id and v.key = ?3 where t.view = ?1 and t.digest = ?2
"""
# One statement sees one state of the file. `cross join` keeps the order: SQLite would otherwise
# walk through the whole table, and for each of its rows through the keys.
_MANY: Final = """
select null, t.freshness from tables as t where t.view = ?1 and t.digest = ?2
union all
select v.key, v.vector from tables as t cross join json_each(?3) as j
cross join vectors as v on v.of = t.id and v.key = j.value where t.view = ?1 and t.digest = ?2
"""


class SQLiteStore:
    """Vectors in a file beside the project."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._threads = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._seen: tuple[str, Freshness] | None = None

    def write(
        self,
        table: OnlineTable,
        changed: Iterable[Entry],
        gone: Iterable[str],
        freshness: Freshness,
    ) -> None:
        """Replace and remove vectors and say how fresh all are, in one transaction."""
        with self._writing() as connection:
            (of,) = connection.execute(
                "insert into tables (view, digest, freshness) values (?, ?, ?) "
                "on conflict do update set freshness = excluded.freshness returning id",
                (table.view, table.digest, freshness.to_json()),
            ).fetchone()
            connection.executemany(
                "insert or replace into vectors values (?, ?, ?)",
                ((of, key, vector) for key, vector in changed),
            )
            connection.executemany(
                "delete from vectors where of = ? and key = ?", ((of, key) for key in gone)
            )

    def read(self, table: OnlineTable, keys: Sequence[str]) -> Found:
        """The vectors and their freshness, both of one moment."""
        with self._reading() as connection:
            if connection is None:
                return Found(None, (None,) * len(keys))
            if len(keys) == 1:
                row = connection.execute(_ONE, (table.view, table.digest, keys[0])).fetchone()
                return Found(None, (None,)) if row is None else Found(self._read(row[0]), (row[1],))
            asked = (table.view, table.digest, json.dumps(keys))
            found = dict(connection.execute(_MANY, asked))
        text = found.get(None)
        freshness = None if text is None else self._read(text)
        return Found(freshness, tuple(map(found.get, keys)))

    def entries(self, table: OnlineTable) -> Iterator[Sequence[Entry]]:
        """Everything in a table, in batches."""
        with self._reading() as connection:
            if connection is None:
                return
            cursor = connection.execute(
                "select v.key, v.vector from tables as t join vectors as v on v.of = t.id "
                "where t.view = ? and t.digest = ?",
                (table.view, table.digest),
            )
            while batch := cursor.fetchmany(_BATCH):
                yield batch

    def tables(self) -> Mapping[OnlineTable, Freshness]:
        """All tables."""
        with self._reading() as connection:
            if connection is None:
                return {}
            rows = connection.execute("select view, digest, freshness from tables").fetchall()
        return {OnlineTable(view, digest): self._read(text) for view, digest, text in rows}

    def drop(self, table: OnlineTable) -> None:
        """Forget a table."""
        with self._writing() as connection:
            named = (table.view, table.digest)
            connection.execute(
                "delete from vectors where of = "
                "(select id from tables where view = ? and digest = ?)",
                named,
            )
            connection.execute("delete from tables where view = ? and digest = ?", named)

    def clear(self) -> None:
        """Delete the file, whatever it holds."""
        self.close()
        self._unlink()

    def close(self) -> None:
        """Close what all threads read with."""
        while self._readers:
            self._readers.pop().close()
        self._threads = threading.local()

    def _unlink(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    def _read(self, text: str) -> Freshness:
        seen = self._seen
        if seen is None or seen[0] != text:
            self._seen = seen = (text, Freshness.from_json(text))
        return seen[1]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """This thread's connection; None where there is no file."""
        with self._named("read"):
            yield self._reader()

    def _reader(self) -> sqlite3.Connection | None:
        try:
            status = os.stat(self.path)
        except FileNotFoundError:
            return None
        if not status.st_size:  # just created, or emptied by somebody
            return None
        inode = status.st_ino
        opened: tuple[int, sqlite3.Connection] | None = getattr(self._threads, "opened", None)
        if opened is None or opened[0] != inode:
            connection = _connect(self.path, "ro")
            self._readers.append(connection)
            self._threads.opened = opened = (inode, connection)
        return opened[1]

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists() or not self.path.stat().st_size:
            self._unlink()  # deleted or emptied by hand: what is left of it belongs to nothing
        with self._named("written"), closing(_connect(self.path, "rwc")) as connection:
            connection.executescript(_SCHEMA)
            with connection:
                connection.execute("begin immediate")
                yield connection

    @contextmanager
    def _named(self, what: str) -> Iterator[None]:
        """Errors of SQLite by what they mean to callers."""
        try:
            yield
        except sqlite3.Error as error:
            self._threads.opened = None  # by the next time the file may be another
            code = getattr(error, "sqlite_errorcode", None)
            sort = DamagedError if code in _DAMAGED else OnlineError
            raise sort(f"{self.path.name} cannot be {what}: {error}") from None


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}",
        uri=True,
        timeout=_WRITE_WAIT_S,
        isolation_level=None,
        check_same_thread=False,  # each is used by its own thread, and closed by any
    )
    connection.execute(f"pragma cache_size = {_CACHE_KIB:d}")
    return connection
