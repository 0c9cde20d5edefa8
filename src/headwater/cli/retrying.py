"""The request of an earlier run, read back from the ledger."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from headwater.errors import Issue, UsageError
from headwater.ids import DataInterval, NodeId
from headwater.plan.steps import Request

if TYPE_CHECKING:
    from headwater.project import Project


def last_request(project: Project) -> Request:
    """What the environment's last run was asked for, of the nodes that still exist. Code E815."""
    runs = project.ledger.runs(project.environment, limit=1)
    if not runs:
        what = f"there was no run of `{project.environment}` yet"
        raise UsageError(Issue(code="E815", what=what, fix="`headwater run`"))
    asked = json.loads(runs[0].request)
    known = project.bound.graph.nodes
    selected = asked["selected"]
    period = asked["period"]
    days = asked["sample_days"]
    return Request(
        environment=project.environment,
        selected=None
        if selected is None
        else frozenset(n for n in map(NodeId.parse, selected) if n in known),
        full_refresh=frozenset(n for n in map(NodeId.parse, asked["full_refresh"]) if n in known),
        period=DataInterval(*map(datetime.fromisoformat, period)) if period else None,
        sample=timedelta(days=days) if days else None,
    )
