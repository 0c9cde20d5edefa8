"""The charts of a pack."""

from __future__ import annotations

from datetime import date
from typing import Final

from headwater.charts.model import (
    Annotation,
    Chart,
    Heatmap,
    Lines,
    Series,
    Sparkline,
    Waterfall,
)
from headwater.project.reporting.facts import Cohorts, MetricFacts
from headwater.project.reporting.numbers import Trend
from headwater.semantics.calendar import period_label
from headwater.semantics.spans import short_words
from headwater.semantics.wording import dimension_words, named_steps, number_of, title_of

#: So many periods tell a trend: two years of months, a quarter of days.
_SHOWN: Final = {"day": 92, "week": 53, "month": 25, "quarter": 13, "year": 11}
_SPARK: Final = 13
_STEPS: Final = 6
_COHORTS: Final = 13


def sparkline(facts: MetricFacts) -> Sparkline | None:
    """The trend at a glance, up to the pack's period."""
    trend, end = facts.trend, _until(facts)
    shown = trend.points[max(0, end - _SPARK) : end]
    if len(shown) < 2:
        return None
    return Sparkline(
        title=title_of(facts.metric),
        numbers=facts.numbers_format,
        values=tuple(point.value for point in shown),
        partial=_partial(trend, end),
    )


def trend_chart(facts: MetricFacts) -> Lines | None:
    """Published values up to the pack's period, with the expected band and the target."""
    trend, end = facts.trend, _until(facts)
    begin = max(0, end - _SHOWN.get(facts.grain, 25))
    shown = trend.points[begin:end]
    if len(shown) < 3:
        return None
    bands = trend.bands[begin:end]
    title = title_of(facts.metric)
    first, last = shown[0].period, shown[-1].period
    odd = trend.unusual(first, last)
    return Lines(
        title=title,
        numbers=facts.numbers_format,
        periods=tuple(point.period for point in shown),
        grain=facts.grain,
        series=(Series(name=title, values=tuple(point.value for point in shown)),),
        band=tuple((b.low, b.high) if b is not None else None for b in bands) if any(bands) else (),
        target=facts.target,
        unusual=tuple(index - begin for index in odd),
        annotations=_restatements(facts, trend, begin, end),
        partial=_partial(trend, end),
    )


def parts_chart(facts: MetricFacts) -> Waterfall | None:
    """How factors, or the groups of a dimension, lead from one period to the other."""
    first = facts.first
    if first is None or not first.why.change:
        return None
    why = first.why
    assert why.before is not None
    assert why.after is not None
    steps = named_steps(why.by[0], _STEPS - 1) if why.by and len(why.by[0].groups) > 1 else ()
    if not steps:
        return None
    by = dimension_words(why.by[0].dimensions[0])
    return Waterfall(
        title=f"{title_of(facts.metric)} by {by}",
        numbers=facts.numbers_format,
        start=(short_words(why.spans.base), number_of(why.before)),
        parts=steps,
        end=(short_words(why.spans.now), number_of(why.after)),
        better=facts.metric.better,
    )


def cohort_chart(facts: MetricFacts, found: Cohorts) -> Heatmap | None:
    """Cohorts down, periods since their start across."""
    last = facts.period.last
    begun = {p.period for p in found.points if p.period <= last and p.step == 1 and p.complete}
    cohorts = sorted(begun)[-_COHORTS:]
    told = {p.step for p in found.points if p.period in begun and p.complete}
    steps = sorted(step for step in told if step)[:_COHORTS]
    if not cohorts or not steps:
        return None
    values = {(p.period, p.step): p.value for p in found.points if p.complete}
    return Heatmap(
        title=title_of(facts.metric),
        numbers=facts.numbers_format,
        rows=tuple(period_label(cohort, found.grain) for cohort in cohorts),
        columns=tuple(str(step) for step in steps),
        values=tuple(tuple(values.get((c, s)) for s in steps) for c in cohorts),
        row_title="began in",
        column_title=f"{found.grain}s later",
    )


def charts_of(facts: MetricFacts) -> tuple[Chart, ...]:
    """The charts of one metric, those that have data."""
    if facts.cohorts is not None:
        found: tuple[Chart | None, ...] = (cohort_chart(facts, facts.cohorts),)
    else:
        found = (trend_chart(facts), parts_chart(facts))
    return tuple(chart for chart in found if chart is not None)


def _until(facts: MetricFacts) -> int:
    """The position after the pack's period."""
    last = facts.period.last
    return sum(1 for point in facts.trend.points if point.period <= last)


def _partial(trend: Trend, end: int) -> int:
    """How many of the last points before `end` are not complete."""
    count = 0
    while count < end and not trend.points[end - 1 - count].complete:
        count += 1
    return count


def _restatements(facts: MetricFacts, trend: Trend, begin: int, end: int) -> tuple[Annotation, ...]:
    """The restated periods among those shown, by the release that restated them."""
    found: dict[date, str] = {}
    for each in facts.restatements:
        for change in each.of_grain(facts.grain):
            found[change.slot.period] = f"restated by release {each.release}"
    places = {point.period: index - begin for index, point in enumerate(trend.points[:end])}
    return tuple(
        Annotation(at=places[period], label=label)
        for period, label in sorted(found.items())
        if places.get(period, -1) >= 0
    )
