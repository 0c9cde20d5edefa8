"""From a metric's definition to a formula over terms, other metrics written out.

`avg(x)` is `sum(x) / count(x)` on every path, so that averages of parts are never averaged; the
divisor zero gives NULL. A metric's `where` is of the aggregates in its own `expr`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast, get_args

from headwater.errors import HeadwaterError, Issue, Place, did_you_mean
from headwater.semantics.catalog import Catalog, remembered
from headwater.semantics.joins import at_place, reach
from headwater.semantics.metric import Conversion, Cumulative, Metric, Retention
from headwater.semantics.rollup import AggregateFunction, Leaf
from headwater.semantics.terms import (
    BY_ZERO,
    DIVIDED,
    Balance,
    Converted,
    Formula,
    Plain,
    Retained,
    Running,
    Term,
)
from headwater.sql.formulas import (
    Aggregate,
    Mention,
    ParsedCondition,
    parse_condition,
    parse_formula,
)
from headwater.sql.problems import SqlError, SqlProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A metric that is one value by another; the names are those of metrics, where they are."""

    numerator: Formula
    denominator: Formula
    numerator_metric: str = ""
    denominator_metric: str = ""


@remembered
def formula_of(catalog: Catalog, name: str) -> Formula:
    """The formula of a metric over terms whose columns are there. Raises HeadwaterError."""
    metric = catalog.metrics[name]
    formula = expand(metric, catalog.metrics)
    if metric.table and metric.table not in catalog.datasets:
        fix = did_you_mean(metric.table, catalog.datasets)
        what = f"unknown table `{metric.table}`"
        raise HeadwaterError(Issue(code="E201", what=what, place=metric.place_of("table"), fix=fix))
    _look_up_columns(catalog, metric)
    return formula


def expand(metric: Metric, metrics: Mapping[str, Metric]) -> Formula:
    """The formula of a metric, other metrics written out. Raises HeadwaterError."""
    return _expand(metric, metrics, ())


def ratio_of(metric: Metric, metrics: Mapping[str, Metric]) -> Ratio | None:
    """Numerator and denominator of `revenue / orders`, `sum(a) / sum(b)` or `avg(a)`, else None."""
    if metric.shape is not None or metric.balance is not None:
        return None
    parts = _parsed(metric)
    only = parts[0] if len(parts) == 1 else None
    if isinstance(only, Aggregate) and only.function == "average":
        return _ratio(
            metric, metrics, replace(only, function="sum"), replace(only, function="count")
        )
    if isinstance(only, Mention):
        other = metrics.get(only.name)
        return ratio_of(other, metrics) if other is not None and other is not metric else None
    if len(parts) == 5 and parts[::2] == ("(", DIVIDED, f"{BY_ZERO})"):
        upper, lower = parts[1], parts[3]
        assert not isinstance(upper, str)
        assert not isinstance(lower, str)
        return _ratio(metric, metrics, upper, lower)
    return None


def _ratio(
    metric: Metric,
    metrics: Mapping[str, Metric],
    upper: Aggregate | Mention,
    lower: Aggregate | Mention,
) -> Ratio:
    numerator, denominator = (
        Formula(_merged(_resolve(part, metric, metrics, (metric.name,)))) for part in (upper, lower)
    )
    return Ratio(
        numerator=numerator,
        denominator=denominator,
        numerator_metric=upper.name if isinstance(upper, Mention) else "",
        denominator_metric=lower.name if isinstance(lower, Mention) else "",
    )


def metrics_read(metric: Metric) -> tuple[str, ...]:
    """The names of the metrics that a metric's definition names, in written order, each once."""
    shape = metric.shape
    if isinstance(shape, Cumulative):
        return (shape.input_metric,)
    if isinstance(shape, Conversion):
        return tuple(dict.fromkeys((shape.base_metric, shape.conversion_metric)))
    if isinstance(shape, Retention):
        return ()
    names = (part.name for part in _parsed(metric) if isinstance(part, Mention))
    return tuple(dict.fromkeys(names))


