"""All metrics, a page for each, why it moved, and the rows behind its points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from headwater.clock import Grain
from headwater.errors import HeadwaterError, Issue, did_you_mean
from headwater.ids import NodeId
from headwater.project.metrics.answering import facts_about
from headwater.project.metrics.approving import approvables, approve, may_text
from headwater.project.metrics.definition_history import definition_history
from headwater.project.metrics.explaining import explain_metric
from headwater.project.metrics.movement import Why, WhyQuery
from headwater.project.metrics.restating import read_restatements
from headwater.semantics.asking import Comparison
from headwater.semantics.formats import format_of
from headwater.semantics.metric import GRAINS
from headwater.semantics.periods import read_period
from headwater.semantics.spans import span_words
from headwater.semantics.wording import title_of, within
from headwater.web.behind import BEHIND_ROWS, rows_behind
from headwater.web.context import NotThere, Snapshot
from headwater.web.metric_page import (
    Asked,
    cohort_figure,
    group_figures,
    line_figure,
    period_words,
    restated_days,
    series_of,
    sql_of,
)
from headwater.web.numbers import glance
from headwater.web.pages import render, site_of, snapshot_of
from headwater.web.why_page import WhyView, why_view

router = APIRouter(include_in_schema=False)

Short = Annotated[str, Query(max_length=200)]
_CRUMBS = [("Metrics", "/metrics")]


def _known(snapshot: Snapshot, name: str) -> None:
    """Raise E974 for a metric that the release does not have."""
    if name not in snapshot.metrics:
        fix = did_you_mean(name, snapshot.metrics)
        raise NotThere(f"there is no metric `{name}`", fix)


@router.get("/metrics")
def metrics(request: Request, grain: Grain = "month") -> Response:
    """All metrics with their newest whole period."""
    snapshot = snapshot_of(request)
    found = [glance(snapshot, name, grain) for name in snapshot.metrics]
    return render(
        request, "metrics.html", title="Metrics", glances=found, grain=grain, grains=GRAINS
    )


@router.get("/metrics/{name}")
def metric(
    request: Request,
    name: str,
    grain: Grain | None = None,
    period: Short = "",
    compare: Literal["year_ago", "none"] = "year_ago",
) -> Response:
    """Everything about one metric."""
    snapshot = snapshot_of(request)
    _known(snapshot, name)
    found = snapshot.reader.metric(name)
    asked = Asked(grain=grain or "month", period=period.strip(), compare=compare)
    series = series_of(snapshot, name, asked)
    restated = read_restatements(snapshot.ledger, name)
    history = definition_history(
        snapshot.ledger, NodeId("metric", name), snapshot.project.environment
    )
    node = NodeId("metric", name)
    released = approvables(snapshot.workspace, snapshot.view)
    approvable = next((each for each in released if each.metric == name), None)
    newest = series.newest
    return render(
        request,
        "metric.html",
        title=found.title or name,
        crumbs=_CRUMBS,
        metric=found,
        node=node,
        facts=snapshot.facts[node],
        glance=glance(snapshot, name, asked.grain),
        asked=asked,
        grains=_grains(snapshot, name),
        series=series,
        figure=line_figure(series, restated_days(restated, asked.grain)) if series.points else "",
        cohorts=cohort_figure(snapshot, found, asked.grain),
        groups=group_figures(snapshot, found, newest, asked.grain),
        newest=newest,
        newest_days=period_words(newest.period, asked.grain) if newest is not None else "",
        sql=sql_of(snapshot, name, asked),
        definition=history[-1].text if history else "",
        approvable=approvable,
        may=may_text(approvable.may) if approvable is not None else "",
        history=tuple(reversed(history)),
        restated=tuple(reversed(restated)),
        numbers=format_of(found),
    )


def _grains(snapshot: Snapshot, name: str) -> Sequence[Grain]:
    """The grains in which it has published values."""
    return [grain for grain in GRAINS if snapshot.reader.history(name, grain)]


@router.post("/metrics/{name}/approve")
def approve_metric(request: Request, name: str) -> Response:
    """Approve what a metric means; the guard has seen that the form is ours."""
    site = site_of(request)
    snapshot = snapshot_of(request)
    _known(snapshot, name)
    approve(site.workspace.at_this_moment(), snapshot.view, [name])
    site.refresh()
    return RedirectResponse(f"/metrics/{name}#approval", status_code=303)


@router.get("/metrics/{name}/why")
def why(
    request: Request,
    name: str,
    period: Short = "",
    compare: Comparison = "previous",
    by: Short = "",
) -> Response:
    """Why a metric moved."""
    snapshot = snapshot_of(request)
    _known(snapshot, name)
    reader = snapshot.reader
    metric = reader.metric(name)
    text = period.strip() or _newest_month(snapshot, name)
    asked = WhyQuery(
        metric=name,
        period=read_period(text, snapshot.shown.day, reader.catalog.calendar),
        comparison=compare,
        by=(by,) if by else (),
    )
    found: Why | None = None
    issues: tuple[Issue, ...] = ()
    try:
        found = explain_metric(reader, asked, snapshot.workspace.clock)
    except HeadwaterError as error:
        issues = error.issues
    return render(
        request,
        "why.html",
        title="Why it moved",
        crumbs=[*_CRUMBS, (metric.title or name, f"/metrics/{name}")],
        metric=metric,
        node=NodeId("metric", name),
        within_title=within(title_of(metric)),
        why=_why_view(snapshot, found) if found is not None else None,
        stale_because=snapshot.standings[name].stale_because,
        issues=issues,
        queries=[answer.sql for answer in found.answers] if found is not None else (),
        asked={"period": text, "compare": compare, "by": by},
    )


def _newest_month(snapshot: Snapshot, name: str) -> str:
    """The newest whole month of a metric, as a period."""
    newest = series_of(snapshot, name, Asked(grain="month")).newest
    return f"{newest.period:%Y-%m}" if newest is not None else "last month"


def _why_view(snapshot: Snapshot, found: Why) -> WhyView:
    name = found.metric.name
    restated = read_restatements(snapshot.ledger, name)
    standing = replace(snapshot.standings[name], stale_because="")  # the page's head says it
    facts = tuple(facts_about(found, restated, standing, snapshot.zone))
    return why_view(found, snapshot.reader.catalog.metrics, facts)


@router.get("/metrics/{name}/rows")
def rows(
    request: Request,
    name: str,
    period: Short,
    by: Short = "",
    value: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """The rows that a metric counts in a period, and for one group where one is named."""
    snapshot = snapshot_of(request)
    _known(snapshot, name)
    metric = snapshot.reader.metric(name)
    span = read_period(period, snapshot.shown.day, snapshot.reader.catalog.calendar)
    first, last = span.first, _not_after(span.last)
    return render(
        request,
        "behind.html",
        title="Rows",
        crumbs=[*_CRUMBS, (metric.title or name, f"/metrics/{name}")],
        metric=metric,
        words=span_words(span),
        asked={"period": period, "by": by, "value": value},
        parts_of=rows_behind(snapshot, name, first, last, by, value),
        limit=BEHIND_ROWS,
    )


def _not_after(day: date) -> date:
    """The last day whose next one can be told."""
    return min(day, date(9998, 12, 31))
