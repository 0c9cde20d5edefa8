"""Builds: recorded when prepared, visible once a release shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from headwater.errors import HeadwaterError, Issue
from headwater.ids import DataInterval, NodeId
from headwater.ledger.database import Database
from headwater.ledger.encoding import (
    Texts,
    interval,
    load_all,
    node_id,
    read_build,
    read_contents,
    read_schema,
    to_micros,
    write_build,
)
from headwater.ledger.schema import builds, ledger, shared
from headwater.ledger.values import Values
from headwater.plan.state import Build

#: What a build is looked for by: its node, its input key and its exact interval.
BuildKey = tuple[NodeId, str, DataInterval]

_READ = (
    builds.c.id,
    builds.c.node,
    builds.c.input_key,
    builds.c.start_at,
    builds.c.end_at,
    builds.c.definition,
    builds.c.run,
    builds.c.started_at,
    builds.c.seconds,
    builds.c.body,
)


class Builds:
    """The table `builds`."""

    def __init__(self, database: Database, values: Values) -> None:
        self._database = database
        self._values = values

    def prepare(self, made: Iterable[Build], texts: Texts) -> list[dict[str, Any]]:
        """Rows to insert; the shared texts that they name are added to `texts`."""
        return [write_build(build, texts) for build in made]

    def insert(self, connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Insert those that are not there yet."""
        self._database.insert_new(connection, builds, rows)

    def show(self, connection: sa.Connection, ids: Sequence[str], release: int) -> None:
        """Say in which release builds first became visible; raises E709 if one's files are gone."""
        if not ids:
            return
        own = self._database.among(builds.c.id, ids)
        gone = sa.select(builds.c.node).where(own, builds.c.vacuumed_at.is_not(None))
        node = connection.execute(gone.limit(1)).scalar()
        if node is not None:
            issue = Issue(
                code="E709",
                what=f"vacuum took files of a build of `{node}` that was to be published",
                fix="nothing was published; run again, it is built anew",
            )
            raise HeadwaterError(issue)
        connection.execute(
            sa.update(builds).where(own, builds.c.release.is_(None)).values(release=release)
        )

    def record(self, made: Sequence[Build]) -> None:
        """Record prepared builds; one that is there already is left as it is."""
        if not made:
            return
        texts: Texts = {}
        rows = self.prepare(made, texts)
        unknown = self._values.unknown(texts)
        with self._database.write() as connection:
            self._database.insert_new(connection, shared, unknown)
            self.insert(connection, rows)

    def find(self, wanted: Iterable[BuildKey]) -> dict[BuildKey, Build]:
        """The newest build for each key whose files are still there."""
        keys = [
            (str(node), key, to_micros(span.start), to_micros(span.end))
            for node, key, span in wanted
        ]
        if not keys:
            return {}
        place = (builds.c.node, builds.c.input_key, builds.c.start_at, builds.c.end_at)
        query = (
            sa.select(*_READ)
            .where(self._database.equal(place, keys), builds.c.vacuumed_at.is_(None))
            .order_by(builds.c.sequence)
        )
        newest: dict[BuildKey, Any] = {}
        with self._database.read() as connection:
            for row in connection.execute(query):
                span = interval(row.start_at, row.end_at)
                newest[node_id(row.node), row.input_key, span] = row
        read = self._read(newest.values())
        return {key: read[row.id] for key, row in newest.items()}

    def get(self, ids: Iterable[str]) -> dict[str, Build]:
        """Builds by id; those that are not there are left out."""
        wanted = set(ids)
        if not wanted:
            return {}
        with self._database.read() as connection:
            query = sa.select(*_READ).where(self._database.among(builds.c.id, wanted))
            return self._read(connection.execute(query).all())

    def of(self, node: NodeId, limit: int) -> Sequence[Build]:
        """The newest builds of a node that a release showed, newest first."""
        query = (
            sa.select(*_READ)
            .where(builds.c.node == str(node), builds.c.release.is_not(None))
            .order_by(builds.c.sequence.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return tuple(self._read(connection.execute(query).all()).values())

    def _read(self, rows: Iterable[Any]) -> dict[str, Build]:
        made = list(rows)
        bodies = list(zip(made, load_all(row.body for row in made), strict=True))
        schemas = self._values.get({body[2] for _, body in bodies}, read_schema)
        contents = self._values.get({body[3] for _, body in bodies}, read_contents)
        return {row.id: read_build(row, body, schemas, contents) for row, body in bodies}

    def shown_in(self, ids: Iterable[str]) -> Mapping[str, int]:
        """The release in which each build first became visible; prepared ones are left out."""
        query = sa.select(builds.c.id, builds.c.release).where(
            self._database.among(builds.c.id, set(ids)), builds.c.release.is_not(None)
        )
        with self._database.read() as connection:
            return {row.id: row.release for row in connection.execute(query)}

    def mark_vacuumed(self, ids: Iterable[str], at: datetime, epoch: int) -> bool:
        """Say that files of these builds are gone, unless something happened since `epoch`."""
        with self._database.write(durable=True) as connection:
            unmoved = sa.update(ledger).where(ledger.c.epoch == epoch).values(epoch=epoch)
            if connection.execute(unmoved).rowcount == 0:
                return False
            connection.execute(
                sa.update(builds)
                .where(self._database.among(builds.c.id, set(ids)), builds.c.vacuumed_at.is_(None))
                .values(vacuumed_at=to_micros(at))
            )
        return True
