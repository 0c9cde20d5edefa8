"""What the texts of a metric name: other metrics, and columns of its table and of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from headwater.errors import Issue, Place
from headwater.semantics.metric import Conversion, Cumulative, Metric, Retention
from headwater.sql.formulas import Mention, parse_condition, parse_formula
from headwater.sql.problems import SqlError


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """The metrics that a metric is made of, each with its place, and all columns that it names."""

    metrics: tuple[tuple[str, Place], ...] = ()
    columns: tuple[str, ...] = ()  # `country`, and `customers.country` of a referenced table
    counts_rows: bool = False  # it aggregates rows of a table itself


def uses_of(metric: Metric, issues: list[Issue]) -> Uses:
    """Read all texts of a metric; mistakes are noted at their very place."""
    metrics: list[tuple[str, Place]] = []
    columns = list(metric.dimensions)
    counts = isinstance(metric.shape, Retention)
    if metric.expr:
        try:
            formula = parse_formula(metric.expr, metric.table)
        except SqlError as error:
            issues.append(issue_in(error, metric, "expr"))
        else:
            metrics += [(m.name, place_in(metric, "expr", m)) for m in formula.metrics]
            counts = bool(formula.aggregates)
            columns += [c.name for part in formula.aggregates for c in part.columns]
    for key, text in _conditions(metric):
        try:
            columns += [mention.name for mention in parse_condition(text, metric.table).columns]
        except SqlError as error:
            issues.append(issue_in(error, metric, key))
    metrics += [(name, metric.place_of(key)) for key, name in _inputs(metric)]
    return Uses(metrics=tuple(metrics), columns=tuple(dict.fromkeys(columns)), counts_rows=counts)


def _conditions(metric: Metric) -> Iterator[tuple[str, str]]:
    if metric.where:
        yield "where", metric.where
    if isinstance(metric.shape, Retention):
        if metric.shape.start_event != "first":
            yield "start_event", metric.shape.start_event
        if metric.shape.return_event:
            yield "return_event", metric.shape.return_event


def _inputs(metric: Metric) -> Iterator[tuple[str, str]]:
    if isinstance(metric.shape, Cumulative):
        yield "input_metric", metric.shape.input_metric
    elif isinstance(metric.shape, Conversion):
        yield "base_metric", metric.shape.base_metric
        yield "conversion_metric", metric.shape.conversion_metric


def place_in(metric: Metric, key: str, at: Mention) -> Place:
    """Where a name stands in the file, given where it stands in the text of a key."""
    start = metric.place_of(key)
    if not at.line or key not in metric.places:
        return start
    return Place(start.path, start.line + at.line - 1, start.column + at.column - 1)


def issue_in(error: SqlError, metric: Metric, key: str) -> Issue:
    """What is wrong with the text of a key."""
    problem = error.problem
    place = place_in(metric, key, Mention("", problem.line, problem.column))
    return Issue(code=problem.code, what=problem.what, place=place, fix=problem.fix)
