"""Cards of one number: value, change with its base, sparkline, one sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from headwater.charts.calendar import period_text
from headwater.charts.model import Sparkline
from headwater.clock import Grain
from headwater.errors import HeadwaterError
from headwater.kinds.dashboard.definition import Card
from headwater.project.metrics.movement import Why
from headwater.semantics.asking import Answer, Comparison, MetricQuery, Number
from headwater.semantics.formats import format_change
from headwater.semantics.metric import Metric, Retention
from headwater.semantics.spans import Spans, span_words
from headwater.semantics.spans import period_text as span_text
from headwater.semantics.wording import number_of, title_of
from headwater.views.dashboards.about import about, filter_notes, open_notes, state_of
from headwater.views.dashboards.model import CardView, ChangeView
from headwater.views.dashboards.reading import Questions
from headwater.views.dashboards.series import Line, line_of

#: Why a change cannot be told: no day is complete yet, or nothing to compare with.
_UNTOLD: Final = ("E950", "E951")
_MOST_POINTS: Final = 120  # of a sparkline


def kpi_cards(questions: Questions, card: Card) -> tuple[CardView, ...]:
    """A card for each metric."""
    return tuple(_kpi(questions, replace(card, metrics=(name,)), name) for name in card.metrics)


def _kpi(questions: Questions, card: Card, name: str) -> CardView:
    metric, fmt = questions.metric(name), questions.format(name)
    where = questions.where(card, name)
    comparisons = questions.comparisons(card, ("previous",))
    changes, why, notes = _changes(questions, card, name, comparisons)
    period = why.spans.now if why is not None else questions.asked.period
    query = MetricQuery(metrics=(name,), where=where, period=span_text(period))
    answer = why.answers[-1] if why is not None else questions.ask(query)
    value = why.after if why is not None else None
    found = number_of(value) if value is not None else _value(answer)
    line = None if isinstance(metric.shape, Retention) else line_of(questions, card, name)
    state = state_of(questions, card, [answer])
    sentence, is_off = _sentence(questions, metric, line, bool(where))
    if state.sort == "empty":
        sentence, is_off = "", False
    return CardView(
        sort="kpi",
        title=card.title or title_of(metric),
        state=state,
        about=about(questions, (name,)),
        value=fmt.compact(found),
        full=fmt.full(found),
        span=span_words(period),
        changes=changes,
        target="" if where else _target_text(questions, metric),
        sparkline=_sparkline(questions, metric, line),
        sentence=sentence,
        todo=" ".join(metric.playbook.split()) if is_off else "",
        note=card.note,
        notes=(*notes, *open_notes(questions, answer), *filter_notes(questions, (name,))),
        questions=(query, *([line.query] if line is not None else [])),
    )


def _changes(
    questions: Questions, card: Card, name: str, comparisons: tuple[Comparison, ...]
) -> tuple[tuple[ChangeView, ...], Why | None, tuple[str, ...]]:
    """The changes, what was found of the first one, and why others cannot be told.

    A period that is not over is compared as far as it goes: never with a complete one.
    """
    metric, fmt = questions.metric(name), questions.format(name)
    found: list[ChangeView] = []
    notes: list[str] = []
    first: Why | None = None
    for comparison in comparisons:
        try:
            why = questions.numbers.compared(questions.why(card, name, comparison))
        except HeadwaterError as error:
            if error.issues[0].code not in _UNTOLD:
                raise
            notes.append(error.issues[0].what)
            continue
        first = first or why
        change = format_change(number_of(why.before), number_of(why.after), fmt, metric.better)
        before = fmt.compact(number_of(why.before))
        if change.word != "unknown":
            found.append(ChangeView(change=change, base=base_words(why.spans), before=before))
    return tuple(found), first, tuple(notes)


def base_words(spans: Spans) -> str:
    """What a change is measured from: `vs the 90 days before`, `vs October 2011`."""
    text = " ".join(spans.now.text.split())
    if spans.comparison == "previous" and text.startswith("last ") and not spans.is_cut:
        return f"vs the {text.removeprefix('last ')} before"
    return f"vs {span_words(spans.base)}"


def _value(answer: Answer) -> Number | None:
    for row in answer.rows:
        for at, column in enumerate(answer.columns):
            if column.sort == "metric":
                value = row[at]
                assert value is None or isinstance(value, Number)
                return value
    return None


def _target_text(questions: Questions, metric: Metric) -> str:
    grain = target_grain(metric)
    if grain is None:
        return ""
    value = questions.format(metric.name).compact(metric.target[grain])
    return f"target {value} a {grain.replace('_', ' ')}"


def target_grain(metric: Metric) -> Grain | None:
    """The grain of a target: of several, the month, else the shortest."""
    if "month" in metric.target:
        return "month"
    return next(iter(metric.target), None)


def _sentence(
    questions: Questions, metric: Metric, line: Line | None, is_filtered: bool
) -> tuple[str, bool]:
    """One sentence: against the target, what is unusual, or the highest; and whether it is off."""
    told = None
    if not is_filtered and not isinstance(metric.shape, Retention):
        told = _against_target(questions, metric)
    if told is not None:
        return told
    if line is None:
        return "", False
    fmt = questions.format(metric.name)
    if line.unusual:
        at = line.unusual[-1]
        expected = line.expected[at]
        value = line.values[at]
        if expected is not None and value is not None:
            side = "above" if value > expected.high else "below"
            low, high = fmt.compact(expected.low), fmt.compact(expected.high)
            when = _when(line, at)
            return f"{when} was {fmt.compact(value)}, {side} the expected {low} to {high}.", False
    known = [(value, at) for at, value in enumerate(line.values)
             if value is not None and at < len(line.values) - line.partial]  # fmt: skip
    if len(known) < 3:
        return "", False
    value, at = min(known) if metric.better == "lower" else max(known)
    word = "Lowest" if metric.better == "lower" else "Highest"
    return f"{word} {line.grain.replace('_', ' ')}: {_when(line, at)}, {fmt.compact(value)}.", False


def _against_target(questions: Questions, metric: Metric) -> tuple[str, bool] | None:
    """How the last complete period stood against its target."""
    grain = target_grain(metric)
    if grain is None:
        return None
    last = questions.asked.period.last
    points = [
        p
        for p in questions.numbers.trend(metric.name, grain).points
        if p.complete and p.value is not None and p.period <= last
    ]
    if not points:
        return None
    value, target = points[-1].value, metric.target[grain]
    assert value is not None
    fmt = questions.format(metric.name)
    side = "above" if value > target else "below" if value < target else "at"
    is_off = side == {"higher": "below", "lower": "above"}.get(metric.better)
    when = period_text(points[-1].period, grain)
    when = when[:1].upper() + when[1:]
    return f"{when}: {fmt.compact(value)}, {side} the target of {fmt.compact(target)}.", is_off


def _when(line: Line, at: int) -> str:
    return period_text(line.periods[at], line.grain)


def _sparkline(questions: Questions, metric: Metric, line: Line | None) -> Sparkline | None:
    if line is None or sum(value is not None for value in line.values) < 2:
        return None
    return Sparkline(
        title=title_of(metric),
        numbers=questions.format(metric.name),
        values=line.values[-_MOST_POINTS:],
        partial=line.partial,
    )
