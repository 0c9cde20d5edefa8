"""The answer to a metric query as a table: numbers by their formats, changes with their sense."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from headwater.contracts.quoting import literal
from headwater.semantics.asking import Answer, AnswerColumn, Comparison, Compiled, Number
from headwater.semantics.calendar import period_label
from headwater.semantics.catalog import Calendar
from headwater.semantics.formats import NO_VALUE, format_change, format_of
from headwater.semantics.metric import Metric
from headwater.semantics.spans import open_words, until_words
from headwater.views.exports import json_value
from headwater.views.figures import count
from headwater.views.layout import Cell
from headwater.views.page import Page
from headwater.views.values import is_number, value_text

#: Behind a period that is not over, or whose data are not all in.
PARTIAL: Final = "…"
_STYLES: Final = {"good": "good", "bad": "bad", "neutral": ""}
_WORDS: Final = {"good": " better", "bad": " worse", "neutral": ""}
_PATHS: Final = {"raw": "from the tables", "rollup": "from rollups", "published": "as published"}
_KEPT: Final = {"rollup": "rollups", "published": "what is published"}
_BASES: Final[Mapping[Comparison, str]] = {
    "previous": "against the period before",
    "year_ago": "against a year ago",
}
_AGAINST: Final[Mapping[Comparison, str]] = {"previous": "vs previous", "year_ago": "vs year ago"}
#: A text, a name in quotes, or the name of a value.
_VALUES: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$\w+")
_BARS: Final = "▁▂▃▄▅▆▇█"


def print_answer(
    answer: Answer, metrics: Mapping[str, Metric], calendar: Calendar, page: Page, limit: int = 0
) -> None:
    """The rows, at most `limit` of them, and what they are: release, end of data, notes."""
    rows = answer.rows[:limit] if limit else answer.rows
    if rows:
        table = _Table(answer, metrics, calendar)
        page.rows([table.head(), *map(table.row, rows)], indent=0, gap=2)
    for line in footer(answer, ZoneInfo(calendar.zone), len(rows)):
        page.line(Cell(line, "quiet"))


@dataclass(frozen=True, slots=True)
class _Table:
    """An answer as cells; whether a period is complete is said by a mark behind it."""

    answer: Answer
    metrics: Mapping[str, Metric]
    calendar: Calendar

    def head(self) -> list[Cell]:
        """The names of the columns; of what is compared, with what."""
        return [
            Cell(self._name(column), "strong", _is_right(column))
            for column in self.answer.columns
            if column.sort != "complete"
        ]

    def row(self, row: tuple[object, ...]) -> list[Cell]:
        """One row."""
        return [
            self._cell(column, value, row)
            for column, value in zip(self.answer.columns, row, strict=True)
            if column.sort != "complete"
        ]

    def _name(self, column: AnswerColumn) -> str:
        if column.comparison is not None:
            return _AGAINST[column.comparison]
        is_open = column.sort == "metric" and column.metric in self.answer.open_until
        return column.name + (PARTIAL if is_open else "")

    def _cell(self, column: AnswerColumn, value: object, row: Sequence[object]) -> Cell:
        if column.sort == "period":
            grain = self.answer.query.grain
            assert grain is not None
            label = period_label(cast("date", value), grain, self.calendar)
            return Cell(label + (PARTIAL if _is_partial(self.answer, row) else ""))
        if column.sort == "metric":
            text = format_of(self.metrics[column.metric]).text(cast("Number | None", value))
            return Cell(text, "quiet" if text == NO_VALUE else "", right=True)
        if column.sort == "compared":
            return self._change(column, cast("Number | None", value), row)
        text = "no value" if value is None else value_text(value, column.name)
        return Cell(text, "quiet" if value is None else "", right=_is_right(column))

    def _change(self, column: AnswerColumn, before: Number | None, row: Sequence[object]) -> Cell:
        is_open = _is_partial(self.answer, row) or column.metric in self.answer.open_until
        if before is None and (is_open or not self._has_base(column, row)):
            return Cell(NO_VALUE, "quiet", right=True)  # only whole periods are compared
        metric = self.metrics[column.metric]
        now = cast("Number | None", row[self.answer.index(column.metric)])
        change = format_change(before, now, format_of(metric), metric.better)
        text = f"{change.headline}{_WORDS[change.judged]}" if change.headline else change.word
        return Cell(text, _STYLES[change.judged], right=True)

    def _has_base(self, column: AnswerColumn, row: Sequence[object]) -> bool:
        """Whether there is a whole period to compare a row with, so that it may be new in it."""
        compared = [
            position
            for position, other in enumerate(self.answer.columns)
            if other.comparison == column.comparison and other.comparison is not None
        ]
        return any(
            other[position] is not None
            for other in self.answer.rows
            if self._period(other) == self._period(row)
            for position in compared
        )

    def _period(self, row: Sequence[object]) -> object:
        return row[self.answer.index("period")] if self.answer.query.grain is not None else None


def _is_right(column: AnswerColumn) -> bool:
    return column.sort in ("metric", "compared") or is_number(column.type)


def _is_partial(answer: Answer, row: Sequence[object]) -> bool:
    """Whether a row is of a period that goes on, or whose data do."""
    return any(
        column.sort == "complete" and value is False
        for column, value in zip(answer.columns, row, strict=True)
    )


def footer(answer: Answer, zone: ZoneInfo, shown: int) -> Iterator[str]:
    """What a reader must know of the numbers."""
    parts = [f"release #{answer.release}"] if answer.release is not None else []
    if answer.data_until is not None:
        parts.append(f"data until {until_words(answer.data_until, zone)}")
    parts += [_BASES[comparison] for comparison in answer.query.compare]
    parts.append(_PATHS[answer.path])
    if not answer.rows:
        yield "no rows"
    yield " · ".join(parts)
    if any(_is_partial(answer, row) for row in answer.rows):
        yield f"{PARTIAL} not complete: the period goes on, or its data do"
    for name, day in answer.open_until.items():
        yield f"{PARTIAL} {name} so far: {open_words(answer.last or day, day)}"
    if shown < len(answer.rows) or answer.truncated:
        more = "more than " if answer.truncated else ""
        yield f"{more}{count(len(answer.rows), 'row')}, the first {shown:,} shown"
    yield from answer.notes


def sparkline(values: Sequence[Number | None]) -> str:
    """A line of bars, from the least value to the greatest; a gap where there is none.

    >>> sparkline([1, 2, None, 4])
    '▁▃ █'
    """
    known = [float(value) for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    step = (high - low) / (len(_BARS) - 1) or 1.0
    return "".join(" " if v is None else _BARS[round((float(v) - low) / step)] for v in values)


def audited_sql(compiled: Compiled, taken: str) -> str:
    """The SQL of a question that anybody can run; told first where the answer is `taken` from."""
    text = sql_with_values(compiled)
    if compiled.path == taken:
        return text
    # Not `--`, which a shell's argument cannot begin with.
    return f"/* Answered sooner from {_KEPT[taken]}; it is the same. */\n{text}"


def sql_with_values(compiled: Compiled | Answer) -> str:
    """The SQL of a question with its values in it, so that it can be read and run."""

    def put(match: re.Match[str]) -> str:
        name = match[0].removeprefix("$")
        return _literal(compiled.parameters[name]) if name in compiled.parameters else match[0]

    return _VALUES.sub(put, compiled.sql)


def _literal(value: object) -> str:
    if isinstance(value, datetime):
        kind = "TIMESTAMPTZ" if value.tzinfo is not None else "TIMESTAMP"
        return f"{kind} {literal(value.isoformat(' '))}"
    if isinstance(value, date):
        return f"DATE {literal(value.isoformat())}"
    if value is None:
        return "NULL"
    return literal(value) if isinstance(value, str) else str(value)


def answer_data(answer: Answer) -> dict[str, Any]:
    """An answer for machines: its rows, and what they are."""
    names = [column.name for column in answer.columns]
    return {
        "metrics": list(answer.query.metrics),
        "release": answer.release,
        "data_from": answer.data_from,
        "data_until": answer.data_until,
        "open_until": dict(answer.open_until),
        "path": answer.path,
        "truncated": answer.truncated,
        "notes": list(answer.notes),
        "rows": [
            {
                name: json_value(value) if isinstance(value, Decimal) else value
                for name, value in zip(names, row, strict=True)
            }
            for row in answer.rows
        ],
    }
