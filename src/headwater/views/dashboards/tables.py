"""Cards of rows: metrics by group, saved queries, and pictures of Vega-Lite."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from headwater.charts.calendar import period_text as period_words
from headwater.errors import HeadwaterError, Issue, UsageError
from headwater.kinds.dashboard.definition import Card
from headwater.semantics.asking import Answer, AnswerColumn, MetricQuery, Number
from headwater.semantics.spans import period_text, span_words
from headwater.semantics.wording import dimension_words, group_words, title_of
from headwater.views.dashboards.about import about, filter_notes, open_notes, state_of
from headwater.views.dashboards.model import CardView, State, TableView
from headwater.views.dashboards.reading import Questions
from headwater.views.values import is_number, value_text

_ROWS: Final = 12
_COMPARED: Final = {"previous": "before", "year_ago": "a year ago"}


def table_card(questions: Questions, card: Card) -> CardView:
    """Metrics by group or period; or the rows of a saved query."""
    if card.query:
        return _saved(questions, card)
    answer = _ask(questions, card)
    limit = card.limit or _ROWS
    title = card.title or ", ".join(title_of(questions.metric(n)) for n in card.metrics)
    shown = [column for column in answer.columns if column.sort != "complete"]
    places = [at for at, column in enumerate(answer.columns) if column.sort != "complete"]
    rows = tuple(
        tuple(_cell(questions, card, answer.columns[at], row[at]) for at in places)
        for row in answer.rows[:limit]
    )
    more = len(answer.rows) - limit
    return CardView(
        sort="table",
        title=title,
        state=state_of(questions, card, [answer]),
        about=about(questions, card.metrics),
        span=span_words(questions.asked.period),
        table=TableView(
            heads=tuple(_head(questions, column) for column in shown),
            rows=rows,
            is_number=tuple(column.sort in ("metric", "compared") for column in shown),
            more=f"and {more:,} more" if more > 0 else "",
        ),
        note=card.note,
        notes=(*open_notes(questions, answer), *filter_notes(questions, card.metrics)),
        questions=(answer.query,),
    )


def _ask(questions: Questions, card: Card) -> Answer:
    """One question to all metrics of a card, with the filters that each of them knows."""
    known = [set(questions.where(card, name)) for name in card.metrics]
    where = tuple(c for c in questions.where(card, card.metrics[0])
                  if all(c in each for each in known))  # fmt: skip
    order = card.order or (() if card.grain else (f"-{card.metrics[0]}",))
    return questions.ask(
        MetricQuery(
            metrics=card.metrics,
            by=card.by,
            grain=card.grain,
            where=where,
            period=period_text(questions.asked.period),
            compare=questions.comparisons(card),
            order=order,
        )
    )


def _head(questions: Questions, column: AnswerColumn) -> str:
    if column.metric:
        title = title_of(questions.metric(column.metric))
        return f"{title}, {_COMPARED[column.comparison]}" if column.comparison else title
    return dimension_words(column.name).capitalize()


def _cell(questions: Questions, card: Card, column: AnswerColumn, value: object) -> str:
    if column.metric:
        assert value is None or isinstance(value, Number)
        return questions.format(column.metric).text(value)
    if column.sort == "period" and isinstance(value, date):
        return period_words(value, card.grain or "day")
    return group_words((column.name,), (value,))


def _saved(questions: Questions, card: Card) -> CardView:
    """The rows of a saved query; a limit beyond its own shows all of them."""
    found = questions.queries.run(card.query, card.set)
    limit = card.limit or _ROWS
    rows = tuple(
        tuple(value_text(value, name) for name, value in zip(found.columns, row, strict=True))
        for row in found.rows[:limit]
    )
    more = len(found.rows) - limit
    state = State()
    if not found.rows:
        state = State(sort="empty", cause="the query gives no row",
                      next_step=f"`headwater sql {card.query}` runs it")  # fmt: skip
    return CardView(
        sort="table",
        title=card.title or found.title,
        state=state,
        table=TableView(
            heads=tuple(name.replace("_", " ").capitalize() for name in found.columns),
            rows=rows,
            is_number=tuple(is_number(kind) for kind in found.types),
            more=f"and {more:,}{'+' if found.truncated else ''} more" if more > 0 else "",
        ),
        note=card.note,
        query=card.query,
    )


def vega_card(questions: Questions, card: Card) -> CardView:
    """A picture that a Vega-Lite specification makes of the rows."""
    answer = _ask(questions, card)
    names = [column.name for column in answer.columns]
    limit = card.limit or len(answer.rows)
    rows = [dict(zip(names, map(_plain, row), strict=True)) for row in answer.rows[:limit]]
    title = card.title or ", ".join(title_of(questions.metric(n)) for n in card.metrics)
    return CardView(
        sort="vega",
        title=title,
        state=state_of(questions, card, [answer]),
        about=about(questions, card.metrics),
        picture=vega_svg(card, rows),
        note=card.note,
        notes=(*open_notes(questions, answer), *filter_notes(questions, card.metrics)),
        questions=(answer.query,),
    )


def vega_svg(card: Card, rows: list[dict[str, object]]) -> str:
    """The picture as a `data:` address: an image runs no script, whatever it holds.

    Code E964 without the package, E965 for a specification that it refuses.
    """
    from base64 import b64encode

    try:
        import vl_convert
    except ImportError:
        what = "Vega-Lite pictures need another package"
        fix = "pip install 'headwater[vega]'"
        raise UsageError(
            Issue(code="E964", what=what, place=card.place_of("vega"), fix=fix)
        ) from None
    spec = {**json.loads(card.spec), "data": {"values": rows}}
    try:
        drawn = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    except ValueError as error:
        first = str(error).strip().splitlines()[0][:200]
        what = f"Vega-Lite refuses the specification: {first}"
        raise HeadwaterError(Issue(code="E965", what=what, place=card.place_of("vega"))) from None
    return "data:image/svg+xml;base64," + b64encode(drawn.encode()).decode()


def _plain(value: object) -> object:
    """A value as JSON has it."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float) else str(value)
