"""Rows that broke a rule and wait: by node and rule, with personal columns masked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from headwater.errors import did_you_mean
from headwater.ids import NodeId
from headwater.project.quarantine import list_quarantine, show_quarantine
from headwater.views.diff import number
from headwater.web.context import NotThere, Snapshot
from headwater.web.pages import render, snapshot_of

router = APIRouter(include_in_schema=False)

_ROWS = 50


@router.get("/quarantine")
def quarantine(request: Request) -> Response:
    """The nodes of which rows wait."""
    snapshot = snapshot_of(request)
    return render(
        request, "quarantine.html", title="Quarantine", nodes=list_quarantine(snapshot.project)
    )


@router.get("/quarantine/{name}")
def waiting(
    request: Request, name: str, rule: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """The rows of one node that wait, by rule."""
    snapshot = snapshot_of(request)
    node = _node(snapshot, name)
    found = show_quarantine(snapshot.project, node, rule or None, _ROWS)
    facts = snapshot.facts.get(node)
    return render(
        request,
        "quarantined.html",
        title=f"Waiting rows of {name}",
        crumbs=[("Quarantine", "/quarantine")],
        node=node,
        owner=facts.owner if facts is not None else "",
        found=found,
        rule=rule,
        masked=frozenset(c.name for c in facts.columns if c.masked) if facts else frozenset(),
        amount=number,
    )


def _node(snapshot: Snapshot, name: str) -> NodeId:
    known = {
        node.name: node for node, state in snapshot.view.states.items() if state.part("quarantined")
    }
    if name not in known:
        raise NotThere(f"no rows of `{name}` wait", did_you_mean(name, known))
    return known[name]
