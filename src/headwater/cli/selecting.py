"""The options that choose nodes, and the request that they make."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from headwater.ids import NodeId
    from headwater.plan.steps import Request
    from headwater.project import Project

Nodes = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NODES]...",
        help="Which nodes: +table.orders, orders+2, tag:…, owner:…, path:…, state:modified+.",
        show_default=False,
    ),
]
Select = Annotated[
    list[str] | None, typer.Option("--select", "-s", metavar="NODES", help="The same, as an option.")
]
Exclude = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="NODES", help="All but these.")
]
FullRefresh = Annotated[
    list[str] | None,
    typer.Option("--full-refresh", metavar="NODES", help="Build these anew from the beginning."),
]
Period = Annotated[
    str | None,
    typer.Option(
        "--period", metavar="PERIOD", help="Build these days again: 2011-11, 2011-11-01..2011-11-09."
    ),
]
Sample = Annotated[
    str | None,
    typer.Option("--sample", metavar="30d", help="Only the newest part of history; needs --env."),
]
Apply = Annotated[bool, typer.Option("--apply", help="Release edited definitions with this run.")]


def chosen(
    project: Project, nodes: Sequence[str] | None, exclude: Sequence[str] | None
) -> frozenset[NodeId] | None:
    """The nodes that were asked for; None for all."""
    if not nodes and not exclude:
        return None
    return project.select(tuple(nodes or ()), tuple(exclude or ()))


def make_request(
    project: Project,
    *,
    nodes: Sequence[str],
    exclude: Sequence[str] | None,
    full_refresh: Sequence[str] | None,
    period: str | None,
    sample: str | None,
    apply: bool = False,
) -> Request:
    """What the options ask of a plan or a run. Codes E801, E802, E807, E810."""
    from dataclasses import replace

    from headwater.periods import parse_period

    selected = chosen(project, nodes, exclude)
    refreshed = project.select(tuple(full_refresh)) if full_refresh else frozenset()
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
    from headwater.clock import parse_duration
    from headwater.errors import Issue, UsageError
    from headwater.releasing import PROD

    if project.environment == PROD:
        what = "`--sample` would leave a part of history in what everybody reads"
        fix = "give a working environment too: `--env NAME`"
        raise UsageError(Issue(code="E810", what=what, fix=fix))
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(Issue(code="E810", what=str(error))) from None
