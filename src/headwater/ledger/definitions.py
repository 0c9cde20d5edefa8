"""Definitions as they were released, kept once by the hash of their content."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from headwater.errors import HeadwaterError, Issue
from headwater.ledger.database import Database
from headwater.ledger.encoding import node_id, pack, unpack
from headwater.ledger.model import DefinitionRecord
from headwater.ledger.schema import definitions


def definition_row(record: DefinitionRecord) -> dict[str, object]:
    """A definition as a row of `definitions`."""
    return {
        "hash": record.hash,
        "node": str(record.node),
        "path": record.path,
        "kind": record.kind,
        "fingerprint": record.fingerprint,
        "body": pack(record.body),
    }


def read_definitions(database: Database, hashes: Iterable[str]) -> dict[str, DefinitionRecord]:
    """Definitions by hash; raises E707 for one that the ledger does not hold."""
    wanted = set(hashes)
    if not wanted:
        return {}
    c = definitions.c
    query = sa.select(c.hash, c.node, c.path, c.kind, c.fingerprint, c.body).where(
        database.among(c.hash, wanted)
    )
    with database.read() as connection:
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
