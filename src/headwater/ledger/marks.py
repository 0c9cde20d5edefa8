"""The mark of a ledger: it differs whenever a reader could see something new."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from headwater.ledger.database import Database
from headwater.ledger.schema import environments, notes, runs


@dataclass(frozen=True, slots=True)
class Mark:
    """The release that an environment points to, the newest note, and how many runs there were.

    A run that begins changes only what is said of runs; one that ends may have held something.
    """

    release: int | None = None
    note: int = 0
    finished: int = 0
    running: int = 0


def read_mark(database: Database, environment: str) -> Mark:
    """The mark of one environment; one cheap query."""
    pointed = sa.select(environments.c.release).where(environments.c.name == environment)
    every = sa.select(sa.func.count()).select_from(runs)
    over = sa.select(sa.func.count(runs.c.finished_at)).select_from(runs)
    query = sa.select(
        pointed.scalar_subquery(),
        sa.select(sa.func.max(notes.c.id)).scalar_subquery(),
        over.scalar_subquery(),
        every.scalar_subquery(),
    )
    with database.read() as connection:
        release, note, finished, begun = connection.execute(query).one()
    return Mark(release=release, note=note or 0, finished=finished, running=begun - finished)
