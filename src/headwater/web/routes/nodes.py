"""A page for each table and source: columns, lineage, rules, rows, quality and freshness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from headwater.clock import local
from headwater.graph.node import Node
from headwater.ids import NodeId
from headwater.kinds.source.definition import SourceDefinition
from headwater.project.recency import SourceFreshness, measure_freshness
from headwater.project.release_view import ReleaseView
from headwater.views.quality import QualityHistory, quality_history
from headwater.views.summaries import NodeFacts
from headwater.web.context import NotThere, Snapshot
from headwater.web.feature_page import feature_view_page, label_page
from headwater.web.navigation import node_url
from headwater.web.pages import render, snapshot_of
from headwater.web.sampling import SAMPLE_ROWS, sample_rows

router = APIRouter(include_in_schema=False)

_QUALITY_RELEASES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnUse:
    """A column of another node: where a column comes from, or what is made of it."""

    node: NodeId
    column: str

    @property
    def url(self) -> str:
        """Its place on the other page."""
        return f"{node_url(self.node)}#column-{self.column}"


@router.get("/tables/{name}")
def table(request: Request, name: str) -> Response:
    """A table."""
    return _page(request, "table", name)


@router.get("/sources/{name}")
def source(request: Request, name: str) -> Response:
    """A source."""
    return _page(request, "source", name)


@router.get("/features/{name}")
def feature_view(request: Request, name: str) -> Response:
    """A feature view: its features, how they are distributed, and how fresh they are online."""
    snapshot = snapshot_of(request)
    found = feature_view_page(snapshot, snapshot.node("feature_view", name))
    is_online = found.view.online_ttl is not None
    return _page(
        request, "feature_view", name, "feature_view.html", cached=not is_online, found=found
    )


@router.get("/labels/{name}")
def label(request: Request, name: str) -> Response:
    """A label: what it says, and how often it was so."""
    snapshot = snapshot_of(request)
    found = label_page(snapshot, snapshot.node("label", name))
    return _page(request, "label", name, "label.html", found=found)


@router.get("/training-sets/{name}")
def training_set(request: Request, name: str) -> Response:
    """The rows that a model learns from."""
    return _page(request, "training_set", name)


@router.get("/scores/{name}")
def scores(request: Request, name: str) -> Response:
    """The batch scores of a model."""
    return _page(request, "scores", name)


@router.get("/rollups/{name}")
def rollup(request: Request, name: str) -> Response:
    """A rollup, which Headwater keeps for metrics."""
    return _page(request, "rollup", name)


def _page(
    request: Request,
    kind: str,
    name: str,
    template: str = "node.html",
    *,
    cached: bool = True,
    found: object = None,
) -> Response:
    snapshot = snapshot_of(request)
    facts = snapshot.node(kind, name)
    node = snapshot.bound.graph.nodes[facts.node]
    return render(
        request,
        template,
        cached=cached,
        title=facts.called if kind in ("scores", "training_set") else facts.title or name,
        crumbs=[("Catalogue", "/catalogue")],
        facts=facts,
        node=node,
        made_from=_made_from(node),
        used_by=_used_by(node, snapshot),
        definition=snapshot.bound.loaded.tree.files.get(facts.path, ""),
        sample=sample_rows(snapshot, facts) if node.is_relation else None,
        sample_rows=SAMPLE_ROWS,
        quality=quality_of(snapshot, facts.node),
        freshness=freshness_of(snapshot, node),
        waiting=waiting_rows(snapshot.view, facts.node),
        trouble=snapshot.trouble.get(facts.node),
        days=_days(facts, snapshot.zone),
        found=found,
    )


def _days(facts: NodeFacts, zone: ZoneInfo) -> tuple[date, date] | None:
    """Its first and last day; None without time."""
    if not facts.intervals or facts.time is None:
        return None
    last = facts.intervals[-1].end - timedelta(microseconds=1)
    return local(facts.intervals[0].start, zone).date(), local(last, zone).date()


def _made_from(node: Node) -> Mapping[str, Sequence[ColumnUse]]:
    """What each column reads."""
    if node.recipe is None:
        return {}
    named = {edge.name: edge.node for edge in node.inputs}
    return {
        name: [
            ColumnUse(node=named[ref.relation], column=ref.column)
            for ref in sorted(made.reads, key=str)
            if ref.column is not None and ref.relation in named
        ]
        for name, made in node.recipe.columns.items()
    }


def _used_by(node: Node, snapshot: Snapshot) -> Mapping[str, Sequence[ColumnUse]]:
    """What is made of each column, one step downstream."""
    graph = snapshot.bound.graph
    found: dict[str, list[ColumnUse]] = {}
    for child in graph.children.get(node.id, ()):
        for name, uses in _made_from(graph.nodes[child]).items():
            for use in uses:
                if use.node == node.id:
                    found.setdefault(use.column, []).append(ColumnUse(node=child, column=name))
    return found


def quality_of(snapshot: Snapshot, node: NodeId) -> QualityHistory:
    """What its rules measured in the newest releases that built it."""
    builds = snapshot.ledger.builds_of(node)
    shown = snapshot.ledger.shown_in(build.id for build in builds)
    return quality_history(builds, shown, _QUALITY_RELEASES)


def freshness_of(snapshot: Snapshot, node: Node) -> SourceFreshness | None:
    """How fresh a source is; None for what is no source."""
    if not isinstance(node.definition, SourceDefinition):
        return None
    return measure_freshness(snapshot.workspace, snapshot.view, [node.definition])[0]


def waiting_rows(view: ReleaseView, node: NodeId) -> int:
    """How many of its rows wait in quarantine."""
    state = view.states.get(node)
    return sum(file.rows for file in state.part("quarantined")) if state is not None else 0


@router.get("/nodes/{name}")
def any_node(request: Request, name: str) -> Response:
    """A node by its id, whatever its kind."""
    kind, _, bare = name.partition(".")
    facts = snapshot_of(request).node(kind, bare)
    if node_url(facts.node).startswith("/nodes/"):
        raise NotThere(f"a {kind} has no page of its own", "see the catalogue")
    return Response(status_code=307, headers={"location": node_url(facts.node)})
