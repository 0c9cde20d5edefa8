"""Restatements: published numbers of past periods that changed, each with its cause."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from headwater.ids import NodeId
from headwater.project.metrics.restating import read_restatements
from headwater.web.pages import called, render, snapshot_of
from headwater.web.routes.releases import shown_restatements

router = APIRouter(include_in_schema=False)

_MOST = 200


@router.get("/restatements")
def restatements(request: Request, metric: Annotated[str, Query(max_length=200)] = "") -> Response:
    """All of them, newest first, or those of one metric."""
    snapshot = snapshot_of(request)
    every = list(reversed(read_restatements(snapshot.ledger)))
    found = [each for each in every if not metric or each.metric == metric]
    return render(
        request,
        "restatements.html",
        title="Restatements",
        restatements=shown_restatements(snapshot, found[:_MOST]),
        left_out=max(len(found) - _MOST, 0),
        metric=metric,
        metrics=sorted(
            (
                (name, called(NodeId("metric", name), snapshot.facts))
                for name in {e.metric for e in every}
            ),
            key=lambda pair: pair[1].casefold(),
        ),
    )
