"""What a hover or the keyboard shows of a name: definition, owner, freshness."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from headwater.views.figures import count
from headwater.views.summaries import NodeFacts
from headwater.web.context import Snapshot
from headwater.web.navigation import node_url
from headwater.web.pages import clock_time, last_day, snapshot_of

router = APIRouter(include_in_schema=False)


@router.get("/about/{name}")
def about(request: Request, name: str) -> Response:
    """A node in a few lines, as text: the script never takes it as HTML."""
    snapshot = snapshot_of(request)
    kind, _, bare = name.partition(".")
    facts = snapshot.node(kind, bare)
    body = {
        "title": facts.title or facts.node.name,
        "text": facts.description or "Not described yet.",
        "lines": _lines(snapshot, facts),
        "url": node_url(facts.node),
    }
    return JSONResponse(body, headers={"cache-control": "private, max-age=30"})


def _lines(snapshot: Snapshot, facts: NodeFacts) -> list[str]:
    """Owner, standing, freshness, size: whatever there is."""
    lines = [f"{facts.node.kind.capitalize()} · owner {facts.owner or 'none'}"]
    if facts.node.kind == "metric":
        return [*lines, *_standing(snapshot, facts.node.name)]
    trouble = snapshot.trouble.get(facts.node)
    if trouble:
        lines.append(f"▲ {trouble}; what is published stays")
    if facts.rows is not None:
        lines.append(count(facts.rows, "row"))
    until = facts.intervals[-1].end if facts.intervals and facts.time else None
    if until is not None:
        lines.append(f"Data until {last_day(until, snapshot.zone)}")
    return lines


def _standing(snapshot: Snapshot, metric: str) -> Iterator[str]:
    """Approved or not, until when its data reach, what was restated."""
    standing = snapshot.standings.get(metric)
    if standing is None:
        return
    if standing.approved_by and standing.approved_at is not None:
        at = clock_time(standing.approved_at, snapshot.zone)
        yield f"✓ Approved by {standing.approved_by}, {at}"
    else:
        yield "Draft: nobody has approved it"
    if standing.stale_because:
        yield f"▲ Stale: {standing.stale_because}"
    if standing.data_until is not None:
        yield f"Data until {last_day(standing.data_until, snapshot.zone)}"
    if standing.restated:
        yield f"{count(standing.restated, 'published period')} restated"
