"""What a dashboard's file says, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from headwater.clock import Grain
from headwater.definitions.model import Described
from headwater.errors import Place
from headwater.ids import NodeId
from headwater.semantics.asking import Comparison, MetricQuery

#: How a card shows what it is about.
ChartSort = Literal[
    "kpi", "line", "area", "bar", "stacked", "table", "heatmap", "funnel", "waterfall", "text",
    "vega",
]  # fmt: skip
CHARTS: tuple[ChartSort, ...] = get_args(ChartSort)

#: Without a grain, these have one row a group; the others run over time.
WITHOUT_TIME: frozenset[ChartSort] = frozenset(("bar", "table", "funnel", "waterfall", "heatmap"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One card: a chart of metrics, a saved query as a table, or a text."""

    chart: ChartSort
    place: Place
    metrics: tuple[str, ...] = ()
    query: str = ""  # a saved query, of a table
    text: str = ""
    spec: str = ""  # Vega-Lite, as JSON
    title: str = ""
    note: str = ""
    by: tuple[str, ...] = ()
    grain: Grain | None = None
    where: tuple[str, ...] = ()
    compare: tuple[Comparison, ...] | None = None  # None: the dashboard's
    limit: int | None = None
    order: tuple[str, ...] = ()
    set: Mapping[str, str] = field(default_factory=dict)  # parameters of the saved query
    places: Mapping[str, Place] = field(default_factory=dict)  # key → where its value stands

    def place_of(self, key: str) -> Place:
        """Where a key's value stands; the card's own place if it is not written."""
        return self.places.get(key, self.place)

    def asked(self, period: str, grain: Grain | None) -> MetricQuery:
        """What it asks of its metrics, without comparison and filters."""
        return MetricQuery(
            metrics=self.metrics,
            by=self.by,
            grain=self.grain or grain,
            where=self.where,
            period=period,
            order=self.order,
            limit=None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Rows of cards below a heading."""

    title: str = ""
    note: str = ""
    rows: tuple[tuple[Card, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardDefinition:
    """A page of cards about one period."""

    id: NodeId
    place: Place
    files: tuple[str, ...]
    described: Described
    audience: str = ""
    period: str = "last 90 days"
    grain: Grain | None = None  # None: by the length of the period
    compare: tuple[Comparison, ...] = ()
    filters: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    tables: tuple[str, ...] = ()  # of its metrics, found when the project is read
    places: Mapping[str, Place] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The name that people see."""
        return self.described.title or self.id.name.replace("_", " ").capitalize()

    @property
    def cards(self) -> tuple[Card, ...]:
        """All cards in order."""
        return tuple(card for section in self.sections for row in section.rows for card in row)

    @property
    def metrics(self) -> tuple[str, ...]:
        """All metrics that it shows, each once."""
        return tuple(dict.fromkeys(name for card in self.cards for name in card.metrics))

    def place_of(self, key: str) -> Place:
        """Where a key's value stands; the dashboard's own place if it is not written."""
        return self.places.get(key, self.place)
