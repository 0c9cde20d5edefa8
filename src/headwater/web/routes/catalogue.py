"""The catalogue: everything that there is, and search over all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from headwater.ids import NodeId
from headwater.views.searching import Hit
from headwater.views.summaries import NodeFacts
from headwater.web.context import Snapshot
from headwater.web.navigation import node_url
from headwater.web.pages import render, snapshot_of

router = APIRouter(include_in_schema=False)

_LONGEST = 200
_ON_A_PAGE = 60
_AS_YOU_TYPE = 8
#: The order in which kinds are listed, and their names for several.
KINDS: Mapping[str, str] = {
    "metric": "Metrics",
    "dashboard": "Dashboards",
    "report": "Reports",
    "query": "Queries",
    "model": "Models",
    "scores": "Scores",
    "feature_view": "Feature views",
    "label": "Labels",
    "table": "Tables",
    "source": "Sources",
    "training_set": "Training sets",
    "rollup": "Rollups",
}
#: Kinds that Headwater makes itself: found by name, and not listed.
OWN_KINDS = frozenset(("rollup", "training_set"))

Text = Annotated[str, Query(max_length=_LONGEST)]


@router.get("/catalogue")
def catalogue(
    request: Request, q: Text = "", kind: Text = "", owner: Text = "", tag: Text = ""
) -> Response:
    """All nodes, or those that a search finds; narrowed by kind, owner and tag."""
    snapshot = snapshot_of(request)
    wanted = {"kind": kind, "owner": owner, "tag": tag}
    hits = [h for h in snapshot.search.find(q, 500) if _is_wanted(snapshot, h.entry.node, wanted)]
    listed = [f for f in snapshot.facts.values() if _is_wanted(snapshot, f.node, wanted)]
    return render(
        request,
        "catalogue.html",
        title="Search" if q.strip() else "Catalogue",
        asked={"q": q.strip(), **wanted},
        hits=hits[:_ON_A_PAGE],
        found=len(hits),
        nearest=snapshot.search.nearest(q) if q.strip() and not hits else "",
        groups=_groups(listed),
        kinds=KINDS,
        choices=_choices(snapshot),
    )


@router.get("/search.json")
def as_you_type(request: Request, q: Text = "") -> Response:
    """The best few, while a reader types."""
    snapshot = snapshot_of(request)
    hits = snapshot.search.find(q, _AS_YOU_TYPE)
    found = [_hit_data(hit) for hit in hits]
    return JSONResponse(found, headers={"cache-control": "private, max-age=5"})


def hit_url(hit: Hit) -> str:
    """Where an entry is."""
    anchor = f"#column-{hit.entry.column}" if hit.entry.column else ""
    return node_url(hit.entry.node) + anchor


def _hit_data(hit: Hit) -> dict[str, str]:
    entry = hit.entry
    of = f"column of {entry.node.name}" if entry.column else entry.node.kind
    name = entry.column or entry.title or entry.node.name
    return {"name": name, "of": of, "text": entry.text[:140], "url": hit_url(hit)}


def _is_wanted(snapshot: Snapshot, node: NodeId, wanted: Mapping[str, str]) -> bool:
    facts = snapshot.facts[node]
    if wanted["kind"]:
        if node.kind != wanted["kind"]:
            return False
    elif node.kind in OWN_KINDS:
        return False
    if wanted["owner"] and facts.owner != wanted["owner"]:
        return False
    return not wanted["tag"] or wanted["tag"] in facts.tags


def _groups(listed: Iterable[NodeFacts]) -> list[tuple[str, list[NodeFacts]]]:
    """The nodes by kind, each kind by name."""
    by_kind: dict[str, list[NodeFacts]] = {}
    for facts in sorted(listed, key=lambda each: (each.title or each.node.name).casefold()):
        by_kind.setdefault(facts.node.kind, []).append(facts)
    order = [*KINDS, *sorted(set(by_kind) - set(KINDS))]
    return [(KINDS.get(kind, kind), by_kind[kind]) for kind in order if kind in by_kind]


def _choices(snapshot: Snapshot) -> dict[str, list[str]]:
    """What the lists of the filters offer."""
    facts = snapshot.facts.values()
    return {
        "kind": [kind for kind in KINDS if any(f.node.kind == kind for f in facts)],
        "owner": sorted({f.owner for f in facts if f.owner}),
        "tag": sorted({tag for f in facts for tag in f.tags}),
    }
