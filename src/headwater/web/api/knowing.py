"""Routes that tell what there is: metrics, releases, changes, the graph."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response

from headwater.errors import HeadwaterError
from headwater.ids import NodeId
from headwater.views.history import read_changes
from headwater.views.plain import plain
from headwater.views.summaries import release_data
from headwater.web.api.asking import REFUSALS
from headwater.web.api.encoding import json_response
from headwater.web.api.models import (
    ChangeFacts,
    CurrentRelease,
    GraphNode,
    MetricFacts,
    ReleaseFacts,
)
from headwater.web.context import NotThere, Snapshot
from headwater.web.pages import snapshot_of

router = APIRouter(prefix="/v1", tags=["Facts"])

_MOST: Final = 1_000
Limit = Annotated[int, Query(ge=1, le=_MOST)]


def _told(model: Any) -> dict[int | str, dict[str, Any]]:
    return {200: {"model": model}, **REFUSALS}


@router.get("/metrics", summary="All metrics", responses=_told(dict[str, list[MetricFacts]]))
def metrics(request: Request) -> Response:
    """What each means, who answers for it, how it stands."""
    snapshot = snapshot_of(request)
    names = [n for n, metric in snapshot.reader.catalog.metrics.items() if metric.is_listed]
    return json_response({"metrics": [_metric(snapshot, name) for name in sorted(names)]})


@router.get("/metrics/{name}", summary="One metric", responses=_told(MetricFacts))
def metric(request: Request, name: Annotated[str, Path(max_length=200)]) -> Response:
    """Its definition, owner, approval and freshness."""
    snapshot = snapshot_of(request)
    snapshot.node("metric", name)  # 404 with the nearest one
    return json_response(_metric(snapshot, name))


@router.get("/release", summary="The release on show", responses=_told(CurrentRelease))
def release(request: Request) -> Response:
    """What all other answers are made from."""
    snapshot = snapshot_of(request)
    shown = snapshot.release
    body = {
        "environment": snapshot.project.environment,
        "release": release_data(shown) if shown is not None else None,
        "data_until": snapshot.data_until,
    }
    return json_response(body)


@router.get("/releases", summary="Releases", responses=_told(dict[str, list[ReleaseFacts]]))
def releases(
    request: Request,
    environment: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 100,
) -> Response:
    """The newest first, of all environments or of one."""
    found = snapshot_of(request).ledger.releases(environment, limit)
    return json_response({"releases": [release_data(each) for each in found]})


@router.get("/releases/{number}", summary="One release", responses=_told(ReleaseFacts))
def one_release(request: Request, number: Annotated[int, Path(ge=0, lt=1 << 31)]) -> Response:
    """Its facts."""
    try:
        return json_response(release_data(snapshot_of(request).ledger.release(number)))
    except HeadwaterError:
        fix = "`GET /v1/releases` lists them"
        raise NotThere(f"there is no release #{number}", fix) from None


@router.get("/changes", summary="Changes", responses=_told(dict[str, list[ChangeFacts]]))
def changes(
    request: Request,
    period: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 200,
) -> Response:
    """Who released, restated and decided what, when and why; the newest first."""
    found = read_changes(snapshot_of(request).project, None, period, limit)
    return json_response({"changes": plain(found)})


@router.get("/graph", summary="The graph", responses=_told(dict[str, list[GraphNode]]))
def graph(request: Request) -> Response:
    """All nodes of the release, upstream first, each with what it reads."""
    nodes = [
        {
            "node": str(facts.node),
            "kind": facts.node.kind,
            "name": facts.node.name,
            "title": facts.title,
            "description": facts.description,
            "owner": facts.owner,
            "path": facts.path,
            "rows": facts.rows,
            "reads": [str(parent) for parent in facts.parents],
        }
        for facts in snapshot_of(request).facts.values()
    ]
    return json_response({"nodes": nodes})


def _metric(snapshot: Snapshot, name: str) -> dict[str, Any]:
    reader = snapshot.reader
    found = reader.metric(name)
    standing = reader.standing(name)
    facts = snapshot.facts.get(NodeId("metric", name))
    return {
        "name": found.name,
        "title": found.title or found.name,
        "description": found.description,
        "owner": found.owner or (facts.owner if facts is not None else ""),
        "better": found.better,
        "format": found.format,
        "unit": found.unit,
        "table": found.table,
        "expr": found.expr,
        "where": found.where,
        "dimensions": found.dimensions,
        "playbook": found.playbook,
        "target": found.target,
        "approved_by": standing.approved_by,
        "approved_at": standing.approved_at,
        "meaning": standing.meaning,
        "data_until": standing.data_until,
        "stale_because": standing.stale_because,
        "restated": standing.restated,
        "restated_at": standing.restated_at,
        "path": found.place.path,
        "line": found.place.line,
    }
