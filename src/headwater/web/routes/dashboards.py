"""Dashboards: the list of them, and each as its file and the address ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response

from headwater.charts.figure import figure
from headwater.charts.model import Sparkline
from headwater.charts.render import svg
from headwater.kinds.dashboard.definition import DashboardDefinition
from headwater.semantics.asking import MetricQuery
from headwater.semantics.metric import GRAINS
from headwater.views.dashboards.asked import read_asked
from headwater.views.dashboards.compose import compose
from headwater.views.dashboards.ledger import LedgerEvents, ProjectQueries
from headwater.views.dashboards.model import CardView, DashboardView, SectionView
from headwater.web.context import Snapshot
from headwater.web.drawing import Drawn, drawn
from headwater.web.masking import shown
from headwater.web.pages import render, snapshot_of

router = APIRouter(include_in_schema=False)

_PERIODS = (
    "last 30 days",
    "last 90 days",
    "last 12 months",
    "this month",
    "this year",
)
_WIDE, _HALF = 960.0, 480.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A card with its chart drawn for the width of its row."""

    card: CardView
    chart: Drawn | None
    trend: Drawn | None
    more: str = ""  # where its numbers can be asked further


@router.get("/dashboards")
def dashboards(request: Request) -> Response:
    """All dashboards."""
    snapshot = snapshot_of(request)
    found = sorted(dashboards_of(snapshot), key=lambda each: each.described.title or each.id.name)
    return render(request, "dashboards.html", title="Dashboards", dashboards=found)


def dashboards_of(snapshot: Snapshot) -> list[DashboardDefinition]:
    """The dashboards of the release."""
    nodes = snapshot.bound.graph.nodes.values()
    return [n.definition for n in nodes if isinstance(n.definition, DashboardDefinition)]


@router.get("/dashboards/{name}")
def dashboard(request: Request, name: str) -> Response:
    """One dashboard. Codes E807, E966 for what the address asks wrongly."""
    snapshot = snapshot_of(request)
    facts = snapshot.node("dashboard", name)
    found = snapshot.bound.graph.nodes[facts.node].definition
    assert isinstance(found, DashboardDefinition)
    view = dashboard_view(snapshot, found, request)
    return render(
        request,
        "dashboard.html",
        title=found.described.title or name,
        crumbs=[("Dashboards", "/dashboards")],
        view=view,
        facts=facts,
        stale=_stale(view),
        sections=[(section, list(_rows(section))) for section in view.sections],
        periods=_PERIODS,
        compare=request.query_params.get("compare", ""),
        grains=[grain for grain in GRAINS if grain != "hour"],
    )


def dashboard_view(
    snapshot: Snapshot, definition: DashboardDefinition, request: Request
) -> DashboardView:
    """What the dashboard shows for these parameters."""
    clock, reader = snapshot.workspace.clock, snapshot.reader
    given = {key: request.query_params.getlist(key) for key in request.query_params}
    asked = read_asked(definition, given, snapshot.shown.day, reader.catalog.calendar)
    events = LedgerEvents(snapshot.ledger, clock, snapshot.project.environment)
    queries = ProjectQueries(snapshot.project, partial(shown, snapshot))
    return compose(definition, reader, asked, clock, events, queries, snapshot.settings.closed_days)


def _stale(view: DashboardView) -> dict[str, list[str]]:
    """Why cards are stale, and who answers for them; many are so for one reason."""
    found: dict[str, list[str]] = {}
    for card in (card for section in view.sections for row in section.rows for card in row):
        if card.state.sort == "stale":
            owners = found.setdefault(card.state.cause, [])
            owners += [o for o in (card.state.owner,) if o and o not in owners]
    return found


def _rows(section: SectionView) -> Iterator[list[Drawing]]:
    for row in section.rows:
        yield [draw_card(card, _WIDE if len(row) == 1 else _HALF) for card in row]


def draw_card(card: CardView, width: float) -> Drawing:
    """A card's charts in the width that it has."""
    spark: Sparkline | None = card.sparkline
    return Drawing(
        card=card,
        chart=drawn(figure(card.chart, width=width)) if card.chart is not None else None,
        trend=drawn(svg(spark, width=160, height=36)) if spark is not None else None,
        more=_asked_further(card.questions),
    )


def _asked_further(questions: Sequence[MetricQuery]) -> str:
    """The address of the metric page that shows the first of its questions."""
    if not questions or not questions[0].metrics:
        return ""
    query = questions[0]
    given = {"grain": query.grain or "", "period": query.period}
    kept = urlencode({key: value for key, value in given.items() if value})
    return f"/metrics/{quote(query.metrics[0], safe='')}?{kept}"
