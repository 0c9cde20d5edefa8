"""Releases, the environments that point to them, and publishing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from headwater.errors import HeadwaterError, Issue
from headwater.ids import NodeId
from headwater.ledger import differences
from headwater.ledger.builds import Builds
from headwater.ledger.database import Database
from headwater.ledger.encoding import (
    Texts,
    dump,
    from_micros,
    load_all,
    node_id,
    pack,
    to_micros,
    unpack,
)
from headwater.ledger.model import (
    Conflict,
    DefinitionRecord,
    InputKey,
    Publication,
    Release,
    ReleaseMap,
)
from headwater.ledger.notes import insert_notes
from headwater.ledger.schema import (
    barred,
    bars,
    definitions,
    departures,
    environments,
    ledger,
    releases,
    shared,
    states,
)
from headwater.ledger.states import States
from headwater.ledger.values import Values

#: What a release changes: names of nodes → hash of the definition, → id of the state; None: gone.
Change = tuple[dict[str, str | None], dict[str, str | None]]

_FACTS = (
    releases.c.number,
    releases.c.environment,
    releases.c.parent,
    releases.c.created_at,
    releases.c.author,
    releases.c.sort,
    releases.c.reason,
    releases.c.run,
    releases.c.tree,
)


class Releases:
    """The tables `releases` and `environments`."""

    def __init__(self, database: Database, values: Values, states: States, builds: Builds) -> None:
        self._database = database
        self._values = values
        self._states = states
        self._builds = builds
        self._maps: dict[int, ReleaseMap] = {}

    def heads(self) -> dict[str, Release]:
        """The release that each environment points to."""
        query = (
            sa.select(environments.c.name, *_FACTS)
            .join(releases, environments.c.release == releases.c.number)
            .order_by(environments.c.name)
        )
        with self._database.read() as connection:
            return {row[0]: _release(row[1:]) for row in connection.execute(query)}

    def head(self, environment: str) -> Release | None:
        """The release that one environment points to; None where there is none."""
        with self._database.read() as connection:
            return _head(connection, environment)

    def release(self, number: int) -> Release:
        """One release by its number."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(*_FACTS).where(releases.c.number == number)).first()
        if row is None:
            raise _unknown(number)
        return _release(row)

    def list(self, environment: str | None, limit: int | None) -> Sequence[Release]:
        """The newest releases, newest first."""
        query = sa.select(*_FACTS).order_by(releases.c.number.desc()).limit(limit)
        if environment is not None:
            query = query.where(releases.c.environment == environment)
        with self._database.read() as connection:
            return tuple(map(_release, connection.execute(query)))

    def resolve(self, number: int) -> ReleaseMap:
        """The whole map of a release; reads at most log2 of the number of its ancestors."""
        known = self._maps.get(number)
        if known is None:
            with self._database.read() as connection:
                known = _resolve(connection, number)
            self._maps = {**dict(list(self._maps.items())[-7:]), number: known}
        return known

    def publish(self, publication: Publication) -> Release:
        """All that a publication says, in one transaction; `Conflict` if it comes too late."""
        texts: Texts = {}
        parent = None if publication.base is None else self.resolve(publication.base)
        older = {} if parent is None else parent.states
        given = {n: s for n, s in publication.states.items() if s is None or isinstance(s, str)}
        new = {
            n: s for n, s in publication.states.items() if s is not None and not isinstance(s, str)
        }
        self._states.require(name for name in given.values() if name is not None)
        ids, rows = self._states.prepare(new, older, texts)
        build_rows = self._builds.prepare(publication.builds, texts)
        change: Change = (
            {str(n): None if d is None else d.hash for n, d in publication.definitions.items()},
            {str(n): s for n, s in (given | ids).items()},
        )
        records = [_definition_row(d) for d in publication.definitions.values() if d is not None]
        known_texts = self._values.unknown(texts)
        place = self._place(parent, change)
        insert_new = self._database.insert_new
        with self._database.write(durable=True) as connection:
            number = _next_number(connection, publication.environment, publication.expected)
            insert_new(connection, shared, known_texts)
            insert_new(connection, definitions, records)
            insert_new(connection, states, rows)
            release = _insert(connection, number, publication, parent, place)
            self._builds.insert(connection, build_rows)
            self._builds.show(connection, [build.id for build in publication.builds], number)
            _move(connection, release, publication.expected)
            _bar(connection, self._database, number, publication.barred, publication.unbarred)
            insert_notes(connection, [replace(n, release=number) for n in publication.notes])
        self._states.remember(ids, new)
        return release

    def _place(self, parent: ReleaseMap | None, change: Change) -> dict[str, object]:
        """Where a new release stands among its ancestors, and the difference to write."""
        base, depth = None, 0
        if parent is not None:
            with self._database.read() as connection:
                base, depth, change = _placed(connection, parent, change)
        body = pack(dump({"definitions": change[0], "states": change[1]}))
        return {"base": base, "depth": depth, "body": body}

    def point(
        self,
        environment: str,
        *,
        expected: int,
        to: int,
        author: str,
        reason: str,
        at: datetime,
        barred: Sequence[InputKey] = (),
    ) -> Release:
        """A new release whose map equals that of `to`; nothing is deleted."""
        return self.publish(
            Publication(
                environment=environment,
                expected=expected,
                base=to,
                at=at,
                author=author,
                sort="rollback",
                reason=reason,
                barred=tuple(barred),
            )
        )

    def drop_environment(self, name: str, at: datetime) -> None:
        """Forget where an environment points; its releases stay."""
        with self._database.write(durable=True) as connection:
            head = _head(connection, name)
            if head is None:
                return
            connection.execute(sa.delete(environments).where(environments.c.name == name))
            connection.execute(
                sa.insert(departures),
                {"release": head.number, "environment": name, "at": to_micros(at)},
            )
            connection.execute(sa.update(ledger).values(epoch=ledger.c.epoch + 1))

    def barred(self) -> frozenset[InputKey]:
        """The input keys that must not be built until they are released anew."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(barred.c.node, barred.c.input_key))
            return frozenset((node_id(node), key) for node, key in rows)

    def definitions(self, hashes: Iterable[str]) -> dict[str, DefinitionRecord]:
        """Definitions by hash; raises for one that the ledger does not hold."""
        wanted = set(hashes)
        if not wanted:
            return {}
        c = definitions.c
        query = sa.select(c.hash, c.node, c.path, c.kind, c.fingerprint, c.body).where(
            self._database.among(c.hash, wanted)
        )
        with self._database.read() as connection:
            found = {
                name: DefinitionRecord(
                    node=node_id(node),
                    hash=name,
                    path=path,
                    kind=kind,
                    fingerprint=fingerprint,
                    body=unpack(body),
                )
                for name, node, path, kind, fingerprint, body in connection.execute(query)
            }
        if len(found) < len(wanted):
            missing = min(wanted - found.keys())
            fix = "restore the ledger from a backup that is whole"
            raise HeadwaterError(Issue(code="E707", what=f"no definition `{missing}`", fix=fix))
        return found


def _release(row: Sequence[Any]) -> Release:
    number, environment, parent, created_at, author, sort, reason, run, tree = row
    return Release(
        number=number,
        environment=environment,
        parent=parent,
        created_at=from_micros(created_at),
        author=author,
        sort=sort,
        reason=reason,
        run=run,
        tree=tree,
    )


def _unknown(number: int) -> HeadwaterError:
    return HeadwaterError(
        Issue(code="E707", what=f"no release #{number}", fix="see `headwater release list`")
    )


def _head(connection: sa.Connection, environment: str) -> Release | None:
    query = (
        sa.select(*_FACTS)
        .join(environments, environments.c.release == releases.c.number)
        .where(environments.c.name == environment)
    )
    row = connection.execute(query).first()
    return None if row is None else _release(row)


def _resolve(connection: sa.Connection, number: int) -> ReleaseMap:
    query = sa.select(*_FACTS, releases.c.base, releases.c.body)
    row = connection.execute(query.where(releases.c.number == number)).first()
    if row is None:
        raise _unknown(number)
    release = _release(row[:-2])
    changes = list(load_all([row.body]))
    while row.base is not None:
        row = connection.execute(query.where(releases.c.number == row.base)).one()
        changes.extend(load_all([row.body]))
    return ReleaseMap(
        release=release,
        definitions=_named(_merged(change["definitions"] for change in reversed(changes))),
        states=_named(_merged(change["states"] for change in reversed(changes))),
    )


def _merged(changes: Iterable[Mapping[str, str | None]]) -> dict[str, str | None]:
    whole: dict[str, str | None] = {}
    for change in changes:
        whole |= change
    return whole


def _named(whole: Mapping[str, str | None]) -> dict[NodeId, str]:
    return {node_id(name): value for name, value in whole.items() if value is not None}


def _placed(
    connection: sa.Connection, parent: ReleaseMap, change: Change
) -> tuple[int | None, int, Change]:
    """Base, depth and change of a release to be written after `parent`; whole if that is less."""
    query = sa.select(releases.c.depth, releases.c.base, releases.c.body)
    number: int | None = parent.release.number
    row = connection.execute(query.where(releases.c.number == number)).one()
    depth = row.depth + 1
    while row.depth > differences.base_depth(depth) and row.base is not None:
        older = next(load_all([row.body]))
        change = (older["definitions"] | change[0], older["states"] | change[1])
        number = row.base
        row = connection.execute(query.where(releases.c.number == number)).one()
    carried = len(change[0]) + len(change[1])
    if 2 * carried < len(parent.definitions) + len(parent.states):
        return number, depth, change
    return None, 0, (_whole(parent.definitions, change[0]), _whole(parent.states, change[1]))


def _whole(parent: Mapping[NodeId, str], change: Mapping[str, str | None]) -> dict[str, str | None]:
    merged = {str(node): value for node, value in parent.items()} | dict(change)
    return {name: value for name, value in merged.items() if value is not None}


def _next_number(connection: sa.Connection, environment: str, expected: int | None) -> int:
    """Take the place of the only writer, compare, and count the epoch up."""
    connection.execute(sa.update(ledger).values(epoch=ledger.c.epoch + 1))
    head = _head(connection, environment)
    if (head and head.number) != expected:
        raise Conflict(environment, expected, head)
    newest = connection.execute(sa.select(sa.func.max(releases.c.number))).scalar_one()
    return int(newest or 0) + 1


def _insert(
    connection: sa.Connection,
    number: int,
    publication: Publication,
    parent: ReleaseMap | None,
    place: Mapping[str, object],
) -> Release:
    tree = publication.tree
    if tree is None:
        tree = "" if parent is None else parent.release.tree
    release = Release(
        number=number,
        environment=publication.environment,
        parent=publication.base,
        created_at=publication.at,
        author=publication.author,
        sort=publication.sort,
        reason=publication.reason,
        run=publication.run,
        tree=tree,
    )
    row = {column.name: getattr(release, column.name) for column in _FACTS}
    connection.execute(
        sa.insert(releases), {**row, "created_at": to_micros(publication.at), **place}
    )
    return release


def _move(connection: sa.Connection, release: Release, left: int | None) -> None:
    name, number = release.environment, release.number
    if left is None:
        connection.execute(sa.insert(environments), {"name": name, "release": number})
        return
    connection.execute(
        sa.update(environments).where(environments.c.name == name).values(release=number)
    )
    connection.execute(
        sa.insert(departures),
        {"release": left, "environment": name, "at": to_micros(release.created_at)},
    )


def _bar(
    connection: sa.Connection,
    database: Database,
    number: int,
    closed: Sequence[InputKey],
    opened: Sequence[InputKey],
) -> None:
    facts = dict.fromkeys(closed, True) | dict.fromkeys(opened, False)
    rows = [
        {"release": number, "node": str(node), "input_key": key, "barred": flag}
        for (node, key), flag in facts.items()
    ]
    if not rows:
        return
    connection.execute(sa.insert(bars), rows)
    now = [{k: row[k] for k in ("release", "node", "input_key")} for row in rows if row["barred"]]
    database.insert_new(connection, barred, now)
    for row in rows:
        if not row["barred"]:
            connection.execute(
                sa.delete(barred).where(
                    barred.c.node == row["node"], barred.c.input_key == row["input_key"]
                )
            )


def _definition_row(record: DefinitionRecord) -> dict[str, object]:
    return {
        "hash": record.hash,
        "node": str(record.node),
        "path": record.path,
        "kind": record.kind,
        "fingerprint": record.fingerprint,
        "body": pack(record.body),
    }
