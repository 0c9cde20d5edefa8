"""Scores whose outcome is known since: calibration where it counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import numpy as np

from headwater.contracts.quoting import literal, quote, quote_all
from headwater.engines.protocol import Session
from headwater.ids import NodeId
from headwater.learning.evaluation import evaluate
from headwater.learning.model import AS_OF, LABEL
from headwater.learning.report import Figure
from headwater.project.monitoring.batch import entity_keys
from headwater.project.monitoring.look import ROWS, SERVED, Look, show
from headwater.project.monitoring.model import Origin, Outcomes

_LABELS: Final = "__labels"
#: Rows with outcomes, newest first, of which calibration is told.
_MOST_OUTCOMES: Final = 500_000


def online_outcomes(session: Session, look: Look, version: int) -> Iterator[Outcomes]:
    """Answers on a day at whose beginning the label was observed, of the whole log."""
    if not _show_labels(session, look):
        return
    types = session.fetch(f"DESCRIBE SELECT keys.* FROM {SERVED}")
    keys, at = [str(row[0]) for row in types], quote(AS_OF)
    same = " AND ".join(f"s.keys.{quote(key)} = l.{quote(key)}" for key in keys)
    yield from _outcomes(
        session,
        f"SELECT l.{quote(LABEL)} AS label, s.score, l.{at} AS moment, s.version"
        f" FROM {SERVED} AS s"
        f" JOIN {_LABELS} AS l ON {same}"
        f" AND CAST(l.{at} AS DATE) = CAST(CAST(s.asked_at AS TIMESTAMP) AS DATE)"
        f" WHERE s.score IS NOT NULL AND s.version = {literal(version)}",
        "online",
    )


def batch_outcomes(session: Session, look: Look) -> Iterator[Outcomes]:
    """Batch scores of the moments of which the label is known."""
    if not _show_labels(session, look):
        return
    keys = entity_keys(session)
    yield from _outcomes(
        session,
        f"SELECT l.{quote(LABEL)} AS label, s.score, {quote(AS_OF)} AS moment, s.version"
        f" FROM {ROWS} AS s JOIN {_LABELS} AS l USING ({quote_all((*keys, AS_OF))})"
        f" WHERE s.score IS NOT NULL",
        "batch",
    )


def _show_labels(session: Session, look: Look) -> bool:
    return show(session, look, NodeId("label", look.definition.inputs.label), _LABELS)


def _outcomes(session: Session, joined: str, origin: Origin) -> Iterator[Outcomes]:
    rows = session.fetch(
        f"SELECT version, label, score, moment FROM ({joined}) WHERE label IS NOT NULL"
        f" ORDER BY moment DESC LIMIT {_MOST_OUTCOMES}"
    )
    by_version: dict[int, list[tuple[int, bool, float, datetime]]] = {}
    for row in rows:
        by_version.setdefault(int(row[0]), []).append(row)
    for version, found in sorted(by_version.items()):
        measured = evaluate(
            np.array([row[1] for row in found], dtype=bool), np.array([row[2] for row in found])
        )
        yield Outcomes(
            origin=origin,
            version=version,
            rows=measured.rows,
            positives=measured.positives,
            first=found[-1][3].date(),
            last=found[0][3].date(),
            auc=measured.figures.get("auc", Figure(None)),
            calibration_error=measured.figures.get("calibration_error", Figure(None)),
            deciles=measured.deciles,
        )
