"""From what a user asks, in words, to the request of a plan or a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from headwater.clock import parse_duration
from headwater.errors import Issue, UsageError
from headwater.ids import NodeId
from headwater.project.recording import PROD
from headwater.semantics.periods import parse_period

if TYPE_CHECKING:
    from headwater.plan.steps import Request
    from headwater.project import Project


def chosen(
    project: Project, nodes: Sequence[str], exclude: Sequence[str] = ()
) -> frozenset[NodeId] | None:
    """The nodes that a selection means; None for all."""
    return project.select(nodes, exclude) if nodes or exclude else None


def make_request(
    project: Project,
    *,
    nodes: Sequence[str] = (),
    exclude: Sequence[str] = (),
    full_refresh: Sequence[str] = (),
    period: str | None = None,
    sample: str | None = None,
    apply: bool = False,
) -> Request:
    """What the words ask for. Codes E801, E802 (selection), E807 (period), E810 (sample)."""
    selected = chosen(project, nodes, exclude)
    refreshed = project.select(full_refresh) if full_refresh else frozenset()
    if selected is not None:
        selected |= refreshed
    return replace(
        project.request(),
        selected=selected,
        full_refresh=refreshed,
        period=parse_period(period, project.workspace.clock) if period else None,
        sample=_sample(project, sample) if sample else None,
        apply=apply,
    )


def _sample(project: Project, text: str) -> timedelta:
    if project.environment == PROD:
        what = "`--sample` would leave a part of history in what everybody reads"
        fix = "give a working environment too: `--env NAME`"
        raise UsageError(Issue(code="E810", what=what, fix=fix))
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(Issue(code="E810", what=str(error))) from None
