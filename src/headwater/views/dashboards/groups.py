"""Cards of groups: ranked bars, contributions, cohorts, funnels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Final

from headwater.charts.calendar import short_text
from headwater.charts.model import Bar, Bars, Funnel, Heatmap, Value, Waterfall
from headwater.errors import HeadwaterError
from headwater.kinds.dashboard.definition import Card
from headwater.semantics.asking import Answer, Comparison, MetricQuery, Number, Point
from headwater.semantics.calendar import add_months
from headwater.semantics.contribution import Parts
from headwater.semantics.formats import format_change
from headwater.semantics.metric import Retention
from headwater.semantics.periods import Period
from headwater.semantics.spans import Spans, period_text, short_words, span_words
from headwater.semantics.wording import dimension_words, group_words, number_of, title_of
from headwater.views.dashboards.about import about, filter_notes, open_notes, state_of
from headwater.views.dashboards.kpis import base_words
from headwater.views.dashboards.model import CardView, State
from headwater.views.dashboards.reading import Questions

_BARS: Final = 8
_PARTS: Final = 6
_COHORTS_MONTHS: Final = 12
_CELLS: Final = 20
_SHORT: Final = 20  # letters of a name beside a bar
_BEFORE: Final[tuple[Comparison, ...]] = ("previous",)
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A metric by group, and what it was in the period compared with."""

    now: Mapping[Key, Number | None]
    base: Mapping[Key, Number | None]
    spans: Spans | None
    answers: tuple[Answer, ...]
    notes: tuple[str, ...] = ()


def bar_card(questions: Questions, card: Card) -> CardView:
    """The greatest groups, with their change where the card is held against something."""
    name = card.metrics[0]
    metric, fmt = questions.metric(name), questions.format(name)
    comparisons = questions.comparisons(card)
    held = _hold(questions, card, name, comparisons[0] if comparisons else None)
    ranked = sorted(held.now, key=lambda key: (_rank(held.now[key]), str(key)))
    limit = card.limit or _BARS
    rows = []
    for key in ranked[:limit]:
        before = held.base.get(key)
        change = format_change(before, held.now[key], fmt, metric.better)
        is_told = held.spans is not None
        rows.append(
            Bar(
                name=group_words(card.by, key),
                value=held.now[key],
                compared=before,
                note=(change.headline or change.word) if is_told else "",
                judged=change.judged if is_told else "neutral",
            )
        )
    title = card.title or f"{title_of(metric)} by {_by_words(card)}"
    chart = Bars(
        title=title,
        numbers=fmt,
        rows=tuple(rows),
        compared_with=base_words(held.spans).removeprefix("vs ") if held.spans else "",
        more=max(0, len(ranked) - limit),
    )
    return CardView(
        sort="bar",
        title=title,
        state=state_of(questions, card, held.answers[:1]),
        about=about(questions, (name,)),
        span=span_words(held.spans.now if held.spans else questions.asked.period),
        chart=chart,
        note=card.note,
        notes=(
            *held.notes,
            *open_notes(questions, held.answers[0]),
            *filter_notes(questions, (name,)),
        ),
        questions=tuple(answer.query for answer in held.answers),
    )


def _rank(value: Number | None) -> tuple[bool, float]:
    return (value is None, -float(value or 0))


def _hold(questions: Questions, card: Card, name: str, comparison: Comparison | None) -> _Held:
    """The groups of the period and, over equally complete days, of the one compared with."""
    spans: Spans | None = None
    notes: tuple[str, ...] = ()
    if comparison is not None:
        try:
            spans = questions.numbers.compared(questions.why(card, name, comparison)).spans
        except HeadwaterError as error:
            notes = (error.issues[0].what,)
    now = _groups(questions, card, name, spans.now if spans else questions.asked.period)
    if spans is None:
        return _Held(now=_values(now), base={}, spans=None, answers=(now,), notes=notes)
    base = _groups(questions, card, name, spans.base)
    return _Held(now=_values(now), base=_values(base), spans=spans, answers=(now, base))


def _groups(questions: Questions, card: Card, name: str, period: Period) -> Answer:
    return questions.ask(
        MetricQuery(
            metrics=(name,),
            by=card.by,
            where=questions.where(card, name),
            period=period_text(period),
            order=(f"-{name}",),
        )
    )


