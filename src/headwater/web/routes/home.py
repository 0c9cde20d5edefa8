"""The first page: what needs attention, and what there is."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from headwater.web.attention import matters
from headwater.web.pages import render, snapshot_of

router = APIRouter(include_in_schema=False)

_NEWEST = 6


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
        releases=snapshot.ledger.releases(environment, _NEWEST),
        runs=snapshot.ledger.runs(environment, limit=_NEWEST),
    )
