"""What is counted over a relation, and the verdict on it.

`questions` turns rules into as few queries as serve: one aggregate scan for all that one pass can
count, a hash GROUP BY for each uniqueness (several in one query would hold all their keys in memory
at once), one query each for references, SQL rules and volume. Each answers with one row, one value
a rule; `judge` makes the verdict of each.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from headwater.clock import Clock, local_midnight
from headwater.contracts import conditions as c
from headwater.contracts.definition import DatasetRule, Metric, RowRule, Rule, Severity, Unit
from headwater.contracts.expressions import embed
from headwater.contracts.quality import PLACEHOLDERS
from headwater.contracts.quoting import quote
from headwater.contracts.relation import ALONE, Relation, Surroundings
from headwater.contracts.sql import (
    breaks,
    duplicates_sql,
    kept,
    missing_reference,
    of_one_row,
)
from headwater.errors import Place

#: What DuckDB may answer a question with.
Value = int | float | Decimal | bool | datetime | date | None

PAST: Final = "past"
_LIBRARY_COUNTS: Final = (Metric.NULL_VALUES, Metric.MISSING_VALUES, Metric.INVALID_VALUES)


@dataclass(frozen=True, slots=True)
class Question:
    """A query whose single row answers its rules, one column each, in their order."""

    sql: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """The verdict on one rule. `measured` is what was counted; latency is in seconds.

    `failed_rows` counts the rows that broke a row rule, or those that a counting metric found.
    """

    rule: str
    severity: Severity
    passed: bool
    measured: float | None
    failed_rows: int
    text: str
    place: Place = Place()

    @property
    def is_breach(self) -> bool:
        """Whether it is an error that did not pass."""
        return not self.passed and self.severity is Severity.ERROR


def questions(
    rules: Iterable[Rule],
    relation: Relation,
    around: Surroundings = ALONE,
    time: str | None = None,
    past: Relation | None = None,
) -> tuple[Question, ...]:
    """The queries that answer the rules, all over the same relation.

    `time` is the relation's own time column, for latency without an element and for volume, which
    needs the `past` too (the published rows of the rule's window). Rules that cannot be asked are
    left out: references whose table is not among `around.targets`, volume without a past.
    """
    scanned: list[tuple[Rule, str]] = []
    apart: list[Question] = []
    for rule in rules:
        aggregate = _aggregate(rule, relation, time)
        if aggregate is not None:
            scanned.append((rule, aggregate))
            continue
        sql = _own_query(rule, relation, around, time, past)
        if sql is not None:
            apart.append(Question(sql, (rule,)))
    if not scanned:
        return tuple(apart)
    listed = ", ".join(f"{sql} AS c{number}" for number, (_, sql) in enumerate(scanned))
    scan = Question(f"SELECT {listed} FROM {relation.sql}", tuple(rule for rule, _ in scanned))
    return (scan, *apart)


def count_violations_sql(
    rules: Sequence[RowRule], relation: Relation, around: Surroundings = ALONE
) -> tuple[Question, ...]:
    """How many rows break each row rule: one scan, and one query a uniqueness or reference."""
    return questions(rules, relation, around)


def _aggregate(rule: Rule, relation: Relation, time: str | None) -> str | None:
    """What one pass over the relation can answer, together with others."""
    if isinstance(rule, RowRule):
        return f"count(*) FILTER (WHERE {breaks(rule, relation)})" if of_one_row(rule) else None
    if rule.metric is Metric.ROW_COUNT:
        return "count(*)"
    if rule.metric is Metric.AGGREGATE:
        return embed(rule.sql)
    if rule.metric is Metric.LATENCY:
        column = rule.columns[0] if rule.columns else time
        return f"max({quote(column)})" if column else None
    if rule.metric in _LIBRARY_COUNTS and rule.condition is not None:
        return _scaled(f"count(*) FILTER (WHERE NOT ({kept(rule.condition)}))", rule.unit)
    return None


def _scaled(count: str, unit: Unit) -> str:
    return f"100.0 * {count} / nullif(count(*), 0)" if unit is Unit.PERCENT else count


def _own_query(
    rule: Rule, relation: Relation, around: Surroundings, time: str | None, past: Relation | None
) -> str | None:
    """The query of a rule that needs more than one pass."""
    condition = rule.condition
    if isinstance(condition, c.Unique):
        percent = isinstance(rule, DatasetRule) and rule.unit is Unit.PERCENT
        return _extra_rows_sql(condition.columns, relation, around.existing, percent)
    if isinstance(condition, c.ExistsIn):
        target = around.targets.get(condition.node)
        if target is None:
            return None
        return f"SELECT count(*) FROM {relation.sql} WHERE {missing_reference(condition, target)}"
    if not isinstance(rule, DatasetRule):
        return None
    if rule.metric is Metric.SQL:
        return f"SELECT ({_filled(rule, relation, past)}\n)"
    if rule.metric is Metric.VOLUME and time is not None and past is not None:
        return volume_sql(relation, past, time)
    return None


def _extra_rows_sql(
    columns: Sequence[str], relation: Relation, existing: Relation | None, percent: bool
) -> str:
    """How many rows are more than the first of their key."""
    clashing = duplicates_sql(columns, relation, existing)
    extra = "coalesce(sum(_rows - CASE WHEN _taken THEN 0 ELSE 1 END), 0)"
    if not percent:
        return f"SELECT {extra} FROM ({clashing})"
    total = f"(SELECT nullif(count(*), 0) FROM {relation.sql})"
    return f"SELECT 100.0 * {extra} / {total} FROM ({clashing})"


def _filled(rule: DatasetRule, relation: Relation, past: Relation | None) -> str:
    """A query with relation and column in the places it leaves for them.

    Queries of our own, which have a `window`, also leave one for the published rows before.
    """
    before = past.sql if past else f"(SELECT * FROM {relation.sql} WHERE FALSE)"

    def fill(match: re.Match[str]) -> str:
        if match[1] == PAST:
            return before if rule.window else match[0]
        if PLACEHOLDERS.get(match[1]):
            return quote(rule.columns[0]) if rule.columns else match[0]
        return relation.sql

    names = "|".join((*PLACEHOLDERS, PAST))
    return re.sub(r"\$?\{(" + names + r")\}", fill, rule.sql)


def volume_sql(relation: Relation, past: Relation, time: str) -> str:
    """Rows a day in the relation, divided by the median of the days of the past.

    Days without rows count on neither side: a shop that is closed on Saturdays has usual volume on
    Fridays. NULL where the past has no rows.
    """
    day = f"CAST({quote(time)} AS DATE)"
    now = f"SELECT count(*) / nullif(count(DISTINCT {day}), 0) FROM {relation.sql}"
    usual = f"SELECT median(n) FROM (SELECT count(*) AS n FROM {past.sql} GROUP BY {day})"
    return f"SELECT coalesce(({now}), 0) / nullif(({usual}), 0)"


def judge(rule: Rule, value: Value, clock: Clock | None = None) -> RuleResult:
    """The verdict on what a question answered; `clock` says when latency is judged.

    A value of NULL passes: nothing was there to judge (an aggregate of no rows, no past, no time).
    """
    if isinstance(rule, RowRule):
        count = int(_number(value) or 0)
        return _result(rule, count == 0, float(count), count, rows_text(rule.name, count))
    measured = _delay(value, clock) if rule.metric is Metric.LATENCY else _number(value)
    if measured is None or math.isnan(measured):
        return _result(rule, True, None, 0, f"{rule.name}: nothing to judge")
    passed = rule.threshold.holds(measured)
    counted = rule.unit is Unit.ROWS and rule.condition is not None
    return _result(
        rule, passed, measured, int(measured) if counted else 0, _explain(rule, measured, passed)
    )


def rows_text(rule: str, rows: int) -> str:
    """What a row rule says.

    >>> rows_text("amount > 0", 1204)
    'amount > 0: 1,204 rows'
    """
    return f"{rule}: {rows:,} row{'s' if rows != 1 else ''}"


def judge_all(
    answers: Iterable[tuple[Question, Sequence[Value]]], clock: Clock | None = None
) -> tuple[RuleResult, ...]:
    """The verdicts on the answered questions, each with the row that its query gave."""
    return tuple(
        judge(rule, value, clock)
        for question, row in answers
        for rule, value in zip(question.rules, row, strict=True)
    )


def _result(rule: Rule, passed: bool, measured: float | None, rows: int, text: str) -> RuleResult:
    return RuleResult(
        rule=rule.name,
        severity=rule.severity,
        passed=passed,
        measured=measured,
        failed_rows=rows,
        text=text,
        place=rule.place,
    )


def _number(value: Value) -> float | None:
    if isinstance(value, datetime | date):
        raise TypeError("the query of a rule gave a date, not a number")
    return None if value is None else float(value)


def _delay(value: Value, clock: Clock | None) -> float | None:
    """Seconds from the latest time to now; a time without a zone is local, a date its midnight."""
    if clock is None or not isinstance(value, date):
        return None
    if not isinstance(value, datetime):
        latest = local_midnight(value, clock.zone)
    elif value.tzinfo is None:
        latest = value.replace(tzinfo=clock.zone).astimezone(UTC)
    else:
        latest = value.astimezone(UTC)
    return (clock.now - latest).total_seconds()


def _explain(rule: DatasetRule, measured: float, passed: bool) -> str:
    """`rowCount 12 < 100`: what was counted, beside the bound that it missed."""
    if rule.metric is Metric.LATENCY:
        limit = _span(rule.threshold.bounds[0])
        word = "within" if passed else "later than"
        return f"{rule.name} {_span(measured)}, {word} {limit}"
    unit = " %" if rule.unit is Unit.PERCENT else ""
    return f"{rule.name} {rule.threshold.explain(measured)}{unit}"


def _span(seconds: float) -> str:
    span = timedelta(seconds=round(seconds))
    if abs(span) >= timedelta(days=2):
        return f"{span / timedelta(days=1):.3g} d"
    return f"{span / timedelta(hours=1):.3g} h"
