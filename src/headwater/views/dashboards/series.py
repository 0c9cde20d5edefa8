"""Cards over time: lines, areas, stacks, with band, comparison, target and events."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from headwater.charts.model import Annotation, Chart, Lines, Series, Stacked, Value
from headwater.clock import Grain
from headwater.kinds.dashboard.definition import Card
from headwater.project.reporting.numbers import STEPS
from headwater.semantics.asking import Answer, Comparison, MetricQuery, Number
from headwater.semantics.spans import period_text
from headwater.semantics.wording import dimension_words, group_words, title_of
from headwater.stats.baseline import Expectation
from headwater.views.dashboards.about import about, filter_notes, state_of
from headwater.views.dashboards.model import CardView
from headwater.views.dashboards.reading import Questions

_GROUPS: Final = 5  # drawn, unless the card says otherwise
_SHORTEST: Final = 4  # periods: fewer are no line
_COMPARED: Final = {"previous": "the {grain} before", "year_ago": "year ago"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A metric over time, without gaps between its periods."""

    metric: str
    grain: Grain
    periods: tuple[date, ...]
    values: tuple[Number | None, ...]
    compared: tuple[Number | None, ...]
    expected: tuple[Expectation | None, ...]
    unusual: tuple[int, ...]
    partial: int
    query: MetricQuery
    answer: Answer


def line_of(
    questions: Questions, card: Card, metric: str, comparison: Comparison | None = None
) -> Line:
    """A metric over the period asked for; with a band where nothing filters its history."""
    grain, where = questions.grain(card), questions.where(card, metric)
    query = MetricQuery(
        metrics=(metric,),
        grain=grain,
        where=where,
        period=period_text(questions.asked.period),
        compare=(comparison,) if comparison is not None else (),
    )
    answer = questions.ask(query)
    periods = _periods(questions, answer, grain)
    values, compared = _by_period(answer, "metric"), _by_period(answer, "compared")
    complete = _by_period(answer, "complete")
    shown = tuple(values.get(period) for period in periods)
    partial = _partial(periods, complete)
    expected: tuple[Expectation | None, ...] = (None,) * len(periods)
    if not where and grain in STEPS:
        trend = questions.numbers.trend(metric, grain)
        bands = dict(zip((p.period for p in trend.points), trend.bands, strict=True))
        expected = tuple(bands.get(period) for period in periods)
    unusual = tuple(
        at
        for at, (value, band) in enumerate(zip(shown, expected, strict=True))
        if value is not None and band is not None and at < len(periods) - partial
        and band.is_unusual(float(value))
    )  # fmt: skip
    return Line(
        metric=metric,
        grain=grain,
        periods=periods,
        values=shown,
        compared=tuple(compared.get(period) for period in periods),
        expected=expected,
        unusual=unusual,
        partial=partial,
        query=query,
        answer=answer,
    )


def series_card(questions: Questions, card: Card) -> CardView:
    """A line or an area; of one metric with all that is known, of several or of groups plain."""
    if card.by:
        return _groups_card(questions, card)
    comparisons = questions.comparisons(card) if len(card.metrics) == 1 else ()
    comparison = comparisons[0] if comparisons else None
    lines = [line_of(questions, card, name, comparison) for name in card.metrics]
    first = lines[0]
    metric = questions.metric(first.metric)
    title = card.title or " and ".join(title_of(questions.metric(n)) for n in card.metrics)
    is_alone = len(lines) == 1
    compared = None
    if is_alone and comparison is not None and any(v is not None for v in first.compared):
        words = _COMPARED[comparison].format(grain=first.grain.replace("_", " "))
        compared = Series(name=words, values=first.compared)
    is_whole = not questions.where(card, first.metric)  # a part has no target of its own
    target = metric.target.get(first.grain) if is_alone and is_whole else None
    chart = Lines(
        title=title,
        numbers=questions.format(first.metric),
        periods=first.periods,
        grain=first.grain,
        series=tuple(
            Series(name=title_of(questions.metric(line.metric)), values=line.values)
            for line in lines
        ),
        comparison=compared,
        band=_band(first) if is_alone else (),
        target=target,
        annotations=happened(questions, card, first.periods),
        unusual=first.unusual if is_alone else (),
        partial=first.partial,
        is_filled=card.chart == "area",
    )
    return _card(questions, card, title, chart, [line.answer for line in lines])


def _groups_card(questions: Questions, card: Card) -> CardView:
    """The greatest groups as lines, or all as a stack."""
    name = card.metrics[0]
    grain, where = questions.grain(card), questions.where(card, name)
    limit = card.limit or _GROUPS
    query = MetricQuery(
        metrics=(name,), by=card.by, grain=grain, where=where,
        period=period_text(questions.asked.period),
    )  # fmt: skip
    answer = questions.ask(query)
    notes: tuple[str, ...] = ()
    if answer.truncated:
        answer, count = _of_greatest(questions, query, limit)
        notes = (f"the {count} greatest groups alone: there are too many for this period",)
    periods = _periods(questions, answer, grain)
    groups = _by_group(answer, card, periods)
    title = card.title or f"{title_of(questions.metric(name))} by {_by_words(card)}"
    partial = _partial(periods, _by_period(answer, "complete"))
    marks = happened(questions, card, periods)
    numbers = questions.format(name)
    chart: Chart
    if card.chart == "stacked":
        chart = Stacked(
            title=title, numbers=numbers, periods=periods, grain=grain, groups=groups,
            limit=limit, annotations=marks, partial=partial,
        )  # fmt: skip
    else:
        shown = groups[:limit]
        if len(groups) > limit:
            notes = (*notes, f"the {limit} greatest of {len(groups):,}")
        chart = Lines(
            title=title, numbers=numbers, periods=periods, grain=grain, series=shown,
            annotations=marks, partial=partial,
        )  # fmt: skip
    return _card(questions, card, title, chart, [answer], notes)