def _expand(metric: Metric, metrics: Mapping[str, Metric], above: tuple[str, ...]) -> Formula:
    if metric.name in above:
        circle = " → ".join([*above[above.index(metric.name) :], metric.name])
        what = f"metrics refer to each other in a circle: {circle}"
        place = metric.place_of("expr")
        raise HeadwaterError(Issue(code="E907", what=what, place=place, fix="take one out"))
    inner = (*above, metric.name)
    shape = metric.shape
    if isinstance(shape, Cumulative):
        return _cumulative(metric, shape, metrics, inner)
    if isinstance(shape, Conversion):
        return _conversion(metric, shape, metrics, inner)
    if isinstance(shape, Retention):
        return Formula((_retention(metric, shape),))
    parts: list[str | Term] = []
    for part in _parsed(metric):
        parts += [part] if isinstance(part, str) else _resolve(part, metric, metrics, inner)
    formula = Formula(_merged(parts))
    own = any(isinstance(part, Aggregate) for part in _parsed(metric))
    if metric.where and not own:
        what = f"`where` of `{metric.name}` has no aggregate to filter"
        fix = "filter inside of the metrics that it is made of"
        raise HeadwaterError(Issue(code="E908", what=what, place=metric.place_of("where"), fix=fix))
    if not formula.terms:
        what = f"`{metric.name}` is made of no aggregate and no metric"
        fix = "write one, as in `sum(amount)`"
        raise HeadwaterError(Issue(code="E901", what=what, place=metric.place_of("expr"), fix=fix))
    return formula


def _parsed(metric: Metric) -> tuple[str | Aggregate | Mention, ...]:
    try:
        return parse_formula(metric.expr, metric.table).parts
    except SqlError as error:
        raise _at(metric, "expr", error.problem) from None


def _condition(metric: Metric, key: str, text: str, table: str) -> ParsedCondition:
    if not text:
        return ParsedCondition("")
    try:
        return parse_condition(text, table)
    except SqlError as error:
        raise _at(metric, key, error.problem) from None


def _at(metric: Metric, key: str, problem: SqlProblem) -> HeadwaterError:
    what = f"`{metric.name}`: {problem.what}"
    place = _inside(metric.place_of(key), problem.line, problem.column)
    return HeadwaterError(Issue(code=problem.code, what=what, place=place, fix=problem.fix))


def _inside(place: Place, line: int, column: int) -> Place:
    """Where something stands in a value that begins at `place`; only its first line is sure."""
    if line != 1 or not place.column:
        return place
    return Place(place.path, place.line, place.column + column - 1)


def _resolve(
    part: Aggregate | Mention,
    metric: Metric,
    metrics: Mapping[str, Metric],
    above: tuple[str, ...],
) -> list[str | Term]:
    """The terms of one aggregate, or of another metric."""
    if isinstance(part, Mention):
        other = metrics.get(part.name)
        if other is None:
            raise _unknown(metric, part, metrics)
        formula = _expand(other, metrics, above)
        if any(isinstance(term, Retained) for term in formula.terms):
            what = f"`{metric.name}` cannot be computed from the retention `{part.name}`"
            raise HeadwaterError(Issue(code="E908", what=what, place=metric.place_of("expr")))
        return list(formula.parts) if len(formula.parts) == 1 else ["(", *formula.parts, ")"]
    if part.function == "average":
        upper, lower = (replace(part, function=word) for word in ("sum", "count"))
        return ["(", _term(metric, upper), DIVIDED, _term(metric, lower), f"{BY_ZERO})"]
    return [_term(metric, part)]


def _term(metric: Metric, aggregate: Aggregate) -> Term:
    if not metric.table:
        what = f"`{metric.name}` has an aggregate but no table"
        place = metric.place_of("expr")
        raise HeadwaterError(Issue(code="E908", what=what, place=place, fix="add `table:`"))
    assert aggregate.function in get_args(AggregateFunction)
    own = _condition(metric, "where", metric.where, metric.table)
    names = (mention.name for mention in (*aggregate.columns, *own.columns))
    leaf = Leaf(
        table=metric.table,
        function=cast("AggregateFunction", aggregate.function),
        argument=aggregate.argument,
        where=_both(own.sql, aggregate.where),
        fraction=aggregate.fraction,
        time=metric.time,
        columns=tuple(dict.fromkeys(names)),
    )
    return Plain(leaf) if metric.balance is None else Balance(leaf, metric.balance)


def _both(first: str, second: str) -> str:
    return f"({first} AND {second})" if first and second else first or second


def _merged(parts: list[str | Term]) -> tuple[str | Term, ...]:
    """With neighbouring texts joined."""
    merged: list[str | Term] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return tuple(merged)


def _unknown(metric: Metric, part: Mention, metrics: Mapping[str, Metric]) -> HeadwaterError:
    fix = did_you_mean(part.name, (name for name in metrics if name != metric.name))
    if not fix and metric.table:
        fix = f"for a column of `{metric.table}`, wrap it in an aggregate: `sum({part.name})`"
    place = _inside(metric.place_of("expr"), part.line, part.column)
    what = f"`{metric.name}`: unknown metric `{part.name}`"
    return HeadwaterError(Issue(code="E907", what=what, place=place, fix=fix))


