"""PostgreSQL: a table or query, whole or beyond a cursor, streamed by COPY from one snapshot.

The server writes CSV, which goes the way of CSV files: pieces, threads, reconciliation. What the
server says it sent is the independent count.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from headwater.definitions.secrets import Secret, mask
from headwater.errors import HeadwaterError, Issue
from headwater.kinds.source.definition import PostgresOrigin, SourceDefinition
from headwater.kinds.source.readers.casting import TextFormat
from headwater.kinds.source.readers.csv_files import PIECE_BYTES, csv_tasks
from headwater.kinds.source.readers.csv_landing import CsvShape
from headwater.kinds.source.readers.decoding import BrokenDeliveryError
from headwater.kinds.source.readers.dialect import Dialect
from headwater.kinds.source.readers.files import stem_of
from headwater.kinds.source.readers.flow import Opened, land_all
from headwater.kinds.source.readers.model import Delivery, Discovery, Known, Landed, LoadStamp
from headwater.kinds.source.readers.naming import column_names, match_headers
from headwater.kinds.source.readers.postgres_errors import connection_issue, query_issue
from headwater.kinds.source.readers.postgres_types import duckdb_type, select_item
from headwater.kinds.source.readers.writing import workers
from headwater.sql.relations import Column

if TYPE_CHECKING:
    import psycopg
    from duckdb import DuckDBPyConnection
    from psycopg import sql

_CONNECT_TIMEOUT_S: Final = 10
_DIALECT: Final = Dialect(quoted_nulls=False)


class PostgresReader:
    """Reads one table or query; each extract is one delivery."""

    def __init__(
        self,
        definition: SourceDefinition,
        origin: PostgresOrigin,
        *,
        url: Secret,
        project_zone: str,
        columns: tuple[Column, ...] | None,
    ) -> None:
        self._definition = definition
        self._origin = origin
        self._url = url
        self._columns = columns
        self._form = TextFormat(
            source_zone=definition.timezone or project_zone, project_zone=project_zone
        )

    def discover(self, known: Known) -> Discovery:
        """One extract; none if nothing lies beyond the cursor."""
        since = known.cursor if self._origin.cursor else None
        if since is not None:
            with self._snapshot() as connection:
                beyond = self._statement(("1",), since, overlap=False, limit=True)
                if connection.execute(beyond).fetchone() is None:
                    return Discovery(new=(), unchanged=1)
        return Discovery(new=(Delivery(name=self._name(since), since=since),))

    def schema(self, deliveries: Sequence[Delivery] = ()) -> tuple[Column, ...]:  # noqa: ARG002
        """The declared columns, or the server's."""
        if self._columns is None:
            with self._snapshot() as connection:
                self._columns = self._found(connection)
        return self._columns

    def land(
        self,
        deliveries: Sequence[Delivery],
        folder: Path,
        load: LoadStamp,
        connection: DuckDBPyConnection,
    ) -> Iterator[Landed]:
        """Each extract from one snapshot of the database."""
        folder.mkdir(parents=True, exist_ok=True)
        for delivery in deliveries:
            with (
                self._snapshot() as server,
                workers(connection, self._form.source_zone) as pool,
            ):
                opened = self._open(server, delivery, folder, load)
                yield from land_all([opened], pool, self._definition.place)

    def _open(
        self,
        server: psycopg.Connection[Any],
        delivery: Delivery,
        folder: Path,
        load: LoadStamp,
    ) -> Opened:
        described = self._describe(server)
        if self._columns is None:
            self._columns = self._found(server)
        match = match_headers(
            [column.name for column in described],
            self._columns,
            self._definition.contract,
            delivery.name,
            self._definition.place,
        )
        wanted = [at for at in match.positions if at is not None]
        items = tuple(select_item(described[at], server) for at in wanted)
        positions = iter(range(len(wanted)))
        shape = CsvShape(
            delivery=delivery.name,
            columns=self._columns,
            width=len(wanted),
            positions=tuple(None if at is None else next(positions) for at in match.positions),
            dialect=_DIALECT,
            form=self._form,
            load=load,
        )
        cursor, issues = self._last_value(server, delivery.since)
        extract = _Extract(server, self._statement(items, delivery.since), self)
        # Warnings about columns that a table has besides are of no use for each extract.
        noticed = tuple(issue for issue in match.issues if issue.code != "W505")
        return Opened(
            delivery=delivery,
            issues=(*noticed, *issues),
            tasks=csv_tasks(extract.blocks(), shape, folder / stem_of(delivery)),
            complete=lambda landed: extract.complete(landed, cursor),
        )

    def _name(self, since: str | None) -> str:
        source = self._origin.table or "query"
        return f"{source} {self._origin.cursor} > {json.loads(since)}" if since else source

    def _statement(
        self,
        items: Sequence[str | sql.Composable],
        since: str | None,
        *,
        overlap: bool = True,
        limit: bool = False,
    ) -> sql.Composed:
        from psycopg import sql

        parts = [item if isinstance(item, sql.Composable) else sql.SQL(item) for item in items]
        query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(parts), self._relation())
        if since is not None and self._origin.cursor:
            column = sql.Identifier(self._origin.cursor)
            value: sql.Composable = sql.Literal(str(json.loads(since)))
            if overlap and self._origin.overlap > timedelta(0):
                seconds = sql.Literal(self._origin.overlap.total_seconds())
                value = sql.SQL("({}::timestamptz - make_interval(secs => {}))").format(
                    value, seconds
                )
            query = sql.SQL("{} WHERE {} > {}").format(query, column, value)
        return sql.SQL("{} LIMIT 1").format(query) if limit else query

    def _relation(self) -> sql.Composable:
        from psycopg import sql

        if self._origin.query:
            text = self._origin.query.strip().rstrip(";")
            return sql.SQL("({}) AS delivered").format(sql.SQL(text))
        return sql.Identifier(*self._origin.table.split("."))

    def _describe(self, server: psycopg.Connection[Any]) -> Sequence[psycopg.Column]:
        from psycopg import sql

        try:
            cursor = server.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(self._relation()))
        except _errors() as error:
            raise self._query_error(error) from error
        described = cursor.description or ()
        names = [column.name for column in described]
        if self._origin.cursor and self._origin.cursor not in names:
            raise HeadwaterError(self._no_cursor(names))
        return described

    def _found(self, server: psycopg.Connection[Any]) -> tuple[Column, ...]:
        described = self._describe(server)
        names = column_names(column.name for column in described)
        return tuple(
            Column(name=name, type=duckdb_type(column, server))
            for name, column in zip(names, described, strict=True)
        )

    def _last_value(
        self, server: psycopg.Connection[Any], since: str | None
    ) -> tuple[str | None, tuple[Issue, ...]]:
        """The highest cursor value of the snapshot as JSON text, and a warning about NULLs."""
        from psycopg import sql

        if not self._origin.cursor:
            return None, ()
        column = sql.Identifier(self._origin.cursor)
        # Counting NULLs reads the whole table, so only the first load does it.
        nulls = "count(*) - count({0})" if since is None else "0"
        query = sql.SQL("SELECT max({0})::text, " + nulls + " FROM {1}")
        try:
            row = server.execute(query.format(column, self._relation())).fetchone()
        except _errors() as error:
            raise self._query_error(error) from error
        assert row is not None
        cursor = since if row[0] is None else json.dumps(row[0])
        if not row[1]:
            return cursor, ()
        what = f"{row[1]:,} rows of {self._name(None)} have no `{self._origin.cursor}`"
        fix = "the first load takes them, later ones do not: choose a cursor that is never NULL"
        return cursor, (Issue(code="W525", what=what, place=self._definition.place, fix=fix),)

    @contextmanager
    def _snapshot(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection whose every statement sees the database at one instant."""
        psycopg = _driver(self._definition)
        try:
            server = psycopg.connect(
                self._url.reveal(),
                connect_timeout=_CONNECT_TIMEOUT_S,
                application_name="headwater",
                client_encoding="UTF8",
                autocommit=True,
            )
        except psycopg.Error as error:
            issue = connection_issue(error, self._url, self._definition)
            raise HeadwaterError(issue) from None  # the cause may quote the password
        with server:
            try:
                server.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                for setting in ("datestyle = 'ISO, YMD'", "timezone = 'UTC'",
                                "intervalstyle = 'postgres'", "extra_float_digits = 1",
                                "synchronize_seqscans = off"):  # fmt: skip
                    server.execute(f"SET LOCAL {setting}")
                yield server
            except psycopg.Error as error:
                raise self._query_error(error) from error

    def _query_error(self, error: psycopg.Error) -> HeadwaterError:
        return HeadwaterError(query_issue(error, self._url, self._origin, self._definition))

    def _no_cursor(self, names: Sequence[str]) -> Issue:
        from headwater.errors import did_you_mean

        cursor = self._origin.cursor or ""
        return Issue(
            code="E524",
            what=f"{self._name(None)} has no column `{cursor}`, which is the cursor",
            place=self._definition.place,
            fix=did_you_mean(cursor, names, otherwise=f"it has {', '.join(names)}"),
        )

    def lost(self, error: psycopg.Error) -> BrokenDeliveryError:
        """The error of a connection that broke in the middle."""
        issue = query_issue(error, self._url, self._origin, self._definition)
        return BrokenDeliveryError(mask(str(error)), issue)

    def short(self, landed: Landed, sent: int) -> Issue:
        """The issue of rows that the server sent and that were not counted here."""
        return Issue(
            code="E509",
            what=f"{landed.delivery.name}: {sent:,} rows were sent, {landed.delivered:,} arrived",
            place=self._definition.place,
            fix="nothing of it was landed; run again",
        )


class _Extract:
    """The bytes of one COPY, hashed as they pass, and what the server says of it."""

    def __init__(
        self, server: psycopg.Connection[Any], query: sql.Composed, reader: PostgresReader
    ) -> None:
        self._server = server
        self._query = query
        self._reader = reader
        self._digest = hashlib.sha256()
        self._size = 0
        self._sent = 0

    def blocks(self) -> Iterator[bytes]:
        """CSV in blocks of whole records."""
        from psycopg import sql

        statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(self._query)
        try:
            with self._server.cursor() as cursor:
                with cursor.copy(statement) as copy:
                    yield from self._gather(copy)
                self._sent = cursor.rowcount
        except _errors() as error:
            raise self._reader.lost(error) from error

    def _gather(self, copy: psycopg.Copy) -> Iterator[bytes]:
        held: list[bytes] = []
        size = 0
        for row in copy:
            held.append(bytes(row))
            size += len(row)
            if size >= PIECE_BYTES:
                yield self._note(b"".join(held))
                held, size = [], 0
        yield self._note(b"".join(held))

    def _note(self, block: bytes) -> bytes:
        self._digest.update(block)
        self._size += len(block)
        return block

    def complete(self, landed: Landed, cursor: str | None) -> Landed:
        """The delivery with its hash, reconciled with what the server sent."""
        delivery = replace(landed.delivery, sha256=self._digest.hexdigest(), size=self._size)
        landed = replace(landed, delivery=delivery, cursor=cursor)
        if landed.delivered == self._sent:
            return landed
        return replace(landed, issues=(*landed.issues, self._reader.short(landed, self._sent)))


def _driver(definition: SourceDefinition) -> Any:
    try:
        import psycopg
    except ImportError as error:
        fix = "pip install 'headwater[postgres]'"
        what = "reading PostgreSQL needs psycopg"
        issue = Issue(code="E502", what=what, place=definition.place, fix=fix)
        raise HeadwaterError(issue) from error
    return psycopg


def _errors() -> type[psycopg.Error]:
    import psycopg

    return psycopg.Error
