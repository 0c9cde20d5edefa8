"""The first page: what needs attention, and what there is."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from headwater.ids import NodeId
from headwater.web.attention import matters
from headwater.web.context import Snapshot
from headwater.web.numbers import glance
from headwater.web.pages import render, snapshot_of
from headwater.web.routes.dashboards import dashboards_of

router = APIRouter(include_in_schema=False)

_NEWEST = 6
_KEY = 8  # metrics with a card


def key_metrics(snapshot: Snapshot) -> list[str]:
    """The metrics of the first page: approved ones first, then those that most is read from."""

    def rank(name: str) -> tuple[bool, int]:
        readers = snapshot.facts[NodeId("metric", name)].children
        return not snapshot.standings[name].approved_by, -len(readers)

    return sorted(snapshot.metrics, key=rank)[:_KEY]


@router.get("/")
def home(request: Request) -> Response:
    """The project at a glance."""
    snapshot = snapshot_of(request)
    environment = snapshot.project.environment
    return render(
        request,
        "home.html",
        title="Home",
        matters=matters(snapshot),
        glances=[glance(snapshot, name, "month") for name in key_metrics(snapshot)],
        dashboards=dashboards_of(snapshot),
        releases=snapshot.ledger.releases(environment, _NEWEST),
        # Runs under way stand on a page of their own; this one is kept until they have ended.
        runs=[r for r in snapshot.ledger.runs(environment, limit=_NEWEST) if r.finished_at],
    )
