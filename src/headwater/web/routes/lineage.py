"""The lineage graph: all of it by folder, or what surrounds one node."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from headwater.errors import did_you_mean
from headwater.ids import NodeId
from headwater.views.lineage.layout import HEIGHT
from headwater.views.lineage.picture import ALL, Asked, Drawn, Grouping, Item, draw
from headwater.views.summaries import NodeFacts
from headwater.web.context import NotThere, Snapshot
from headwater.web.pages import render, snapshot_of
from headwater.web.routes.catalogue import KINDS, OWN_KINDS

router = APIRouter(include_in_schema=False)

Name = Annotated[str, Query(max_length=200)]
Names = Annotated[list[str], Query(max_length=200)]


@router.get("/lineage")
def lineage(
    request: Request,
    *,
    focus: Name = "",
    depth: Annotated[int, Query(ge=1, le=ALL)] = 2,
    group: Grouping = "auto",
    open: Names = [],  # noqa: A002, B006  a word of the address; it is only read
    kind: Names = [],  # noqa: B006  it is only read
) -> Response:
    """The picture, and the same as a list."""
    snapshot = snapshot_of(request)
    kinds = [k for k in KINDS if any(node.kind == k for node in snapshot.facts)]
    kinds += sorted({node.kind for node in snapshot.facts} - set(kinds))
    shown = [k for k in kinds if (k in kind if kind else k not in OWN_KINDS)]
    at = _focus(snapshot, focus.strip()) if focus.strip() else None
    asked = Asked(
        focus=at,
        depth=depth,
        grouping=group,
        opened=frozenset(open),
        hidden=frozenset(kinds) - frozenset(shown),
    )
    picture = draw([_drawn(facts) for facts in snapshot.facts.values()], asked)
    address: dict[str, Any] = {
        "focus": str(at) if at is not None else None,
        "depth": depth if depth != 2 else None,
        "group": group if group != "auto" else None,
        "open": sorted(asked.opened),
        "kind": shown if kind else [],
    }
    return render(
        request,
        "lineage.html",
        title=f"Lineage of {snapshot.facts[at].called}" if at is not None else "Lineage",
        crumbs=[("Lineage", "/lineage")] if at is not None else [],
        picture=picture,
        edges=_edges(picture.items, {(r.source, r.target) for r in picture.layout.routes}),
        at=at,
        depth=depth,
        group=group,
        kinds=kinds,
        shown=shown,
        names=KINDS,
        address=address,
        height=HEIGHT,
        every=ALL,
    )


def _edges(
    items: Mapping[str, Item], pairs: set[tuple[str, str]]
) -> dict[str, tuple[list[Item], list[Item]]]:
    """What each box reads, and what reads it, for the list."""
    found: dict[str, tuple[list[Item], list[Item]]] = {key: ([], []) for key in items}
    order = {key: place for place, key in enumerate(items)}
    for source, target in sorted(pairs, key=lambda pair: (order[pair[0]], order[pair[1]])):
        found[target][0].append(items[source])
        found[source][1].append(items[target])
    return found


def _drawn(facts: NodeFacts) -> Drawn:
    folder = str(PurePosixPath(facts.path).parent)
    return Drawn(
        node=facts.node,
        title=facts.called,
        folder=facts.node.kind if folder == "." else folder,
        parents=facts.parents,
    )


def _focus(snapshot: Snapshot, text: str) -> NodeId:
    """A node by its id or its name alone."""
    known = {node.name: node for node in reversed(list(snapshot.facts))}
    known |= {str(node): node for node in snapshot.facts}
    found = known.get(text)
    if found is None:
        raise NotThere(f"there is no node `{text}`", did_you_mean(text, known))
    return found
