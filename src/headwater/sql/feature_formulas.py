"""Formulas of features: aggregates over rows of a window, other features, and `:parameters`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from headwater.sql.formula_parts import Function, ParsedCondition, ParsedFormula
from headwater.sql.formula_reading import BY_ORDER, Language, read_condition, read_formula
from headwater.sql.parameters import mentions, with_dollars

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
    "first": "first",
    "last": "last",
    "bool_or": "any",
    **dict.fromkeys(sorted(word for word in BY_ORDER if "min" in word), "first"),
    **dict.fromkeys(sorted(word for word in BY_ORDER if "max" in word), "last"),
}
_FEATURES = Language(
    code="E001",
    aggregate_code="E003",
    singular="a feature",
    plural="features",
    functions=_FUNCTIONS,
    known=(
        "count, count(distinct …), sum, avg, min, max, first, last, arg_max(value, time) and"
        " bool_or are the aggregates of features; make what needs another a table"
    ),
    refused={
        "WINDOW": ("a window function", "`windows:` say which rows count; else make it a table"),
        "SUBQUERY": ("a subquery", "make it a table, and the feature of that table"),
        "PARAMETER": ("a parameter inside of an aggregate", "`windows:` say which rows count"),
        "POSITIONAL_REFERENCE": ("a position", "name the column"),
        "STAR": ("`*`", "name the columns"),
        "DEFAULT": ("`default`", "name the column"),
    },
    takes_parameters=True,
)


@lru_cache(maxsize=4096)
def parse_feature(text: str, source: str = "") -> ParsedFormula:
    """Read the `expr` of a feature over rows of `source`; raises `SqlError` with the place.

    A division by zero gives NULL.

    >>> parse_feature("date_diff('day', max(sold_at), :at)").parts[3]
    Parameter(name='at', line=1, column=32)
    """
    dollars = with_dollars(text, {each.name for each in mentions(text)})
    return read_formula(dollars, source, _FEATURES)


@lru_cache(maxsize=4096)
def parse_row_condition(text: str, source: str = "") -> ParsedCondition:
    """Read the `where` of a feature or a view; raises `SqlError` with the place in the text."""
    dollars = with_dollars(text, {each.name for each in mentions(text)})
    return read_condition(dollars, source, _FEATURES)
