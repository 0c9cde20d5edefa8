"""Versions: builds of a node with a number, published or not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from headwater.errors import Issue, UsageError
from headwater.ids import NodeId
from headwater.ledger.builds import Builds
from headwater.ledger.database import Database
from headwater.ledger.encoding import (
    Texts,
    dump,
    from_micros,
    load_all,
    node_id,
    pack,
    read_file,
    to_micros,
    write_file,
)
from headwater.ledger.model import Note, Version
from headwater.ledger.notes import insert_notes
from headwater.ledger.schema import ledger, notes, shared, versions
from headwater.ledger.values import Values
from headwater.plan.state import Build, DataFile

#: The sort of a note: a version was judged again.
_JUDGEMENT: Final = "judgement"


class Versions:
    """The table `versions`, and what was found of them later."""

    def __init__(self, database: Database, values: Values, builds: Builds) -> None:
        self._database = database
        self._values = values
        self._builds = builds

    def add(
        self,
        build: Build,
        *,
        environment: str,
        passed: bool,
        body: str,
        files: Sequence[DataFile],
        at: datetime,
    ) -> Version:
        """Record the build, and give it the next number of its node; both, or neither."""
        texts: Texts = {}
        rows = self._builds.prepare([build], texts)
        unknown = self._values.unknown(texts)
        own = versions.c.node == str(build.node)
        with self._database.write(durable=True) as connection:
            # Whoever holds this row is the only writer, on a server too: no number comes twice.
            connection.execute(sa.update(ledger).values(epoch=ledger.c.epoch))
            self._database.insert_new(connection, shared, unknown)
            self._builds.insert(connection, rows)
            last = connection.execute(sa.select(sa.func.max(versions.c.number)).where(own))
            version = Version(
                node=build.node,
                number=int(last.scalar_one() or 0) + 1,
                build=build.id,
                at=at,
                run=build.run,
                environment=environment,
                passed=passed,
                body=body,
                files=tuple(files),
            )
            connection.execute(sa.insert(versions), _row(version))
        return version

    def all(self, node: NodeId | None) -> Sequence[Version]:
        """The versions of a node, or of all, newest first."""
        query = sa.select(versions).order_by(versions.c.node, versions.c.number.desc())
        if node is not None:
            query = query.where(versions.c.node == str(node))
        with self._database.read() as connection:
            found = tuple(map(_read, connection.execute(query)))
            return _judged(connection, found)

    def get(self, node: NodeId, number: int) -> Version:
        """One version; raises E049 for an unknown one."""
        query = sa.select(versions).where(versions.c.node == str(node), versions.c.number == number)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
            if row is not None:
                return _judged(connection, (_read(row),))[0]
        known = [version.number for version in self.all(node)]
        fix = f"there are @{known[-1]}..@{known[0]}" if known else "it was never trained"
        raise UsageError(Issue(code="E049", what=f"there is no version {node}@{number}", fix=fix))

    def of_build(self, build: str) -> Version | None:
        """The version that a build is; None for one that has no number."""
        query = sa.select(versions).where(versions.c.build == build)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
            return None if row is None else _judged(connection, (_read(row),))[0]

    def judge(
        self, version: Version, *, passed: bool, body: str, at: datetime, author: str
    ) -> Version:
        """Note a later judgement beside a version, whose own record stays as it is."""
        note = Note(
            sort=_JUDGEMENT,
            node=version.node,
            text=str(version),
            at=at,
            author=author,
            data=dump([passed, body]),
        )
        with self._database.write() as connection:
            insert_notes(connection, [note])
        return replace(version, passed=passed, judgement=body)


def _judged(connection: sa.Connection, found: Sequence[Version]) -> tuple[Version, ...]:
    """The versions by what was found of each last."""
    nodes = {str(version.node) for version in found}
    query = sa.select(notes.c.text, notes.c.data).order_by(notes.c.id)
    query = query.where(notes.c.sort == _JUDGEMENT, notes.c.node.in_(nodes))
    newest = {row.text: row.data for row in connection.execute(query)}
    judged = []
    for version in found:
        said = newest.get(str(version))
        passed, body = json.loads(said) if said is not None else (version.passed, "")
        judged.append(replace(version, passed=passed, judgement=body))
    return tuple(judged)


def _row(version: Version) -> dict[str, Any]:
    return {
        "node": str(version.node),
        "number": version.number,
        "build": version.build,
        "at": to_micros(version.at),
        "run": version.run,
        "environment": version.environment,
        "passed": version.passed,
        "body": pack(dump([version.body, [write_file(file) for file in version.files]])),
    }


def _read(row: Any) -> Version:
    (body, files), *_ = load_all([row.body])
    return Version(
        node=node_id(row.node),
        number=row.number,
        build=row.build,
        at=from_micros(row.at),
        run=row.run,
        environment=row.environment,
        passed=row.passed,
        body=body,
        files=tuple(map(read_file, files)),
    )
