"""Recorded runs: what each was asked for, what became of every node, how long it took."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from headwater.errors import Issue
from headwater.ids import DataInterval, NodeId
from headwater.ledger import RunRecord
from headwater.plan.reasons import days_text
from headwater.project.recording import is_interrupted, recorded_outcomes
from headwater.run.context import NodeOutcome
from headwater.views.figures import count
from headwater.views.run import MARKS
from headwater.views.summaries import outcome_text

_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFact:
    """What became of one node."""

    node: NodeId
    status: str
    mark: str
    style: str
    text: str
    reason: str
    seconds: float
    because: NodeId | None
    issues: tuple[Issue, ...]

    @property
    def is_trouble(self) -> bool:
        """Whether somebody has to look at it."""
        return self.status in ("held", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """One run as people read it."""

    record: RunRecord
    asked: str
    counts: str  # `11 built, 2 loaded`
    releases: tuple[int, ...]
    seconds: float | None  # None: under way, or not recorded
    steps: tuple[StepFact, ...]

    @property
    def trouble(self) -> tuple[StepFact, ...]:
        """The nodes that were held or failed."""
        return tuple(step for step in self.steps if step.is_trouble)

    @property
    def slowest(self) -> float:
        """The seconds of the slowest node."""
        return max((step.seconds for step in self.steps), default=0.0)

    def held_with(self, node: NodeId) -> tuple[NodeId, ...]:
        """The nodes that waited because of another."""
        return tuple(step.node for step in self.steps if step.because == node)


def run_facts(record: RunRecord, zone: ZoneInfo) -> RunFacts:
    """The facts of a run from its record."""
    if is_interrupted(record):
        record = replace(record, status="interrupted")
    summary = json.loads(record.summary) if record.summary else {}
    steps = tuple(map(_step, recorded_outcomes(record)))
    counted = Counter(step.status for step in steps)
    return RunFacts(
        record=record,
        asked=asked_text(json.loads(record.request), zone),
        counts=", ".join(f"{counted[status]:,} {status}" for status in MARKS if counted[status]),
        releases=tuple(summary.get("releases", ())),
        seconds=summary.get("seconds"),
        steps=steps,
    )


def asked_text(request: Mapping[str, Any], zone: ZoneInfo) -> str:
    """What a run was asked for, from its record.

    >>> asked_text({"selected": None}, ZoneInfo("UTC"))
    'everything'
    >>> asked_text({"selected": ["table.sales"], "apply": True}, ZoneInfo("UTC"))
    'table.sales · with edited definitions'
    """
    selected = request.get("selected")
    parts = ["everything" if selected is None else _named(selected)]
    if request.get("full_refresh"):
        parts.append(f"anew: {_named(request['full_refresh'])}")
    if request.get("period"):
        start, end = map(datetime.fromisoformat, request["period"])
        parts.append(f"again: {days_text(DataInterval(start, end), zone)}")
    if request.get("sample_days"):
        parts.append(f"the newest {count(request['sample_days'], 'day')}")
    if request.get("apply"):
        parts.append("with edited definitions")
    return " · ".join(parts)


def _named(nodes: list[str]) -> str:
    more = f" and {len(nodes) - _NAMED} more" if len(nodes) > _NAMED else ""
    return ", ".join(nodes[:_NAMED]) + more


def _step(outcome: NodeOutcome) -> StepFact:
    mark, style = MARKS[outcome.status]
    return StepFact(
        node=outcome.node,
        status=outcome.status,
        mark=mark,
        style=style,
        text=outcome_text(replace(outcome, reason="")),
        reason=outcome.reason,
        seconds=outcome.seconds,
        because=outcome.because,
        issues=outcome.issues,
    )
