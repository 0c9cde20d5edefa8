"""What a pack knows of one metric before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from headwater.clock import Grain
from headwater.errors import HeadwaterError
from headwater.project.metrics.movement import Why, WhyQuery
from headwater.project.metrics.restating import Restatement
from headwater.project.reporting.numbers import Alone, Numbers, Trend
from headwater.semantics.asking import Comparison, Point
from headwater.semantics.calendar import PLAIN, is_period
from headwater.semantics.formats import Change, NumberFormat, format_change, format_of
from headwater.semantics.metric import Metric, Retention
from headwater.semantics.periods import Period
from headwater.semantics.wording import number_of

#: Grains by which a period may be one, longest first.
_GRAINS: tuple[Grain, ...] = ("year", "quarter", "month", "week", "day")
#: A change for the worse below this share is no reason to act.
_WORTH_ACTING = Fraction(1, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The period's change against one other period."""

    asked: WhyQuery
    why: Why
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohorts:
    """Of a retention: the newest cohort that had the time to return, and the one before it."""

    grain: Grain
    points: tuple[Point, ...]
    newest: Point | None
    before: Point | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFacts:
    """One metric in the period of a pack."""

    metric: Metric
    numbers_format: NumberFormat
    period: Period
    where: tuple[str, ...]
    grain: Grain
    compared: tuple[Compared, ...]
    alone: Alone | None  # its value, where nothing is compared
    missing: tuple[str, ...]  # why something is not compared
    trend: Trend
    unusual_grain: Grain
    unusual: tuple[int, ...]  # positions in the trend of that grain
    days: Trend | None  # by day, where the pack's grain is longer
    target: Decimal | None
    cohorts: Cohorts | None
    restatements: tuple[Restatement, ...]

    @property
    def first(self) -> Compared | None:
        """The comparison that is explained."""
        return self.compared[0] if self.compared else None

    @property
    def value(self) -> Fraction | None:
        """Its value in the period."""
        if self.first is not None:
            return self.first.why.after
        return self.alone.value if self.alone is not None else None

    @property
    def open_until(self) -> date | None:
        """The day until which the value may still move; None: it is final."""
        return self.alone.open_until if self.alone is not None else None

    @property
    def misses_target(self) -> bool:
        """Whether it is on the wrong side of its target."""
        if self.target is None or self.value is None or self.metric.better == "neither":
            return False
        return (self.value < self.target) == (self.metric.better == "higher")

    @property
    def is_worse(self) -> bool:
        """Whether it moved the wrong way by enough to act."""
        if self.first is None or self.first.change.judged != "bad":
            return False
        change, before = self.first.why.change, self.first.why.before
        assert change is not None  # it was judged
        return not before or abs(change / before) >= _WORTH_ACTING


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of every metric of a pack."""

    period: Period
    compare: tuple[Comparison, ...]
    by: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    with_restatements: bool = True
    with_unusual: bool = True


def gather(name: str, asked: Asked, numbers: Numbers) -> MetricFacts:
    """Everything about one metric. Codes of a query."""
    metric = numbers.metric(name)
    grain = grain_of(asked.period)
    cohorts = _cohorts(metric, asked.period, numbers) if _is_cohorts(metric) else None
    compared, missing = ((), ()) if cohorts else _compared(metric, asked, numbers)
    alone = None if compared or cohorts else numbers.alone(name, asked.period, asked.where)
    trend = numbers.trend(name, grain)
    days = numbers.trend(name, "day") if grain != "day" and not asked.where else None
    spoken = days if days is not None and days.points else trend
    period = compared[0].why.spans.now if compared else asked.period
    target = metric.target.get(grain)
    is_cut = bool(compared) and compared[0].why.spans.is_cut
    is_partial = is_cut or (alone is not None and alone.open_until is not None)
    return MetricFacts(
        metric=metric,
        numbers_format=format_of(metric),
        period=period,
        where=asked.where,
        grain=grain,
        compared=compared,
        alone=alone,
        missing=missing,
        trend=trend,
        unusual_grain=spoken.grain,
        unusual=spoken.unusual(period.first, period.last) if _speaks(asked, cohorts) else (),
        days=days,
        target=None if is_partial or asked.where or target is None else Decimal(target),
        cohorts=cohorts,
        restatements=_restated(name, asked, numbers) if asked.with_restatements else (),
    )


def _speaks(asked: Asked, cohorts: Cohorts | None) -> bool:
    """Whether published values are those of the pack: not of a filtered one."""
    return asked.with_unusual and not asked.where and cohorts is None


def grain_of(period: Period) -> Grain:
    """The longest grain that a period is one of; days otherwise.

    >>> grain_of(Period(first=date(2011, 11, 1), last=date(2011, 11, 30)))
    'month'
    """
    return next((g for g in _GRAINS if is_period(period.first, period.end, g, PLAIN)), "day")


def _is_cohorts(metric: Metric) -> bool:
    return isinstance(metric.shape, Retention)


def _compared(
    metric: Metric, asked: Asked, numbers: Numbers
) -> tuple[tuple[Compared, ...], tuple[str, ...]]:
    """Each comparison that can be made, the first with its parts, and why others cannot."""
    found: list[Compared] = []
    missing: list[str] = []
    for comparison in asked.compare:
        query = WhyQuery(
            metric=metric.name,
            period=asked.period,
            comparison=comparison,
            by=tuple(name for name in asked.by if name in metric.dimensions),
            where=asked.where,
            pairs=False,
        )
        try:
            why = numbers.compared(query) if found else numbers.explained(query)
        except HeadwaterError as error:
            if error.issues[0].code not in ("E950", "E951"):
                raise
            missing.append(error.issues[0].what)
            continue
        change = format_change(
            number_of(why.before), number_of(why.after), format_of(metric), metric.better
        )
        found.append(Compared(asked=query, why=why, change=change))
    return tuple(found), tuple(missing)


def _cohorts(metric: Metric, period: Period, numbers: Numbers) -> Cohorts:
    """The newest cohort whose next period is the pack's: who came back in it."""
    assert isinstance(metric.shape, Retention)
    grain = metric.shape.period
    points = numbers.cohorts(metric.name, grain)
    returned = sorted(
        (p for p in points if p.step == 1 and p.complete and p.period < period.first),
        key=lambda point: point.period,
    )
    newest = returned[-1] if returned else None
    before = returned[-2] if len(returned) > 1 else None
    return Cohorts(grain=grain, points=points, newest=newest, before=before)


def _restated(name: str, asked: Asked, numbers: Numbers) -> tuple[Restatement, ...]:
    """What releases since the period began restated of it."""
    return tuple(_since(name, asked.period.first, numbers))


def _since(name: str, first: date, numbers: Numbers) -> Iterator[Restatement]:
    for each in numbers.restatements:
        if each.metric == name and each.at is not None and each.at.date() >= first - timedelta(1):
            yield each
