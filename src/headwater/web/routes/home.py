"""The first page."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from headwater.web.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(request: Request) -> Response:
    """What needs attention, and what there is."""
    return render(request, "home.html", title="Home")