def _values(answer: Answer) -> dict[Key, Number | None]:
    keys = [at for at, column in enumerate(answer.columns) if column.sort == "dimension"]
    value = next(at for at, column in enumerate(answer.columns) if column.sort == "metric")
    return {tuple(row[at] for at in keys): _number(row[value]) for row in answer.rows}


def waterfall_card(questions: Questions, card: Card) -> CardView:
    """How groups lead from one period to the other: parts that add up exactly."""
    name = card.metrics[0]
    metric = questions.metric(name)
    title = card.title or f"{title_of(metric)} by {_by_words(card)}: what changed"
    comparison = (questions.comparisons(card, _BEFORE) or _BEFORE)[0]
    why = questions.numbers.explained(questions.why(card, name, comparison))
    view = CardView(
        sort="waterfall",
        title=title,
        state=state_of(questions, card, why.answers[:1]),
        about=about(questions, (name,)),
        span=span_words(why.spans.now),
        note=card.note,
        notes=(*why.notes, *filter_notes(questions, (name,))),
        questions=tuple(answer.query for answer in why.answers),
    )
    if why.before is None or why.after is None or not why.by:
        cause = why.undivided or "there is no value to compare with"
        step = "choose another period or comparison"
        return replace(view, state=State(sort="empty", cause=cause, owner=metric.owner,
                                         next_step=step))  # fmt: skip
    chart = Waterfall(
        title=title,
        numbers=questions.format(name),
        start=(_base_name(why.spans), number_of(why.before)),
        parts=_steps(why.by[0], card.limit or _PARTS),
        end=(_now_name(why.spans), number_of(why.after)),
        better=metric.better,
    )
    return replace(view, chart=chart)


def _base_name(spans: Spans) -> str:
    words = base_words(spans).removeprefix("vs ")
    return words[:1].upper() + words[1:] if len(words) <= _SHORT else short_words(spans.base)


def _now_name(spans: Spans) -> str:
    """The period as it was asked, where that is shorter: `Last 90 days`."""
    text = " ".join(spans.now.text.split())
    is_spoken = text.startswith("last ") and not spans.is_cut
    words = span_words(spans.now)
    return (
        text.capitalize()
        if is_spoken
        else words
        if len(words) <= _SHORT
        else short_words(spans.now)
    )


def _steps(parts: Parts, limit: int) -> tuple[tuple[str, Value], ...]:
    """The groups that moved most, and all others as one."""
    ranked = sorted(parts.groups, key=lambda group: -abs(group.contribution))
    shown = [group for group in ranked[:limit] if group.contribution]
    named: list[tuple[str, Value]] = [
        (group_words(parts.dimensions, group.key), number_of(group.contribution)) for group in shown
    ]
    left = ranked[len(shown) :]
    others = sum((group.contribution for group in left), Fraction(0))
    if others:
        named.append((f"{len(left):,} others", number_of(others)))
    if parts.rest:
        named.append(("counted in several groups", number_of(parts.rest)))
    return tuple(named)


def heatmap_card(questions: Questions, card: Card) -> CardView:
    """Cohorts by the periods since they began, or one dimension by another."""
    name = card.metrics[0]
    is_cohort = isinstance(questions.metric(name).shape, Retention)
    chart, answers = (_cohorts if is_cohort else _crossed)(questions, card, name)
    return CardView(
        sort="heatmap",
        title=chart.title,
        state=state_of(questions, card, answers),
        about=about(questions, (name,)),
        chart=chart,
        note=card.note,
        notes=filter_notes(questions, (name,)),
        questions=tuple(answer.query for answer in answers),
    )


