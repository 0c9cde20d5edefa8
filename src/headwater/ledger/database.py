"""The connection to SQLite or PostgreSQL: transactions, what differs between the two, errors.

SQLite: WAL, so that readers never wait for a writer; BEGIN IMMEDIATE for every write, so that a
writer waits its turn before it reads anything; synchronous=FULL where a power cut must not take
the transaction back. A file or folder that may not be written is opened for reading.
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from headwater.errors import HeadwaterError, Issue, Place
from headwater.ledger.encoding import dump
from headwater.ledger.problems import explain_postgres, explain_sqlite

_BUSY_TIMEOUT_S = 30

Row = Mapping[str, Any]


class Database:
    """An open database; threads may share it."""

    def __init__(self, url: str, *, create: bool) -> None:
        self.path, self.name = _sqlite_path(url), _without_password(url)
        self.read_only = False
        if self.path is None:
            self.engine = _postgres_engine(url)
        else:
            self.read_only = _prepare_file(self.path, create=create)
            self.engine = _sqlite_engine(self.path, read_only=self.read_only)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a file; a PostgreSQL server otherwise."""
        return self.path is not None

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection to read with; facts never change, so that several queries agree."""
        with self._explained(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[sa.Connection]:
        """One transaction: everything or nothing; `durable`: it outlives a power cut."""
        options = {"headwater_write": "FULL" if durable else "NORMAL"}
        with (
            self._explained(),
            self.engine.connect() as connection,
            connection.execution_options(**options).begin(),
        ):
            yield connection

    def session(self) -> sa.Connection:
        """A connection that the caller keeps, without a transaction around its statements."""
        with self._explained():
            return self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            issue = (
                explain_sqlite(error.orig, self.name)
                if isinstance(error.orig, sqlite3.Error)
                else explain_postgres(error.orig, self.name)
            )
            if issue is None:
                raise
            raise HeadwaterError(issue) from error

    def among(self, column: sa.ColumnElement[Any], values: Iterable[Any]) -> sa.ColumnElement[bool]:
        """`column` is one of `values`: one bound value however many they are."""
        if self.is_sqlite:
            entry = sa.func.json_each(dump(list(values))).table_valued("value")
            return column.in_(sa.select(entry.c.value))
        bound = sa.bindparam(None, list(values), type_=sa.ARRAY(column.type), unique=True)
        return column == sa.any_(bound)

    def equal(
        self, columns: Sequence[sa.Column[Any]], rows: Sequence[Sequence[Any]]
    ) -> sa.ColumnElement[bool]:
        """The columns together are one of `rows`; found by index, however many rows there are."""
        if self.is_sqlite:
            entry = sa.func.json_each(dump(rows)).table_valued("value").c.value
            listed: list[sa.ColumnElement[Any]] = [
                sa.func.json_extract(entry, f"$[{n}]") for n in range(len(columns))
            ]
        else:
            arrays = [
                sa.bindparam(None, [row[n] for row in rows], type_=sa.ARRAY(column.type))
                for n, column in enumerate(columns)
            ]
            names = [column.name for column in columns]
            listed = list(sa.func.unnest(*arrays).table_valued(*names).render_derived().c)
        return sa.and_(*(column == value for column, value in zip(columns, listed, strict=True)))

    def insert_new(self, connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
        """Insert rows; those whose key is there already are left as they are."""
        if not rows:
            return
        if self.is_sqlite:
            from sqlalchemy.dialects.sqlite import insert as sqlite_insert

            connection.execute(sqlite_insert(table).on_conflict_do_nothing(), rows)
        else:
            from sqlalchemy.dialects.postgresql import insert as postgres_insert

            connection.execute(postgres_insert(table).on_conflict_do_nothing(), rows)


def _sqlite_path(url: str) -> Path | None:
    if url.startswith("sqlite:///"):
        return Path(url.removeprefix("sqlite:///"))
    if "://" not in url:
        return Path(url)
    if re.match(r"postgres(ql)?(\+psycopg)?://", url):
        return None
    raise HeadwaterError(
        Issue(
            code="E702",
            what=f"no kind of ledger: `{_without_password(url)}`",
            fix="write a path, `sqlite:///path` or `postgresql://host/database`",
        )
    )


def _without_password(url: str) -> str:
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", url)


def _prepare_file(path: Path, *, create: bool) -> bool:
    """Make the folder of a new ledger; whether the file may only be read."""
    if path.exists():
        return not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK)
    if not create:
        raise HeadwaterError(
            Issue(
                code="E702",
                what="there is no ledger here",
                place=Place(str(path)),
                fix="`headwater run` makes one; or mend `ledger` in the profile",
            )
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        issue = Issue(
            code="E702",
            what=f"the ledger's folder cannot be made: {error.strerror}",
            place=Place(str(path.parent)),
            fix="mend `ledger` in the profile, or the permissions of the folder above",
        )
        raise HeadwaterError(issue) from error
    return False


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn write-ahead logging on; it stays on in the file.

    The change itself never waits for others (SQLite calls no busy handler for it), and those who
    open a new file at once all want it.
    """
    until = time.monotonic() + _BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _sqlite_engine(path: Path, *, read_only: bool) -> sa.Engine:
    url = sa.URL.create("sqlite", database=str(path))
    if read_only:
        query = {"uri": "true", "mode": "ro"}
        # Without write-ahead files and leave to make them, SQLite reads the file alone.
        if not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists():
            query["immutable"] = "1"
        url = sa.URL.create("sqlite", database=f"file:{path.absolute()}", query=query)
    engine = sa.create_engine(
        url, connect_args={"timeout": _BUSY_TIMEOUT_S, "isolation_level": None}
    )

    def connect(raw: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
        del entry
        raw.execute("pragma foreign_keys = on")
        if not read_only:
            _write_ahead(raw)

    def begin(connection: sa.Connection) -> None:
        synchronous = connection.get_execution_options().get("headwater_write")
        if synchronous is None:
            connection.exec_driver_sql("begin")
            return
        level = "full" if synchronous == "FULL" else "normal"
        connection.exec_driver_sql(f"pragma synchronous = {level}")
        connection.exec_driver_sql("begin immediate")

    sa.event.listen(engine, "connect", connect)
    sa.event.listen(engine, "begin", begin)
    return engine


def _postgres_engine(url: str) -> sa.Engine:
    parsed = sa.make_url(url).set(drivername="postgresql+psycopg")
    try:
        engine = sa.create_engine(parsed, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    except ModuleNotFoundError as error:
        issue = Issue(
            code="E803",
            what="a ledger on PostgreSQL needs psycopg",
            fix="pip install 'headwater[postgres]'",
        )
        raise HeadwaterError(issue) from error

    def begin(connection: sa.Connection) -> None:
        synchronous = connection.get_execution_options().get("headwater_write")
        if synchronous is None:
            return
        connection.exec_driver_sql(f"set local lock_timeout = '{_BUSY_TIMEOUT_S}s'")
        if synchronous != "FULL":
            connection.exec_driver_sql("set local synchronous_commit = off")

    sa.event.listen(engine, "begin", begin)
    return engine
