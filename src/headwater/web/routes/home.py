"""The first page: what needs attention, and what there is."""

from __future__ import annotations

from collections.abc import Sequence

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


def in_order(headline: str, boards: Sequence[Sequence[str]]) -> list[str]:
    """The headline, and what dashboards show: first those that show the headline.

    >>> in_order("revenue", [["lines"], ["orders", "revenue"]])
    ['revenue', 'orders', 'lines']
    """
    ordered = sorted(boards, key=lambda names: headline not in names)
    return list(dict.fromkeys([headline, *(name for names in ordered for name in names)]))


def key_metrics(snapshot: Snapshot) -> list[str]:
    """The metrics of the first page: the headline, those of dashboards in their order, others.

    The dashboards that show the headline go before. Of other metrics approved ones come first,
    then those that most is read from.
    """
    headline = snapshot.project.settings.headline
    nodes = snapshot.bound.graph.nodes.values()
    boards = [
        [edge.node.name for edge in node.inputs if edge.node.kind == "metric"]
        for node in nodes
        if node.id.kind == "dashboard"
    ]
    first = in_order(headline, boards)

    def rank(name: str) -> tuple[int, bool, int]:
        place = first.index(name) if name in first else len(first)
        readers = snapshot.facts[NodeId("metric", name)].children
        return place, not snapshot.standings[name].approved_by, -len(readers)

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
