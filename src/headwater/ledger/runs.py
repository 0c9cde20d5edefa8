"""Runs and what happened in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from headwater.ledger.database import Database
from headwater.ledger.encoding import from_micros, node_id, to_micros
from headwater.ledger.model import Event, RunRecord
from headwater.ledger.schema import events, runs


class Runs:
    """The tables `runs` and `events`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, run: RunRecord) -> None:
        """Record that a run has begun; one of its environment that never ended was interrupted.

        The caller holds the environment's run lock, so that no other run of it can be under way.
        """
        row = {
            "id": run.id,
            "environment": run.environment,
            "request": run.request,
            "started_at": to_micros(run.started_at),
            "author": run.author,
            "pid": run.pid,
            "host": run.host,
            "status": run.status,
            "finished_at": None if run.finished_at is None else to_micros(run.finished_at),
            "summary": run.summary,
        }
        killed = (runs.c.environment == run.environment) & (runs.c.status == "running")
        with self._database.write() as connection:
            connection.execute(sa.update(runs).where(killed).values(status="interrupted"))
            connection.execute(sa.insert(runs), row)

    def finish(self, run: str, *, status: str, at: datetime, summary: str) -> None:
        """Record how a run ended."""
        change = {"status": status, "finished_at": to_micros(at), "summary": summary}
        with self._database.write() as connection:
            connection.execute(sa.update(runs).where(runs.c.id == run).values(**change))

    def add_events(self, run: str, happened: Sequence[Event]) -> None:
        """Record events of a run, in order."""
        rows = [
            {
                "run": run,
                "at": to_micros(event.at),
                "node": None if event.node is None else str(event.node),
                "step": event.step,
                "sort": event.sort,
                "text": event.text,
                "data": event.data,
            }
            for event in happened
        ]
        if rows:
            with self._database.write() as connection:
                connection.execute(sa.insert(events), rows)

    def list(
        self, environment: str | None, status: str | None, limit: int | None
    ) -> Sequence[RunRecord]:
        """Runs, newest first."""
        query = sa.select(runs).order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(limit)
        if environment is not None:
            query = query.where(runs.c.environment == environment)
        if status is not None:
            query = query.where(runs.c.status == status)
        with self._database.read() as connection:
            return tuple(map(_run, connection.execute(query)))

    def find(self, run: str) -> RunRecord | None:
        """One run; None for an unknown one."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(runs).where(runs.c.id == run)).first()
        return _run(row) if row is not None else None

    def events(self, run: str) -> Sequence[Event]:
        """What happened in a run, in order."""
        query = sa.select(events).where(events.c.run == run).order_by(events.c.id)
        with self._database.read() as connection:
            return tuple(
                Event(
                    at=from_micros(row.at),
                    node=None if row.node is None else node_id(row.node),
                    step=row.step,
                    sort=row.sort,
                    text=row.text,
                    data=row.data,
                )
                for row in connection.execute(query)
            )


def _run(row: Any) -> RunRecord:
    return RunRecord(
        id=row.id,
        environment=row.environment,
        request=row.request,
        started_at=from_micros(row.started_at),
        author=row.author,
        pid=row.pid,
        host=row.host,
        status=row.status,
        finished_at=None if row.finished_at is None else from_micros(row.finished_at),
        summary=row.summary,
    )