def _cohorts(questions: Questions, card: Card, name: str) -> tuple[Heatmap, tuple[Answer, ...]]:
    """Cohorts of a year at least: those of a shorter period say little."""
    metric = questions.metric(name)
    assert isinstance(metric.shape, Retention)
    grain = card.grain or metric.shape.period
    period = questions.asked.period
    first = min(period.first, add_months(period.last.replace(day=1), 1 - _COHORTS_MONTHS))
    where = questions.where(card, name)
    answers: tuple[Answer, ...] = ()
    points: tuple[Point, ...] = ()
    if not where:
        published = questions.numbers.cohorts(name, grain)
        points = tuple(p for p in published if first <= p.period <= period.last)
    if not points:
        days = period_text(Period(first=first, last=period.last))
        answer = questions.ask(MetricQuery(metrics=(name,), grain=grain, where=where, period=days))
        points, answers = _points(answer), (answer,)
    found: dict[date, dict[int, Value]] = {}
    for point in points:
        if point.complete and point.step:  # of the first period all are there
            found.setdefault(point.period, {})[point.step] = point.value
    cohorts = sorted(found)[-_CELLS:]
    last = max((step for each in cohorts for step in found[each]), default=0)
    steps = range(1, min(last, _CELLS) + 1)
    chart = Heatmap(
        title=card.title or title_of(metric),
        numbers=questions.format(name),
        rows=tuple(short_text(cohort, grain) for cohort in cohorts),
        columns=tuple(str(step) for step in steps),
        values=tuple(tuple(found[each].get(step) for step in steps) for each in cohorts),
        row_title=f"First {grain.replace('_', ' ')}",
        column_title=f"{grain.replace('_', ' ')}s later",
    )
    return chart, answers


def _points(answer: Answer) -> tuple[Point, ...]:
    at = {column.sort: place for place, column in enumerate(answer.columns)}
    found = []
    for row in answer.rows:
        cohort, step = row[at["period"]], row[at["step"]]
        assert isinstance(cohort, date)
        assert isinstance(step, int)
        value = _number(row[at["metric"]])
        complete = row[at["complete"]] is not False
        found.append(Point(period=cohort, value=value, complete=complete, step=step))
    return tuple(found)


def _crossed(questions: Questions, card: Card, name: str) -> tuple[Heatmap, tuple[Answer, ...]]:
    """The greatest groups of one dimension by those of another."""
    answer = _groups(questions, card, name, questions.asked.period)
    values = _values(answer)
    totals: tuple[dict[object, float], dict[object, float]] = ({}, {})
    for key, value in values.items():
        for side in (0, 1):
            sums = totals[side]
            sums[key[side]] = sums.get(key[side], 0.0) + abs(float(value or 0))
    limit = card.limit or _CELLS
    first, second = (_greatest(side, limit) for side in totals)
    chart = Heatmap(
        title=card.title or f"{title_of(questions.metric(name))} by {_by_words(card)}",
        numbers=questions.format(name),
        rows=tuple(group_words(card.by[:1], (each,)) for each in first),
        columns=tuple(group_words(card.by[1:], (each,)) for each in second),
        values=tuple(tuple(values.get((row, column)) for column in second) for row in first),
        row_title=dimension_words(card.by[0]).capitalize(),
        column_title=dimension_words(card.by[1]),
    )
    return chart, (answer,)


def _greatest(sums: Mapping[object, float], limit: int) -> list[object]:
    return sorted(sums, key=lambda each: (-sums[each], str(each)))[:limit]


def funnel_card(questions: Questions, card: Card) -> CardView:
    """A metric for each step."""
    period = period_text(questions.asked.period)
    answers = [
        questions.ask(
            MetricQuery(metrics=(name,), where=questions.where(card, name), period=period)
        )
        for name in card.metrics
    ]
    title = card.title or " → ".join(title_of(questions.metric(n)) for n in card.metrics)
    chart = Funnel(
        title=title,
        numbers=questions.format(card.metrics[0]),
        steps=tuple(
            (title_of(questions.metric(name)), _values(answer).get(()))
            for name, answer in zip(card.metrics, answers, strict=True)
        ),
    )
    return CardView(
        sort="funnel",
        title=title,
        state=state_of(questions, card, answers),
        about=about(questions, card.metrics),
        span=span_words(questions.asked.period),
        chart=chart,
        note=card.note,
        notes=filter_notes(questions, card.metrics),
        questions=tuple(answer.query for answer in answers),
    )


def _by_words(card: Card) -> str:
    return " and ".join(dimension_words(name) for name in card.by)


def _number(value: object) -> Number | None:
    assert value is None or isinstance(value, Number)
    return value