def _of_greatest(questions: Questions, query: MetricQuery, limit: int) -> tuple[Answer, int]:
    """The groups that are greatest over the whole period, where all together are too many."""
    from headwater.views.dashboards.asked import NO_VALUE, Asked

    total = MetricQuery(
        metrics=query.metrics, by=query.by, where=query.where, period=query.period,
        order=(f"-{query.metrics[0]}",), limit=limit,
    )  # fmt: skip
    found = questions.ask(total)
    at = found.index(query.by[0])
    values = tuple(NO_VALUE if row[at] is None else str(row[at]) for row in found.rows)
    pick = Asked(period=questions.asked.period, text="", filters={query.by[0]: values})
    conditions = pick.conditions(query.by[:1])
    narrow = MetricQuery(
        metrics=query.metrics, by=query.by, grain=query.grain,
        where=(*query.where, *conditions), period=query.period,
    )  # fmt: skip
    return questions.ask(narrow), len(values)


def _card(
    questions: Questions,
    card: Card,
    title: str,
    chart: Chart,
    answers: Sequence[Answer],
    notes: tuple[str, ...] = (),
) -> CardView:
    return CardView(
        sort=card.chart,
        title=title,
        state=state_of(questions, card, answers),
        about=about(questions, card.metrics),
        chart=chart,
        note=card.note,
        notes=(*notes, *filter_notes(questions, card.metrics)),
        questions=tuple(answer.query for answer in answers),
    )


def happened(questions: Questions, card: Card, periods: Sequence[date]) -> tuple[Annotation, ...]:
    """What happened, at the period in which it did."""
    if not periods:
        return ()
    days = [each.date() if isinstance(each, datetime) else each for each in periods]
    events = questions.events.between(days[0], questions.asked.period.last)
    return tuple(
        Annotation(at=bisect_right(days, event.day) - 1, label=event.label)
        for event in events
        if event.day >= days[0] and (not event.metric or event.metric in card.metrics)
    )


def _band(line: Line) -> tuple[tuple[Value, Value] | None, ...]:
    if len(line.periods) < _SHORTEST or not any(line.expected):
        return ()
    return tuple((band.low, band.high) if band is not None else None for band in line.expected)


def _periods(questions: Questions, answer: Answer, grain: Grain) -> tuple[date, ...]:
    if grain != "hour":
        return questions.shown_periods(grain, questions.last_day(answer))
    days = questions.shown_periods("day", questions.last_day(answer))
    return tuple(
        datetime.combine(day, time()) + timedelta(hours=hour) for day in days for hour in range(24)
    )


def _by_period(answer: Answer, sort: str) -> dict[date, Number | None]:
    """Period → value of the first column of a sort."""
    at = next((i for i, column in enumerate(answer.columns) if column.sort == sort), None)
    period = next((i for i, column in enumerate(answer.columns) if column.sort == "period"), None)
    if at is None or period is None:
        return {}
    return {_day(row[period]): _number(row[at]) for row in answer.rows if row[period] is not None}


def _by_group(answer: Answer, card: Card, periods: Sequence[date]) -> tuple[Series, ...]:
    """Groups with their values, the greatest first."""
    columns = list(enumerate(answer.columns))
    keys = [at for at, column in columns if column.sort == "dimension"]
    value = next(at for at, column in columns if column.sort == "metric")
    period = answer.index("period")
    found: dict[tuple[object, ...], dict[date, Number | None]] = {}
    for row in answer.rows:
        key = tuple(row[at] for at in keys)
        found.setdefault(key, {})[_day(row[period])] = _number(row[value])
    sizes = {key: sum(abs(float(v or 0)) for v in each.values()) for key, each in found.items()}
    ranked = sorted(found, key=lambda key: (-sizes[key], str(key)))
    return tuple(
        Series(
            name=group_words(card.by, key),
            values=tuple(found[key].get(period) for period in periods),
        )
        for key in ranked
    )


def _partial(periods: Sequence[date], complete: dict[date, Number | None]) -> int:
    """How many of the last periods are not complete; one without rows is as the one before."""
    count = 0
    for period in reversed(periods):
        if complete.get(period) is not False:
            break
        count += 1
    return count


def _by_words(card: Card) -> str:
    return " and ".join(dimension_words(name) for name in card.by)


def _day(value: object) -> date:
    assert isinstance(value, date)
    return value


def _number(value: object) -> Number | None:
    assert value is None or isinstance(value, Number)
    return value
