"""Questions of a dashboard's cards: each is asked once, with the filters that its metric knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Final, Protocol

from headwater.clock import Clock, Grain, local
from headwater.kinds.dashboard.bind import knows
from headwater.kinds.dashboard.definition import Card
from headwater.project.metrics.movement import Reader, WhyQuery
from headwater.project.reporting.numbers import Numbers
from headwater.semantics.asking import Answer, Comparison, MetricQuery, Point, Standing
from headwater.semantics.calendar import start_of, step_from
from headwater.semantics.catalog import Catalog
from headwater.semantics.formats import NumberFormat, format_of
from headwater.semantics.metric import Metric
from headwater.semantics.periods import Period
from headwater.views.dashboards.asked import Asked

_DAY: Final = timedelta(days=1)
#: The longest period, in days, that is shown by hours, by days, and by weeks.
_HOURS, _DAYS, _WEEKS = 2, 800, 2_500
_NOTHING: Final[Mapping[str, Metric]] = MappingProxyType({})


class DashboardReader(Reader, Protocol):
    """The numbers of one release (`MetricReader`)."""

    @property
    def release(self) -> int | None:
        """The number of the release."""

    def history(self, metric: str, grain: Grain) -> tuple[Point, ...]:
        """Published values, oldest first."""

    def standing(self, metric: str) -> Standing:
        """Whether a metric is approved, up to date, restated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened on a day: a release, a restatement, an incident, a launch."""

    day: date
    label: str
    metric: str = ""  # empty: it concerns all


class Events(Protocol):
    """What the ledger knows to have happened."""

    def between(self, first: date, last: date) -> Sequence[Event]:
        """The events of some days, both included, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRows:
    """What a saved query gave."""

    title: str
    columns: tuple[str, ...]
    types: tuple[str, ...]  # of DuckDB
    rows: tuple[tuple[object, ...], ...]
    truncated: bool = False


class SavedQueries(Protocol):
    """Saved queries that can be run."""

    def run(self, name: str, parameters: Mapping[str, str]) -> SavedRows:
        """The rows of a query. Raises HeadwaterError."""


@dataclass
class Shared:
    """A reader that asks each question once."""

    reader: DashboardReader
    _answers: dict[object, Answer] = field(default_factory=dict, repr=False)

    @property
    def catalog(self) -> Catalog:
        """The metrics, tables and rollups."""
        return self.reader.catalog

    @property
    def release(self) -> int | None:
        """The number of the release."""
        return self.reader.release

    def query(self, query: MetricQuery, *, extra: Mapping[str, Metric] = _NOTHING) -> Answer:
        """The answer, asked once, in whichever order cards name their metrics."""
        key = (replace(query, metrics=tuple(sorted(query.metrics))), tuple(sorted(extra)))
        if key not in self._answers:
            self._answers[key] = (
                self.reader.query(query, extra=extra) if extra else self.reader.query(query)
            )
        return _in_order(self._answers[key], query)

    def history(self, metric: str, grain: Grain) -> tuple[Point, ...]:
        """Published values, oldest first."""
        return self.reader.history(metric, grain)

    def standing(self, metric: str) -> Standing:
        """Whether a metric is approved, up to date, restated."""
        return self.reader.standing(metric)


def _in_order(answer: Answer, query: MetricQuery) -> Answer:
    """An answer to a question of the same metrics, with its columns in the question's order."""
    if answer.query.metrics == query.metrics:
        return answer
    place = {name: at for at, name in enumerate(query.metrics)}
    first = min(at for at, column in enumerate(answer.columns) if column.metric)

    def order(at: int) -> tuple[int, int]:
        """Keys before the metrics, `complete` behind them."""
        metric = answer.columns[at].metric
        return (place[metric] if metric else -1 if at < first else len(place), at)

    places = sorted(range(len(answer.columns)), key=order)
    return replace(
        answer,
        query=query,
        columns=tuple(answer.columns[at] for at in places),
        rows=tuple(tuple(row[at] for at in places) for row in answer.rows),
    )


@dataclass
class Questions:
    """The answers that the cards of one page share."""

    reader: Shared
    asked: Asked
    clock: Clock
    events: Events
    queries: SavedQueries
    closed: Sequence[date] = ()  # days on which nothing is expected
    _known: dict[tuple[str, str], bool] = field(default_factory=dict, repr=False)

    @cached_property
    def numbers(self) -> Numbers:
        """Changes and trends."""
        return Numbers(reader=self.reader, clock=self.clock, closed=self.closed)

    @property
    def today(self) -> date:
        """The clock's day in the project's time zone."""
        return local(self.clock.now, self.clock.zone).date()

    def metric(self, name: str) -> Metric:
        """A metric of the release."""
        return self.reader.catalog.metrics[name]

    def format(self, name: str) -> NumberFormat:
        """How a metric's numbers are written."""
        return format_of(self.metric(name))

    def ask(self, query: MetricQuery) -> Answer:
        """The answer, asked once."""
        return self.reader.query(query)

    def where(self, card: Card, metric: str) -> tuple[str, ...]:
        """The card's own conditions, and the filters that the metric knows."""
        known = [name for name in self.asked.filters if self.knows(metric, name)]
        return (*card.where, *self.asked.conditions(known))

    def unfiltered(self, metric: str) -> tuple[str, ...]:
        """The filters that are chosen and that the metric does not know."""
        return tuple(name for name in self.asked.filters if not self.knows(metric, name))

    def knows(self, metric: str, dimension: str) -> bool:
        """Whether a metric can be divided by a dimension."""
        key = (metric, dimension)
        if key not in self._known:
            self._known[key] = knows(self.reader.catalog, metric, dimension, self.clock)
        return self._known[key]

    def comparisons(
        self, card: Card, default: tuple[Comparison, ...] = ()
    ) -> tuple[Comparison, ...]:
        """What a card is held against: its own word, the reader's, or the default."""
        if card.compare is not None:
            return card.compare
        return default if self.asked.compare is None else self.asked.compare

    def why(self, card: Card, metric: str, comparison: Comparison) -> WhyQuery:
        """The change of a metric on a card."""
        return WhyQuery(
            metric=metric,
            period=self.asked.period,
            comparison=comparison,
            by=card.by,
            where=self.where(card, metric),
            pairs=False,
        )

    def grain(self, card: Card) -> Grain:
        """The length of a card's periods."""
        return card.grain or self.asked.grain or fitting_grain(self.asked.period)

    def shown_periods(self, grain: Grain, data_until: date | None) -> tuple[date, ...]:
        """The periods of a grain within those asked for, as far as there can be data.

        One that begins before the first day asked for is left out: it would look small.
        """
        calendar = self.reader.catalog.calendar
        last = min(self.asked.period.last, self.today, data_until or self.today)
        here = start_of(self.asked.period.first, grain, calendar)
        if here < self.asked.period.first:
            here = step_from(here, grain)
        found = []
        while here <= last:
            found.append(here)
            here = step_from(here, grain)
        return tuple(found)

    def last_day(self, answer: Answer) -> date | None:
        """The last day of which there are data."""
        if answer.data_until is None:
            return None
        return (local(answer.data_until, self.clock.zone) - timedelta(microseconds=1)).date()


def fitting_grain(period: Period) -> Grain:
    """The length of periods that makes a legible line.

    >>> from datetime import date
    >>> fitting_grain(Period(first=date(2011, 1, 1), last=date(2011, 12, 31)))
    'day'
    """
    if period.length_days <= _HOURS:
        return "hour"
    if period.length_days <= _DAYS:
        return "day"
    return "week" if period.length_days <= _WEEKS else "month"
