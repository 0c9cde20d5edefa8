"""Answers of `headwater serve`, by the log of requests."""

from __future__ import annotations

from collections.abc import Iterator

from headwater.contracts.quoting import literal, quote
from headwater.engines.protocol import Session
from headwater.project.monitoring.look import ASKED, SERVED, Look, movement_of
from headwater.project.monitoring.model import Movement, Traffic
from headwater.project.serving.log import log_files
from headwater.project.serving.scored import REFUSED


def show_served(session: Session, look: Look, version: int) -> bool:
    """Show the answers of a version as `__served`; whether there are any files of them."""
    files = log_files(look.folder, look.name, version=version)
    if not files:
        return False
    listed = ", ".join(literal(str(path)) for path in files)
    inside = f"asked_at >= {literal(look.start)} AND asked_at < {literal(look.end)}"
    session.fetch(
        f"CREATE OR REPLACE TEMP VIEW {SERVED} AS "
        f"SELECT *, {inside} AS inside FROM read_parquet([{listed}])"
    )
    return True


def traffic_of(session: Session, version: int) -> Iterator[Traffic]:
    """How its answers in the span went, by role."""
    described = session.fetch(f"DESCRIBE SELECT features.* FROM {SERVED}")
    lacks = [f"features.{quote(row[0])} IS NULL" for row in described] or ["FALSE"]
    statuses: dict[str, dict[str, int]] = {}
    for role, status, count in session.fetch(
        f"SELECT role, status, count(*) FROM {SERVED} WHERE inside GROUP BY ALL ORDER BY ALL"
    ):
        statuses.setdefault(role, {})[status] = int(count)
    rows = session.fetch(
        f"SELECT role, quantile_cont(ms, [0.5, 0.95, 0.99]), avg(score),"
        f" count(*) FILTER (features IS NOT NULL AND ({' OR '.join(lacks)}))"
        f" FROM {SERVED} WHERE inside GROUP BY role ORDER BY role"
    )
    for role, quantiles, score, incomplete in rows:
        found = statuses[role]
        p50, p95, p99 = quantiles or (None, None, None)
        yield Traffic(
            version=version,
            role=role,
            answers=sum(found.values()),
            statuses=found,
            refused=sum(found.get(status, 0) for status in REFUSED),
            incomplete=int(incomplete),
            p50_ms=p50,
            p95_ms=p95,
            p99_ms=p99,
            mean_score=score,
        )


def online_movement(session: Session, look: Look, version: int) -> Iterator[Movement]:
    """What it was asked, and what it answered, against training."""
    session.fetch(
        f"CREATE OR REPLACE TEMP VIEW {ASKED} AS SELECT features.*, score FROM {SERVED} "
        f"WHERE inside AND features IS NOT NULL"
    )
    yield from movement_of(session, ASKED, look.reference(version), "online", version)
