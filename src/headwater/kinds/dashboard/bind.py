"""A dashboard in the graph: what it shows, and every question of its cards understood."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, cast

from headwater.clock import Clock
from headwater.errors import HeadwaterError, Issue, Place, did_you_mean
from headwater.graph.build import BindContext
from headwater.graph.node import Input, Node
from headwater.ids import digest
from headwater.kinds.dashboard.definition import WITHOUT_TIME, Card, DashboardDefinition
from headwater.kinds.dashboard.read import OfMetric
from headwater.semantics.asking import MetricQuery
from headwater.semantics.catalog import Catalog, Dataset
from headwater.semantics.metric import Retention
from headwater.sql import QueryTemplate

#: Whether a question can be understood does not depend on the day.
_OF_COHORTS: Final = ("heatmap", "table", "vega")
_ANY_TIME: Final = datetime(2020, 1, 1, tzinfo=UTC)


def references(definition: DashboardDefinition) -> tuple[str, ...]:
    """Its metrics and saved queries; and the tables of the metrics, to know their columns."""
    queries = (f"query.{card.query}" for card in definition.cards if card.query)
    metrics = (f"metric.{name}" for name in definition.metrics)
    return tuple(dict.fromkeys((*metrics, *queries, *definition.tables)))


def mention(definition: DashboardDefinition, name: str) -> Place:
    """Where a card names a metric or a saved query."""
    kind, _, short = name.partition(".")
    for card in definition.cards:
        if (kind == "query" and card.query == short) or (
            kind == "metric" and short in card.metrics
        ):
            return card.places.get(f"metrics.{short}", card.place_of(card.chart))
    return definition.place


def bind(
    definition: DashboardDefinition,
    upstream: Mapping[str, Node],
    template: QueryTemplate | None,
    context: BindContext,
) -> tuple[Node | None, list[Issue]]:
    """The dashboard's node. Codes E962, E963, and those of the questions (E901 to E911)."""
    del template
    shown = {name: node for name, node in upstream.items() if "." in name}
    meaning = replace(definition, place=Place(), places={}, files=(), sections=())
    cards = [repr(replace(card, place=Place(), places={})) for card in definition.cards]
    node = Node(
        id=definition.id,
        definition=definition,
        fingerprint=digest(repr(meaning), repr([len(s.rows) for s in definition.sections]), cards),
        inputs=tuple(Input(node=each.id, name=name) for name, each in shown.items()),
        is_built=False,
    )
    catalog = _catalog(upstream)
    clock = Clock(now=_ANY_TIME, zone=context.zone)
    issues = [issue for card in definition.cards for issue in _card_issues(card, catalog, clock)]
    return node, [*issues, *_filter_issues(definition, catalog, clock)]


def _catalog(upstream: Mapping[str, Node]) -> Catalog:
    found = Catalog(
        metrics={},
        datasets={
            name: Dataset.of(name, node) for name, node in upstream.items() if "." not in name
        },
    )
    for node in upstream.values():
        definition = cast("object", node.definition)
        if isinstance(definition, OfMetric):
            found = replace(
                found,
                metrics={**found.metrics, **definition.parts},
                calendar=definition.calendar,
                functions=definition.functions,
            )
    return found


def _card_issues(card: Card, catalog: Catalog, clock: Clock) -> Iterator[Issue]:
    """What is wrong with a card's question; the mistakes of its metrics are told elsewhere."""
    if not card.metrics:
        return
    cohorts = [name for name in card.metrics if _is_cohort(name, catalog)]
    if cohorts and card.chart not in _OF_COHORTS:
        yield Issue(
            code="E963",
            what=f"`{card.chart}` cannot show `{cohorts[0]}`, which has a value for each cohort",
            place=card.places.get(f"metrics.{cohorts[0]}", card.place),
            fix=f"write `heatmap: {cohorts[0]}`",
        )
        return
    if card.chart == "heatmap" and not cohorts and len(card.by) != 2:
        yield Issue(
            code="E963",
            what=f"`{card.metrics[0]}` is no retention metric",
            place=card.place_of("heatmap"),
            fix="give two dimensions: `by: [country, is_return]`",
        )
        return
    is_timed = card.chart not in WITHOUT_TIME
    query = card.asked("last 30 days", "day" if is_timed else None)
    for issue in _misunderstood(query, catalog, clock):
        yield issue if issue.place.path else replace(issue, place=_place(card, issue))


def _is_cohort(name: str, catalog: Catalog) -> bool:
    metric = catalog.metrics.get(name)
    return metric is not None and isinstance(metric.shape, Retention)


def _place(card: Card, issue: Issue) -> Place:
    """The item that the message names, or the key that it must be about."""
    for key, place in card.places.items():
        sort, _, name = key.partition(".")
        if name and f"`{name}`" in issue.what and sort in ("by", "metrics"):
            return place
    if issue.code == "E904" or not card.by:
        return card.place_of("where" if card.where else card.chart)
    return card.place_of("by")


def _filter_issues(
    definition: DashboardDefinition, catalog: Catalog, clock: Clock
) -> Iterator[Issue]:
    """E962 for a filter that no metric of the dashboard knows."""
    known = dict.fromkeys(name for metric in catalog.metrics.values() for name in metric.dimensions)
    for name in definition.filters:
        if not any(knows(catalog, metric, name, clock) for metric in definition.metrics):
            yield Issue(
                code="E962",
                what=f"no metric of the dashboard knows the filter `{name}`",
                place=definition.place_of(f"filters.{name}"),
                fix=did_you_mean(name, known, f"they have: {', '.join(known)}" if known else ""),
            )


def knows(catalog: Catalog, metric: str, dimension: str, clock: Clock) -> bool:
    """Whether a metric can be divided by a dimension."""
    return not _misunderstood(MetricQuery(metrics=(metric,), by=(dimension,)), catalog, clock)


def _misunderstood(query: MetricQuery, catalog: Catalog, clock: Clock) -> Iterable[Issue]:
    from headwater.semantics.compile import compile_query

    try:
        compile_query(query, catalog, clock=clock, path="raw")
    except HeadwaterError as error:
        return error.issues
    return ()
