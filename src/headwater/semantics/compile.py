"""A question to metrics as SQL: parts for each table, put together by their keys, then formulas."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from headwater.clock import Clock, Grain, local, wall_clock
from headwater.contracts.quoting import quote
from headwater.errors import Issue, UsageError, did_you_mean
from headwater.semantics.asking import AnswerColumn, Comparison, Compiled, MetricQuery
from headwater.semantics.calendar import STEPS, start_of, step_from
from headwater.semantics.catalog import Catalog, remembered
from headwater.semantics.completeness import window_conditions, windows_of
from headwater.semantics.metric import Window
from headwater.semantics.parts import Batch, batches, build
from headwater.semantics.question import Question, look_up
from headwater.semantics.routing import route
from headwater.semantics.scope import Frame, Scope, midnight, select
from headwater.semantics.sources import Rows
from headwater.semantics.terms import Formula, Retained, Term, is_count
from headwater.semantics.types import cast_to, dimension_type, metric_types, term_type
from headwater.semantics.values import Names

PathChoice = Literal["auto", "rollup", "raw"]
COMPLETE_UNTIL = "complete_until"
COMPLETE_FROM = "complete_from"
_FLOATS = ("DOUBLE", "FLOAT")
_CALL = re.compile(r'(\w+)"?\(')
_EXACT = frozenset({"nullif", "coalesce", "round", "abs", "greatest", "least"})


def compile_query(
    query: MetricQuery,
    catalog: Catalog,
    *,
    clock: Clock,
    data_from: datetime | None = None,
    data_until: datetime | None = None,
    path: PathChoice = "auto",
) -> Compiled:
    """The SQL that answers a question, over the tables or the rollups of the catalog.

    A period is complete when it has ended at the clock and at `data_until`, and was asked for as a
    whole; only complete ones are compared, and with none that begins before `data_from`. Raises
    HeadwaterError (E901 to E911) and UsageError for a period that is none (E807).
    """
    now = local(clock.now, clock.zone)
    compiled = _compile(catalog, query, now.date(), path, has_beginning=data_from is not None)
    if COMPLETE_UNTIL not in compiled.parameters:
        return compiled
    until = now if data_until is None else min(now, wall_clock(data_until, clock.zone))
    known: dict[str, object] = {COMPLETE_UNTIL: until}
    if data_from is not None and COMPLETE_FROM in compiled.parameters:
        known[COMPLETE_FROM] = wall_clock(data_from, clock.zone)
    return replace(compiled, parameters={**compiled.parameters, **known})


@remembered
def _compile(
    catalog: Catalog, query: MetricQuery, today: date, path: PathChoice, *, has_beginning: bool
) -> Compiled:
    question = look_up(catalog, query, today)
    return compile_question(catalog, question, path, has_beginning=has_beginning)


def compile_question(
    catalog: Catalog,
    question: Question,
    path: PathChoice,
    *,
    is_kept: bool = False,
    has_beginning: bool = False,
) -> Compiled:
    """A question as SQL; `complete_until`, and `complete_from` if there is one, are left open.

    What is kept (`is_kept`) has neither an order nor the column `complete`.
    """
    scope, parts, taken = _parts(catalog, question, path)
    assembly = _Assembly(scope, question, _names(question), has_beginning)
    rows = assembly.stack(parts)
    columns = assembly.columns(is_stacked=len(parts) > 1)
    if is_kept:
        columns = [pair for pair in columns if pair[1].sort != "complete"]
        scope.parameters.pop(COMPLETE_UNTIL, None)
    _refuse_twins(columns)
    final = select([(sql, quote(column.name)) for sql, column in columns], rows)
    return Compiled(
        sql=scope.text(final if is_kept else final + _order(question, columns)),
        parameters=scope.parameters,
        columns=tuple(column for _, column in columns),
        relations=scope.relations,
        path=taken,
    )


def _names(question: Question) -> Names:
    return {term: f"v{number}" for number, term in enumerate(question.terms, start=1)}


def _parts(
    catalog: Catalog, question: Question, path: PathChoice
) -> tuple[Scope, list[_Part], Literal["rollup", "raw"]]:
    """The values of all terms: from rollups if those have them all, else from the tables."""
    names = _names(question)
    frames = [question.asked, *(question.compared(word) for word in question.query.compare)]
    divided = [(frame, batch) for frame in frames for batch in batches(question.terms)]
    if path != "raw":
        scope = _scope(catalog, question)
        routed = [(frame, route(scope, frame, batch)) for frame, batch in divided]
        if all(found is not None for _, found in routed):
            return (
                scope,
                [
                    _Part(cte, frame, held)
                    for frame, found in routed
                    for batch, kept in found or ()
                    for cte, held in build(scope, frame, batch, kept, names)
                ],
                "rollup",
            )
    if path == "rollup":
        what = "no rollups can answer this question"
        raise UsageError(Issue(code="E909", what=what, fix="ask with the path `auto`"))
    scope = _scope(catalog, question)
    parts = [
        _Part(cte, frame, held)
        for frame, batch in divided
        for cte, held in build(scope, frame, batch, _rows(scope, batch), names)
    ]
    return scope, parts, "raw"


def _scope(catalog: Catalog, question: Question) -> Scope:
    return Scope(
        catalog=catalog,
        by=question.by,
        grain=question.grain,
        conditions=question.conditions,
        has_steps=isinstance(question.terms[0], Retained),
    )


def _rows(scope: Scope, batch: Batch) -> Rows:
    return Rows.of(scope, batch.table, batch.time, batch.columns)


@dataclass(frozen=True, slots=True)
class _Part:
    cte: str
    frame: Frame
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class _Assembly:
    """Parts on their way to one row for each key."""

    scope: Scope
    question: Question
    names: Names
    has_beginning: bool = False

    def stack(self, parts: Sequence[_Part]) -> str:
        """What has all keys with the values of all parts.

        Parts are laid on each other and collapsed by key: a full outer join of any number, in which
        keys that are NULL meet too.
        """
        if len(parts) == 1:
            return parts[0].cte
        stacked = "\nUNION ALL BY NAME\n".join(self._layer(part) for part in parts)
        name = self.scope.add("parts", stacked)
        columns = list(dict.fromkeys(c for part in parts for c in self._values(part)))
        keys = [(key, key) for key in self.scope.keys]
        values = [(f"any_value({column})", column) for column in columns]
        return self.scope.add("together", select([*keys, *values], name, (), len(keys)))

    def _values(self, part: _Part) -> list[str]:
        return [self.names[term] + part.frame.suffix for term in part.terms]

    def _layer(self, part: _Part) -> str:
        """A part as it stands beside the others: what is compared moves to the period asked."""
        suffix = part.frame.suffix
        values = [(self.names[term], self.names[term] + suffix) for term in part.terms]
        keys = [(key, key) for key in self.scope.keys]
        if not suffix:
            return select([*keys, *values], part.cte)
        if self.question.grain is None:
            return select([*keys, *values], part.cte, [self._complete(())])
        moved, where = self._moved(suffix.removeprefix("_"))  # type: ignore[arg-type]
        shifted = select([(moved, "period"), *keys[1:], *values], part.cte, where)
        listed = [(key, key) for key in [*self.scope.keys, *(name for _, name in values)]]
        return select(listed, f"({shifted})", [self._complete(())])

    def _moved(self, comparison: Comparison) -> tuple[str, list[str]]:
        """The period with which one is compared; 29 February is compared with none."""
        grain = self.question.grain
        assert grain is not None
        moved = f"period + {_step(grain, comparison)}"
        where = [f"day({moved}) = day(period)"] if _may_leap(grain, comparison) else []
        return (moved if grain == "hour" else f"CAST({moved} AS DATE)"), where

    def _begun(self, comparison: Comparison) -> list[str]:
        """That the data reach back to where the period compared with begins."""
        if not self.has_beginning:
            return []
        grain, bind = self.question.grain, self.scope.bind
        if grain is None:
            first = self.question.compared(comparison).first
            if first is None:
                return []
            begin = bind(midnight(first))
        else:
            begin = f"period - {_step(grain, comparison)}"
        self.scope.parameters.setdefault(COMPLETE_FROM, None)
        return [f"{begin} >= ${COMPLETE_FROM}"]

    def _leap(self, comparison: Comparison) -> list[str]:
        """That a year before there is such a day, or a count of 29 February is compared with 0."""
        grain = self.question.grain
        if grain is None or not _may_leap(grain, comparison):
            return []
        return [f"day(period - {_step(grain, comparison)}) = day(period)"]

    def _complete(self, windows: Sequence[Window]) -> str:
        """Whether the period of a row is over, its data are in, and it was asked for as a whole."""
        question, bind = self.question, self.scope.bind
        grain, asked, until = question.grain, question.asked, f"${COMPLETE_UNTIL}"
        self.scope.parameters.setdefault(COMPLETE_UNTIL, None)
        if grain is None:
            assert asked.end is not None
            end = bind(midnight(asked.end))
            end += f" + step * {self._step}" if self.scope.has_steps else ""
            return " AND ".join(window_conditions(windows, end, until))
        steps = f"(step + 1) * {STEPS[grain]}" if self.scope.has_steps else STEPS[grain]
        conditions = window_conditions(windows, f"period + {steps}", until)
        if asked.first is not None and grain != "hour":
            assert question.period is not None
            if start_of(asked.first, grain, question.calendar) != asked.first:
                conditions.append(f"period >= {bind(asked.first)}")
            last = start_of(question.period.last, grain, question.calendar)
            if step_from(last, grain) != asked.end:
                conditions.append(f"period < {bind(last)}")
        return " AND ".join(conditions)

    @property
    def _step(self) -> str:
        """The length of a cohort's steps."""
        term = self.question.terms[0]
        assert isinstance(term, Retained)
        return STEPS[term.rule.period]

    def columns(self, *, is_stacked: bool) -> list[tuple[str, AnswerColumn]]:
        """The expressions of the answer's columns."""
        scope, question = self.scope, self.question
        found: list[tuple[str, AnswerColumn]] = []
        if question.grain is not None:
            kind = "TIMESTAMP" if question.grain == "hour" else "DATE"
            found.append(("period", AnswerColumn(name="period", sort="period", type=kind)))
        if scope.has_steps:
            found.append(("step", AnswerColumn(name="step", sort="step", type="BIGINT")))
        tables = tuple(dict.fromkeys(batch.table for batch in batches(question.terms)))
        for key, name in zip(scope.dimensions, question.by, strict=True):
            kind = dimension_type(scope.catalog, tables, name)
            found.append((key, AnswerColumn(name=name, sort="dimension", type=kind)))
        for name in question.formulas:
            found += self._metric(name, is_stacked)
        if question.grain is not None or (scope.has_steps and question.period is not None):
            column = AnswerColumn(name="complete", sort="complete", type="BOOLEAN")
            found.append((self._complete(windows_of(question.terms)), column))
        return found

    def _metric(self, name: str, is_stacked: bool) -> list[tuple[str, AnswerColumn]]:
        """A metric's value, and those that it is compared with."""
        windows = windows_of(self.question.formulas[name].terms)
        kind, natural = metric_types(self.scope.catalog, name)
        found = [
            (
                self._value(name, "", is_stacked, kind, natural),
                AnswerColumn(name=name, sort="metric", type=kind, metric=name),
            )
        ]
        for word in self.question.query.compare:
            value = self._value(name, f"_{word}", is_stacked, kind, natural)
            column = AnswerColumn(
                name=f"{name}_{word}", sort="compared", type=kind, metric=name, comparison=word
            )
            is_known = " AND ".join(
                [self._complete(windows), *self._begun(word), *self._leap(word)]
            )
            found.append((f"CASE WHEN {is_known} THEN {value} END", column))
        return found

    def _value(self, name: str, suffix: str, is_stacked: bool, kind: str, natural: str) -> str:
        values = {term: self._term(term, suffix, is_stacked) for term in self.names}
        formula = self.question.formulas[name]
        sql = cast_to(formula.sql(values), kind, natural)
        if kind in _FLOATS and not self._is_finite(formula):
            return f"CASE WHEN isfinite({sql}) THEN {sql} END"
        return sql

    def _is_finite(self, formula: Formula) -> bool:
        """Whether a value can be neither infinite nor NaN: quotients of exact numbers are not."""
        if any(term_type(self.scope.catalog, term) in _FLOATS for term in formula.terms):
            return False
        calls = {
            call for part in formula.parts if isinstance(part, str) for call in _CALL.findall(part)
        }
        return calls <= _EXACT

    def _term(self, term: Term, suffix: str, is_stacked: bool) -> str:
        column = self.names[term] + suffix
        return f"coalesce({column}, 0)" if is_stacked and is_count(term) else column


