"""The first page: what needs attention, and what there is."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from headwater.web.attention import matters
from headwater.web.numbers import glance
from headwater.web.pages import render, snapshot_of
from headwater.web.routes.dashboards import dashboards_of

router = APIRouter(include_in_schema=False)

_NEWEST = 6
_KEY = 8  # metrics with a card


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
        glances=[glance(snapshot, name, "month") for name in snapshot.metrics[:_KEY]],
        dashboards=dashboards_of(snapshot),
        releases=snapshot.ledger.releases(environment, _NEWEST),
        # Runs under way stand on a page of their own; this one is kept until they have ended.
        runs=[r for r in snapshot.ledger.runs(environment, limit=_NEWEST) if r.finished_at],
    )
