"""Publishing: all that a publication says becomes visible in one transaction, or nothing.

Everything that can be worked out beforehand is, so that the only writer's place is held shortly;
within the transaction the environment's head is compared with the release planned from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from headwater.ledger.builds import Builds
from headwater.ledger.database import Database
from headwater.ledger.definitions import definition_row
from headwater.ledger.encoding import Texts, node_id, to_micros
from headwater.ledger.model import Conflict, InputKey, Publication, Release, ReleaseMap
from headwater.ledger.notes import insert_notes
from headwater.ledger.releases import Change, Releases, insert_release, read_head
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


class Publishing:
    """What moves environments and counts the epoch up."""

    def __init__(
        self,
        database: Database,
        values: Values,
        states: States,
        builds: Builds,
        releases: Releases,
    ) -> None:
        self._database = database
        self._values = values
        self._states = states
        self._builds = builds
        self._releases = releases

    def publish(self, publication: Publication) -> Release:
        """All that a publication says, in one transaction; `Conflict` if it comes too late."""
        texts: Texts = {}
        parent = None if publication.base is None else self._releases.resolve(publication.base)
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
        records = [definition_row(d) for d in publication.definitions.values() if d is not None]
        known_texts = self._values.unknown(texts)
        place = self._releases.place(parent, change)
        insert_new = self._database.insert_new
        with self._database.write(durable=True) as connection:
            number = _next_number(connection, publication.environment, publication.expected)
            insert_new(connection, shared, known_texts)
            insert_new(connection, definitions, records)
            insert_new(connection, states, rows)
            release = _released(number, publication, parent)
            insert_release(connection, release, place)
            self._builds.insert(connection, build_rows)
            self._builds.show(connection, [build.id for build in publication.builds], number)
            _move(connection, release, publication.expected)
            _bar(connection, self._database, number, publication.barred, publication.unbarred)
            insert_notes(connection, [replace(n, release=number) for n in publication.notes])
        self._states.remember(ids, new)
        return release

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
            connection.execute(sa.update(ledger).values(epoch=ledger.c.epoch + 1))
            head = read_head(connection, name)
            if head is None:
                return
            connection.execute(sa.delete(environments).where(environments.c.name == name))
            connection.execute(
                sa.insert(departures),
                {"release": head.number, "environment": name, "at": to_micros(at)},
            )

    def barred(self) -> frozenset[InputKey]:
        """The input keys that must not be built until they are released anew."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(barred.c.node, barred.c.input_key))
            return frozenset((node_id(node), key) for node, key in rows)


def _next_number(connection: sa.Connection, environment: str, expected: int | None) -> int:
    """Take the place of the only writer, compare, and count the epoch up."""
    connection.execute(sa.update(ledger).values(epoch=ledger.c.epoch + 1))
    head = read_head(connection, environment)
    if (head and head.number) != expected:
        raise Conflict(environment, expected, head)
    newest = connection.execute(sa.select(sa.func.max(releases.c.number))).scalar_one()
    return int(newest or 0) + 1


def _released(number: int, publication: Publication, parent: ReleaseMap | None) -> Release:
    tree = publication.tree
    if tree is None:
        tree = "" if parent is None else parent.release.tree
    return Release(
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
