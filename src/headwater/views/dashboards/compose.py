"""A dashboard and a release → what the page shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

from headwater.clock import Clock
from headwater.errors import HeadwaterError
from headwater.kinds.dashboard.definition import Card, ChartSort, DashboardDefinition, Section
from headwater.semantics.asking import MetricQuery
from headwater.semantics.spans import period_text, span_words
from headwater.semantics.wording import dimension_words, title_of
from headwater.views.dashboards.about import failed
from headwater.views.dashboards.asked import NO_VALUE, Asked
from headwater.views.dashboards.groups import bar_card, funnel_card, heatmap_card, waterfall_card
from headwater.views.dashboards.kpis import kpi_cards
from headwater.views.dashboards.model import CardView, DashboardView, FilterView, SectionView
from headwater.views.dashboards.reading import (
    DashboardReader,
    Events,
    Questions,
    SavedQueries,
    Shared,
)
from headwater.views.dashboards.series import series_card
from headwater.views.dashboards.tables import table_card, vega_card

_CHOICES: Final = 100


def _text_card(_questions: Questions, card: Card) -> CardView:
    return CardView(sort="text", title=card.title, text=card.text, note=card.note)


_CARDS: Final[Mapping[ChartSort, Callable[[Questions, Card], CardView]]] = {
    "line": series_card,
    "area": series_card,
    "stacked": series_card,
    "bar": bar_card,
    "table": table_card,
    "heatmap": heatmap_card,
    "funnel": funnel_card,
    "waterfall": waterfall_card,
    "text": _text_card,
    "vega": vega_card,
}


def compose(
    dashboard: DashboardDefinition,
    reader: DashboardReader,
    asked: Asked,
    clock: Clock,
    events: Events,
    queries: SavedQueries,
    closed: Sequence[date] = (),
) -> DashboardView:
    """The whole page; nothing is expected of the days in `closed`.

    A card that fails says why, and the others stay.
    """
    questions = Questions(
        reader=Shared(reader),
        asked=asked,
        clock=clock,
        events=events,
        queries=queries,
        closed=closed,
    )
    sections = tuple(_section(questions, section) for section in dashboard.sections)
    known = [about for section in sections for row in section.rows for card in row
             for about in card.about]  # fmt: skip
    until = [about.data_until for about in known if about.data_until is not None]
    return DashboardView(
        definition=dashboard,
        asked=asked,
        span=span_words(asked.period),
        release=reader.release,
        data_until=min(until, default=None),
        filters=tuple(_filter(questions, dashboard, name) for name in dashboard.filters),
        sections=sections,
    )


def _section(questions: Questions, section: Section) -> SectionView:
    return SectionView(
        title=section.title,
        note=section.note,
        rows=tuple(
            tuple(view for card in row for view in compose_card(questions, card))
            for row in section.rows
        ),
    )


def compose_card(questions: Questions, card: Card) -> tuple[CardView, ...]:
    """What one card of the file becomes: a `kpi` of three metrics, three."""
    try:
        if card.chart == "kpi":
            return kpi_cards(questions, card)
        return (_CARDS[card.chart](questions, card),)
    except HeadwaterError as error:
        names = [n for n in card.metrics if n in questions.reader.catalog.metrics]
        title = card.title or ", ".join(title_of(questions.metric(name)) for name in names)
        title = title or card.query.replace("_", " ").capitalize() or card.chart
        state = failed(questions, card, error)
        return (CardView(sort=card.chart, title=title, state=state, note=card.note),)


def _filter(questions: Questions, dashboard: DashboardDefinition, name: str) -> FilterView:
    """What a filter may be, the greatest groups of the first metric that knows it."""
    title = dimension_words(name).capitalize()
    chosen = questions.asked.filters.get(name, ())
    metric = next((m for m in dashboard.metrics if questions.knows(m, name)), None)
    values: tuple[str, ...] = ()
    note = ""
    if metric is not None:
        query = MetricQuery(
            metrics=(metric,),
            by=(name,),
            period=period_text(questions.asked.period),
            order=(f"-{metric}",),
            limit=_CHOICES + 1,
        )
        try:
            answer = questions.ask(query)
        except HeadwaterError as error:
            note = error.issues[0].what
        else:
            at = answer.index(name)
            values = tuple(_value(row[at]) for row in answer.rows[:_CHOICES])
            note = f"the {_CHOICES} greatest" if len(answer.rows) > _CHOICES else ""
    listed = dict.fromkeys((*chosen, *values))
    choices = tuple(
        (value, f"no {dimension_words(name)}" if value == NO_VALUE else value) for value in listed
    )
    return FilterView(name=name, title=title, chosen=chosen, choices=choices, note=note)


def _value(value: object) -> str:
    if value is None:
        return NO_VALUE
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
