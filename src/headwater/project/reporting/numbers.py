"""What a pack asks of a release: values, changes, published trends with their bands, restatements.

Answers are kept, so that a number which stands in several sentences is asked once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from functools import cached_property
from typing import Any, Protocol, TypeVar

from headwater.clock import Clock, Grain, local
from headwater.project.metrics.explaining import compare_metric, explain_metric
from headwater.project.metrics.movement import Asking, Reader, Why, WhyQuery, totals_of, whole_of
from headwater.project.metrics.restating import Restatement
from headwater.semantics.asking import Point
from headwater.semantics.contribution.structure import structure_of
from headwater.semantics.metric import Metric
from headwater.semantics.periods import Period, read_period
from headwater.stats.baseline import Expectation, Step, expect

Found = TypeVar("Found")

#: Grains that have a rhythm of their own; fiscal ones have that of their namesakes.
STEPS: Mapping[str, Step] = {
    "day": "day",
    "week": "week",
    "month": "month",
    "quarter": "quarter",
    "fiscal_quarter": "quarter",
    "year": "year",
    "fiscal_year": "year",
}


class PublishedReader(Reader, Protocol):
    """The numbers of one release, and what it published of each period."""

    def history(self, metric: str, grain: Grain) -> tuple[Point, ...]:
        """Published values, oldest first."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Published values of a metric, oldest first, and what the past let expect of each."""

    grain: Grain
    points: tuple[Point, ...]
    bands: tuple[Expectation | None, ...]

    def at(self, period: date) -> int | None:
        """The position of a period."""
        found = (i for i, point in enumerate(self.points) if point.period == period)
        return next(found, None)

    def unusual(self, first: date, last: date) -> tuple[int, ...]:
        """The positions of complete points within some days that lie outside of their bands."""
        return tuple(
            index
            for index, (point, band) in enumerate(zip(self.points, self.bands, strict=True))
            if band is not None
            and point.value is not None
            and point.complete
            and first <= point.period <= last
            and band.is_unusual(float(point.value))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """A value that is compared with none; until `open_until` it may still move."""

    value: Fraction | None
    open_until: date | None
    release: int | None
    data_until: datetime | None


@dataclass
class Numbers:
    """The numbers of one release, at one moment."""

    reader: PublishedReader
    clock: Clock
    closed: Sequence[date] = ()
    restatements: tuple[Restatement, ...] = ()
    _kept: dict[object, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def today(self) -> date:
        """The clock's day in the project's time zone."""
        return local(self.clock.now, self.clock.zone).date()

    def metric(self, name: str) -> Metric:
        """A metric of the release."""
        return self.reader.catalog.metrics[name]

    def period(self, text: str) -> Period:
        """A period as people write it. Code E807."""
        return read_period(text, self.today, self.reader.catalog.calendar)

    def explained(self, asked: WhyQuery) -> Why:
        """A change and its parts."""
        return self._once(("explained", asked), lambda: self._explain(asked))

    def compared(self, asked: WhyQuery) -> Why:
        """A change as a whole."""
        return self._once(
            ("compared", asked), lambda: compare_metric(self.reader, asked, self.clock)
        )

    def alone(self, metric: str, period: Period, where: tuple[str, ...]) -> Alone:
        """The value over a period that is compared with none."""
        return self._once(
            ("alone", metric, period, where), lambda: self._ask(metric, period, where)
        )

    def trend(self, metric: str, grain: Grain) -> Trend:
        """Published values with their bands; of cohorts, see `cohorts`."""
        return self._once(("trend", metric, grain), lambda: self._trend(metric, grain))

    def cohorts(self, metric: str, grain: Grain) -> tuple[Point, ...]:
        """Published values of cohorts, by period and step."""
        points = self._once(("points", metric, grain), lambda: self.reader.history(metric, grain))
        return tuple(point for point in points if point.step is not None)

    def _ask(self, metric: str, period: Period, where: tuple[str, ...]) -> Alone:
        structure = structure_of(self.metric(metric), self.reader.catalog.metrics)
        asking = Asking(self.reader, structure, where)
        answer = asking.ask((metric, *structure.atoms), period)
        return Alone(
            value=whole_of(structure.tree, totals_of(answer)),
            open_until=answer.open_until.get(metric),
            release=answer.release,
            data_until=answer.data_until,
        )

    def _explain(self, asked: WhyQuery) -> Why:
        return explain_metric(self.reader, asked, self.clock)

    def _trend(self, metric: str, grain: Grain) -> Trend:
        found = self._once(("points", metric, grain), lambda: self.reader.history(metric, grain))
        points = tuple(point for point in found if point.step is None)
        if grain not in STEPS:
            return Trend(grain, points, (None,) * len(points))
        bands = expect(
            [point.period for point in points],
            [_known(point) for point in points],
            STEPS[grain],
            closed=self.closed,
        )
        return Trend(grain, points, bands)

    def _once(self, key: object, ask: Callable[[], Found]) -> Found:
        if key not in self._kept:
            self._kept[key] = ask()
        found: Found = self._kept[key]
        return found


def _known(point: Point) -> float | None:
    """A value that a baseline may learn from: an incomplete one says nothing."""
    return float(point.value) if point.value is not None and point.complete else None
