"""Notes: free facts about a node or a release, such as acknowledgements."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from headwater.ids import NodeId
from headwater.ledger.database import Database
from headwater.ledger.encoding import from_micros, node_id, to_micros
from headwater.ledger.model import Note
from headwater.ledger.schema import notes


def insert_notes(connection: sa.Connection, added: Sequence[Note]) -> None:
    """Write notes within a transaction."""
    rows = [
        {
            "sort": note.sort,
            "node": None if note.node is None else str(note.node),
            "at": to_micros(note.at),
            "author": note.author,
            "release": note.release,
            "text": note.text,
            "data": note.data,
        }
        for note in added
    ]
    if rows:
        connection.execute(sa.insert(notes), rows)


def read_notes(
    database: Database,
    sort: str | None,
    node: NodeId | None,
    newest: int | None = None,
    release: int | None = None,
) -> Sequence[Note]:
    """Notes of one sort, node or release, or all; oldest first, or only so many of the newest."""
    c = notes.c
    query = sa.select(c.sort, c.node, c.at, c.author, c.release, c.text, c.data)
    query = query.order_by(c.id if newest is None else c.id.desc()).limit(newest)
    if sort is not None:
        query = query.where(c.sort == sort)
    if node is not None:
        query = query.where(c.node == str(node))
    if release is not None:
        query = query.where(c.release == release)
    with database.read() as connection:
        found = tuple(
            Note(
                sort=row.sort,
                node=None if row.node is None else node_id(row.node),
                at=from_micros(row.at),
                author=row.author,
                release=row.release,
                text=row.text,
                data=row.data,
            )
            for row in connection.execute(query)
        )
    return found if newest is None else found[::-1]