def _other(
    metric: Metric, key: str, name: str, metrics: Mapping[str, Metric], above: tuple[str, ...]
) -> Formula:
    other = metrics.get(name)
    if other is None:
        known = (word for word in metrics if word != metric.name)
        what = f"`{metric.name}`: unknown metric `{name}`"
        fix = did_you_mean(name, known)
        raise HeadwaterError(Issue(code="E907", what=what, place=metric.place_of(key), fix=fix))
    return _expand(other, metrics, above)


def _cumulative(
    metric: Metric, shape: Cumulative, metrics: Mapping[str, Metric], above: tuple[str, ...]
) -> Formula:
    """Each aggregate over the window, and the formula over those: never a sum of ratios."""
    formula = _other(metric, "input_metric", shape.input_metric, metrics, above)
    parts: list[str | Term] = []
    for part in formula.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        if not isinstance(part, Plain):
            what = f"`{metric.name}` cannot add up `{shape.input_metric}`"
            fix = "only sums, counts and other aggregates of rows, and formulas of them"
            place = metric.place_of("input_metric")
            raise HeadwaterError(Issue(code="E908", what=what, place=place, fix=fix))
        leaf = _filtered(metric, part.leaf)
        parts.append(Running(leaf, shape.window, shape.grain_to_date, shape.period_agg))
    return Formula(tuple(parts))


def _filtered(metric: Metric, leaf: Leaf) -> Leaf:
    own = _condition(metric, "where", metric.where, leaf.table)
    columns = tuple(dict.fromkeys([*leaf.columns, *(mention.name for mention in own.columns)]))
    return replace(leaf, where=_both(leaf.where, own.sql), columns=columns)


def _conversion(
    metric: Metric, shape: Conversion, metrics: Mapping[str, Metric], above: tuple[str, ...]
) -> Formula:
    leaves = []
    for key, name in (
        ("base_metric", shape.base_metric),
        ("conversion_metric", shape.conversion_metric),
    ):
        formula = _other(metric, key, name, metrics, above)
        term = formula.parts[0]
        if (
            len(formula.parts) > 1
            or not isinstance(term, Plain)
            or not term.leaf.function.startswith("count")
        ):
            what = f"`{metric.name}` converts events: `{name}` does not count any"
            fix = "name a metric that is one `count(…)`"
            raise HeadwaterError(Issue(code="E908", what=what, place=metric.place_of(key), fix=fix))
        leaves.append(term.leaf)
    base, conversion = _filtered(metric, leaves[0]), leaves[1]
    converted = Converted(base, conversion, shape, True)
    if shape.calculation == "conversions":
        return Formula((converted,))
    return Formula(("(", converted, DIVIDED, replace(converted, is_converted=False), f"{BY_ZERO})"))


def _retention(metric: Metric, shape: Retention) -> Retained:
    if not metric.table:
        what = f"`{metric.name}` is a retention without table"
        raise HeadwaterError(Issue(code="E908", what=what, place=metric.place, fix="add `table:`"))
    own = _condition(metric, "where", metric.where, metric.table)
    first = shape.start_event == "first"
    starts = _condition(metric, "start_event", "" if first else shape.start_event, metric.table)
    returns = _condition(metric, "return_event", shape.return_event, metric.table)
    mentions = (*own.columns, *starts.columns, *returns.columns)
    return Retained(
        table=metric.table,
        time=metric.time,
        where=own.sql,
        columns=tuple(dict.fromkeys(mention.name for mention in mentions)),
        rule=shape,
        returns=returns.sql,
        starts=starts.sql,
    )


def _look_up_columns(catalog: Catalog, metric: Metric) -> None:
    """Raise E902, E905 or E906 at the place of a column that is not within reach."""
    if not metric.table:
        return
    mentions: list[tuple[str, Mention]] = []
    if metric.shape is None:
        for part in _parsed(metric):
            if isinstance(part, Aggregate):
                mentions += [("expr", mention) for mention in part.columns]
    texts = {"where": metric.where}
    if isinstance(metric.shape, Retention):
        texts["return_event"] = metric.shape.return_event
        if metric.shape.start_event != "first":
            texts["start_event"] = metric.shape.start_event
    for key, text in texts.items():
        mentions += [(key, m) for m in _condition(metric, key, text, metric.table).columns]
    for key, mention in mentions:
        try:
            reach(catalog, metric.table, mention.name)
        except HeadwaterError as error:
            place = _inside(metric.place_of(key), mention.line, mention.column)
            raise at_place(error, place) from None
