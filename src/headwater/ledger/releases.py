"""Releases, the environments that point to them, and their maps (see `differences`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from headwater.errors import HeadwaterError, Issue
from headwater.ids import NodeId
from headwater.ledger import differences
from headwater.ledger.database import Database
from headwater.ledger.encoding import dump, from_micros, load_all, node_id, pack, to_micros
from headwater.ledger.model import Release, ReleaseMap
from headwater.ledger.schema import environments, releases

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

    def __init__(self, database: Database) -> None:
        self._database = database
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
            return read_head(connection, environment)

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

    def place(self, parent: ReleaseMap | None, change: Change) -> dict[str, object]:
        """Where a new release stands among its ancestors, and the difference to write."""
        base, depth = None, 0
        if parent is not None:
            with self._database.read() as connection:
                base, depth, change = _placed(connection, parent, change)
        body = pack(dump({"definitions": change[0], "states": change[1]}))
        return {"base": base, "depth": depth, "body": body}


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


def read_head(connection: sa.Connection, environment: str) -> Release | None:
    """The release that an environment points to, within a transaction."""
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


def insert_release(
    connection: sa.Connection, release: Release, place: Mapping[str, object]
) -> None:
    """Write a release within a transaction, where `place` says that it stands."""
    row = {column.name: getattr(release, column.name) for column in _FACTS}
    created_at = to_micros(release.created_at)
    connection.execute(sa.insert(releases), {**row, "created_at": created_at, **place})
