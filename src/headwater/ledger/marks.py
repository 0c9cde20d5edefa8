"""The mark of a ledger: it differs whenever a reader could see something new."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from headwater.ledger.database import Database
from headwater.ledger.schema import environments, notes, runs


@dataclass(frozen=True, slots=True)
class Mark:
    """The release that an environment points to, the newest note and run, and the runs under way.

    `note` 0, `run` "" and `release` None stand for none.
    """

    release: int | None = None
    note: int = 0
    run: str = ""
    running: int = 0


def read_mark(database: Database, environment: str) -> Mark:
    """The mark of one environment; one cheap query."""
    pointed = sa.select(environments.c.release).where(environments.c.name == environment)
    under_way = sa.select(sa.func.count()).where(runs.c.finished_at.is_(None))
    query = sa.select(
        pointed.scalar_subquery(),
        sa.select(sa.func.max(notes.c.id)).scalar_subquery(),
        sa.select(sa.func.max(runs.c.id)).scalar_subquery(),
        under_way.select_from(runs).scalar_subquery(),
    )
    with database.read() as connection:
        release, note, run, running = connection.execute(query).one()
    return Mark(release=release, note=note or 0, run=run or "", running=running)
