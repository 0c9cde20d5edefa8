"""Runs: what each did, node by node, and what a run would do now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from headwater.errors import did_you_mean
from headwater.views.estimate import expected_seconds
from headwater.views.runs import run_facts
from headwater.views.summaries import later_nodes, plan_lines
from headwater.web.context import NotThere, Snapshot
from headwater.web.pages import render, site_of, snapshot_of
from headwater.web.planning import planned

router = APIRouter(include_in_schema=False)

_ON_A_PAGE = 50


@router.get("/runs")
def runs(request: Request, page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> Response:
    """All runs of the environment, newest first."""
    snapshot = snapshot_of(request)
    first = (page - 1) * _ON_A_PAGE
    found = snapshot.ledger.runs(snapshot.project.environment, limit=first + _ON_A_PAGE + 1)
    shown = found[first : first + _ON_A_PAGE]
    return render(
        request,
        "runs.html",
        title="Runs",
        runs=[run_facts(record, snapshot.zone) for record in shown],
        number=page,
        more=len(found) > first + _ON_A_PAGE,
    )


@router.get("/runs/{name}")
def run(request: Request, name: str) -> Response:
    """One run."""
    snapshot = snapshot_of(request)
    record = snapshot.ledger.find_run(name)
    if record is None:
        known = [each.id for each in snapshot.ledger.runs(limit=200)]
        raise NotThere(f"there is no run `{name}`", did_you_mean(name, known))
    facts = run_facts(record, snapshot.zone)
    return render(
        request,
        "run.html",
        title=f"Run {record.id[-5:]}",
        crumbs=[("Runs", "/runs")],
        run=facts,
        events=snapshot.ledger.events(record.id),
        owners={step.node: _owner(snapshot, step.node) for step in facts.trouble},
    )


@router.get("/plan")
def plan(request: Request) -> Response:
    """What a run would do now; it looks at the folder, so it is made anew each time."""
    snapshot = snapshot_of(request)
    found = planned(site_of(request), snapshot)
    return render(
        request,
        "plan.html",
        cached=False,
        title="Plan",
        crumbs=[("Runs", "/runs")],
        plan=found.plan,
        lines=plan_lines(found.plan, snapshot.zone),
        later=later_nodes(found.plan, snapshot.bound.graph),
        expected_s=expected_seconds(found.plan, snapshot.view, snapshot.zone),
        edited=found.edited,
        problems=found.problems,
    )


def _owner(snapshot: Snapshot, node: object) -> str:
    """`data (data-lead)`: whom to ask."""
    facts = next((f for n, f in snapshot.facts.items() if n == node), None)
    if facts is None or not facts.owner:
        return ""
    team = snapshot.settings.teams.get(facts.owner)
    people = f" ({', '.join(team.members)})" if team is not None and team.members else ""
    return facts.owner + people
