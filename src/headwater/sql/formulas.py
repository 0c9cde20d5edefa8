"""Formulas of metrics: what is aggregated and what stands around it, and conditions on rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from headwater.sql.formula_parts import (
    Aggregate,
    Function,
    Mention,
    ParsedCondition,
    ParsedFormula,
)
from headwater.sql.formula_reading import (
    OTHER_AGGREGATES,
    Language,
    read_condition,
    read_formula,
)

__all__ = [
    "CODE",
    "OTHER_AGGREGATES",
    "Aggregate",
    "Function",
    "Mention",
    "ParsedCondition",
    "ParsedFormula",
    "parse_condition",
    "parse_formula",
]

CODE = "E901"
_FUNCTIONS: Mapping[str, Function] = {
    "sum": "sum",
    "count": "count",
    "count_star": "count",
    "count_if": "count",
    "countif": "count",
    "avg": "average",
    "mean": "average",
    "min": "min",
    "max": "max",
    "median": "quantile",
    "quantile": "quantile_disc",
    "quantile_cont": "quantile",
    "quantile_disc": "quantile_disc",
}
_KNOWN = (
    "sum, count, count(distinct …), avg, min, max, median, quantile_cont and quantile_disc are"
    " the aggregates of metrics"
)
_REFUSED = {
    "WINDOW": ("a window function", "a running total is a metric of `type: cumulative`"),
    "SUBQUERY": ("a subquery", "make it a table, and the metric of that table"),
    "PARAMETER": ("a parameter", "a metric has none; ask it with `where`"),
    "POSITIONAL_REFERENCE": ("a position", "name the column"),
    "STAR": ("`*`", "name the columns"),
    "DEFAULT": ("`default`", "name the column"),
}
_METRICS = Language(
    code=CODE,
    singular="a metric",
    plural="metrics",
    functions=_FUNCTIONS,
    known=_KNOWN,
    refused=_REFUSED,
)


@lru_cache(maxsize=4096)
def parse_formula(text: str, table: str = "") -> ParsedFormula:
    """Read the `expr` of a metric over `table`; raises `SqlError` with the place in the text.

    A division by zero gives NULL.

    >>> parse_formula("revenue / orders").metrics[1].name
    'orders'
    >>> parse_formula("count(distinct customers.id) filter (where not is_return)").aggregates[0]
    Aggregate(function='count_distinct', argument='"customers.id"', where='(NOT is_return)', ...)
    """
    return read_formula(text, table, _METRICS)


@lru_cache(maxsize=4096)
def parse_condition(text: str, table: str = "") -> ParsedCondition:
    """Read a condition over rows of `table`; raises `SqlError` with the place in the text.

    >>> parse_condition("not sales.is_return and country='France'", "sales").sql
    "((NOT is_return) AND (country = 'France'))"
    """
    return read_condition(text, table, _METRICS)