def _may_leap(grain: Grain, comparison: Comparison) -> bool:
    """Whether a period may lie on 29 February, which most years do not have."""
    return comparison == "year_ago" and grain in ("day", "hour")


def _step(grain: Grain, comparison: Comparison) -> str:
    """How far back the period compared with begins."""
    if comparison == "previous":
        return STEPS[grain]
    return "INTERVAL 364 DAY" if grain == "week" else "INTERVAL 1 YEAR"


def _refuse_twins(columns: Sequence[tuple[str, AnswerColumn]]) -> None:
    names = [column.name for _, column in columns]
    twins = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twins:
        what = f"two columns of the answer are called `{twins[0]}`"
        raise UsageError(Issue(code="E909", what=what, fix="ask for them one by one"))


def _order(question: Question, columns: Sequence[tuple[str, AnswerColumn]]) -> str:
    """The order asked for, then that of the keys, so that ties never change places."""
    names = {column.name: column for _, column in columns}
    wanted: dict[str, str] = {}
    for text in question.query.order:
        name = text.removeprefix("-")
        if name not in names:
            fix = did_you_mean(name, names, f"order by one of {', '.join(names)}")
            what = f"unknown column `{name}` in `order`"
            raise UsageError(Issue(code="E909", what=what, fix=fix))
        wanted.setdefault(name, "DESC" if text.startswith("-") else "ASC")
    for column in names.values():
        if column.sort in ("period", "dimension", "step"):
            wanted.setdefault(column.name, "ASC")
    order = ", ".join(f"{quote(name)} {way} NULLS LAST" for name, way in wanted.items())
    limit = question.query.limit
    return (f"\nORDER BY {order}" if order else "") + (f"\nLIMIT {limit:d}" if limit else "")
