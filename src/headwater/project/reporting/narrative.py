"""Facts in sentences: what moved, what is unusual, what was restated, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from headwater.clock import Grain
from headwater.project.reporting.facts import Compared, MetricFacts
from headwater.project.reporting.figures import (
    Figure,
    Sentence,
    of_both,
    of_expected,
    of_published,
    of_query,
    of_restated,
    of_target,
    of_unusual,
)
from headwater.project.reporting.numbers import Trend
from headwater.semantics.asking import Number
from headwater.semantics.calendar import step_from
from headwater.semantics.contribution import exact
from headwater.semantics.formats import MINUS, NumberFormat, format_of
from headwater.semantics.periods import Period
from headwater.semantics.spans import day_words, open_words, span_words
from headwater.semantics.wording import number_of, part_words, title_of

#: Unusual points that a sentence names.
_NAMED: Final = 3
_COUNT: Final = NumberFormat(decimals=0)


def standing(facts: MetricFacts) -> Iterator[Sentence]:
    """Where the metric stands, and against what."""
    title = title_of(facts.metric)
    if facts.cohorts is not None:
        yield from _cohorts(facts)
        return
    if facts.alone is not None and facts.alone.value is not None:
        yield from _alone(facts, facts.alone.value)
        return
    if facts.first is None or facts.value is None:
        reason = f": {facts.missing[0]}" if facts.missing else ""
        yield (f"{title} has nothing to compare in {span_words(facts.period)}{reason}.",)
        return
    value = value_figure(facts.first, "after")
    changes = [_change(each, facts.numbers_format) for each in facts.compared]
    words: list[str | Figure] = [f"{title} stood at ", value, f" in {span_words(facts.period)}"]
    for index, change in enumerate(changes):
        words += [", " if index == 0 else " and ", *change]
    yield (*words, ".")
    if facts.first.why.spans.is_cut:
        yield ("The period is not over: both sides have equally many days.",)
    yield from _target(facts, value)


def unusual(facts: MetricFacts) -> Iterator[Sentence]:
    """What lies outside of what the past lets expect."""
    trend = facts.days if facts.unusual_grain != facts.grain else facts.trend
    if trend is None or not facts.unusual:
        return
    fmt, name = facts.numbers_format, facts.metric.name
    count = len(facts.unusual)
    source = of_unusual(name, facts.unusual_grain, facts.period)
    noun = str(facts.unusual_grain).replace("_", " ")
    noun = f" {noun} was" if count == 1 else f" {noun}s were"
    words: list[str | Figure] = [Figure(_COUNT.text(count), Fraction(count), source)]
    words.append(f"{noun} unusual: ")
    ranked = sorted(facts.unusual, key=lambda index: -_beyond(trend, index))
    for place, index in enumerate(sorted(ranked[:_NAMED])):
        words += ["; " if place else "", *_point(trend, index, name, fmt)]
    yield (*words, "." if count <= _NAMED else "; and others.")


def restated(facts: MetricFacts) -> Iterator[Sentence]:
    """Published numbers that changed since the period began."""
    for each in facts.restatements:
        assert each.release is not None
        assert each.at is not None
        source = of_restated(facts.metric.name, each.release)
        count = Figure(_COUNT.text(each.periods), Fraction(each.periods), source)
        noun = str(each.grain).replace("_", " ") + ("" if each.periods == 1 else "s")
        detail = f": {each.detail}" if each.detail else ""
        yield (
            f"Release {each.release} of {day_words(each.at.date())} restated ",
            count,
            f" published {noun} ({str(each.cause).replace('_', ' ')}{detail}).",
        )


def action(facts: MetricFacts) -> Sentence | None:
    """The playbook, where the metric is off its target or moves the wrong way."""
    if not facts.metric.playbook or not (facts.misses_target or facts.is_worse):
        return None
    return (" ".join(facts.metric.playbook.split()),)


def _alone(facts: MetricFacts, found: Fraction) -> Iterator[Sentence]:
    """A value without a change: as in `Share stands at 12 % so far in November 2011: …`."""
    source = of_query(facts.metric.name, facts.period, facts.where)
    value = Figure(facts.numbers_format.text(number_of(found)), found, source)
    title, span = title_of(facts.metric), span_words(facts.period)
    if facts.open_until is not None:
        because = open_words(facts.period.last, facts.open_until)
        yield (f"{title} stands at ", value, f" so far in {span}: {because}.")
        return
    yield (f"{title} stood at ", value, f" in {span}.")
    yield from _target(facts, value)
    for reason in facts.missing:
        yield (f"It is not compared: {reason}.",)


# --- the change as a whole


def value_figure(compared: Compared, side: str) -> Figure:
    """The value in the period, or in the one compared with."""
    why = compared.why
    value = why.after if side == "after" else why.before
    period = why.spans.now if side == "after" else why.spans.base
    assert value is not None
    source = of_query(why.metric.name, period, compared.asked.where)
    return Figure(format_of(why.metric).text(number_of(value)), value, source)


def _change(compared: Compared, fmt: NumberFormat) -> list[str | Figure]:
    """`up 36.5 % on October 2011`."""
    why, change = compared.why, compared.change
    base = span_words(why.spans.base)
    if why.before is None or why.after is None or why.change is None:
        return [f"without a value in {base} to compare with"]
    if not why.change:
        return [f"as in {base}"]
    word = "up" if why.change > 0 else "down"
    before, after = value_figure(compared, "before"), value_figure(compared, "after")
    if change.relative and "×" not in change.relative and "<" not in change.relative:
        text = change.relative.lstrip("▲▼ ")
        moved = after.value / before.value - 1
        figure = Figure(text, moved, of_both("relative", before, after))
    else:
        text = change.absolute.lstrip(f"+{MINUS}")
        figure = Figure(text, why.change, of_both("difference", before, after))
    return [f"{word} ", figure, f" on {base}"]


def _target(facts: MetricFacts, value: Figure) -> Iterator[Sentence]:
    if facts.target is None:
        return
    target, fmt = Fraction(facts.target), facts.numbers_format
    source = of_target(facts.metric.name, facts.grain)
    goal = Figure(fmt.text(facts.target), target, source)
    gap = value.value - target
    grain = facts.grain
    if not gap:
        yield ("That is its target of ", goal, f" a {grain}.")
        return
    text = part_words(fmt, gap).lstrip(f"+{MINUS}")
    away = Figure(text, gap, of_both("difference", goal, value))
    side = "above" if gap > 0 else "below"
    judged = ", which it misses" if facts.misses_target else ""
    yield ("That is ", away, f" {side} its target of ", goal, f" a {grain}{judged}.")


def _cohorts(facts: MetricFacts) -> Iterator[Sentence]:
    found = facts.cohorts
    assert found is not None
    title = title_of(facts.metric)
    if found.newest is None or found.newest.value is None:
        yield (f"{title} has no cohort yet that had the time to return.",)
        return
    name, fmt = facts.metric.name, facts.numbers_format

    newest = _published(name, found.grain, found.newest.period, found.newest.value, fmt)
    words: list[str | Figure] = [
        f"{title}: of those who began in {_grain_words(found.newest.period, found.grain)}, ",
        newest,
        f" came back one {found.grain} later",
    ]
    if found.before is not None and found.before.value is not None:
        before = _published(name, found.grain, found.before.period, found.before.value, fmt)
        words += [", after ", before, f" of {_grain_words(found.before.period, found.grain)}"]
    yield (*words, ".")


def _published(name: str, grain: Grain, cohort: date, value: Number, fmt: NumberFormat) -> Figure:
    found = exact(value)
    assert found is not None
    return Figure(fmt.text(value), found, of_published(name, grain, cohort, 1))


def _grain_words(first: date, grain: Grain) -> str:
    return span_words(Period(first=first, last=step_from(first, grain) - timedelta(days=1)))


# --- points


def _beyond(trend: Trend, index: int) -> float:
    """How far a point lies outside of its band, in widths of the band."""
    value, band = trend.points[index].value, trend.bands[index]
    assert value is not None
    assert band is not None
    gap = max(band.low - float(value), float(value) - band.high)
    return gap / (band.high - band.low or 1.0)


def _point(trend: Trend, index: int, name: str, fmt: NumberFormat) -> list[str | Figure]:
    """`14 November 2011 at £112,000, where £50,000 to £80,000 was expected`."""
    point, band = trend.points[index], trend.bands[index]
    assert band is not None
    assert point.value is not None
    value = exact(point.value)
    assert value is not None
    source = of_published(name, trend.grain, point.period)
    if fmt.decimals is None and value.denominator == 1:  # a band of counts needs no decimals
        fmt = replace(fmt, decimals=0)
    low, high = (
        Figure(
            fmt.text(number_of(Fraction(edge))),
            Fraction(edge),
            of_expected(name, trend.grain, point.period, part),
        )
        for edge, part in ((band.low, "low"), (band.high, "high"))
    )
    at = Figure(fmt.text(point.value), value, source)
    when = _grain_words(point.period, trend.grain)
    return [f"{when} at ", at, ", where ", low, " to ", high, " was expected"]
