"""Formulas of features: read by DuckDB's parser, told apart from those of metrics."""

from __future__ import annotations

import pytest

from headwater.sql.feature_formulas import parse_feature, parse_row_condition
from headwater.sql.formula_parts import Aggregate, Parameter
from headwater.sql.problems import SqlError


def test_aggregates_features_and_parameters_are_told_apart() -> None:
    formula = parse_feature("spend_30d / count(distinct invoice) filter (where not is_return) * :x")
    assert [mention.name for mention in formula.metrics] == ["spend_30d"]
    assert formula.aggregates == (
        Aggregate(function="count_distinct", argument="invoice", where="(NOT is_return)"),
    )
    assert [each.name for each in formula.parameters] == ["x"]


def test_a_division_by_zero_is_null() -> None:
    assert "nullif" in "".join(p for p in parse_feature("a / b").parts if isinstance(p, str))


def test_a_cast_is_no_parameter() -> None:
    assert parse_feature("sum(amount::double)").parameters == ()


@pytest.mark.parametrize(
    ("text", "function", "order"),
    [
        ("arg_max(price, sold_at)", "last", "sold_at"),
        ("min_by(price, sold_at)", "first", "sold_at"),
        ("last(price)", "last", ""),
        ("bool_or(is_return)", "any", ""),
        ("avg(price)", "average", ""),
    ],
)
def test_words_of_the_windows(text: str, function: str, order: str) -> None:
    (aggregate,) = parse_feature(text).aggregates
    assert (aggregate.function, aggregate.order) == (function, order)


@pytest.mark.parametrize(
    ("text", "code", "what"),
    [
        ("median(price)", "E003", "`median` is no aggregate of features"),
        ("bool_and(is_return)", "E003", "`bool_and` is no aggregate of features"),
        ("stddev(price)", "E003", "`stddev` is no aggregate of features"),
        ("sum(count(a))", "E001", "`count` stands inside of `sum`"),
        ("sum(price) over ()", "E001", "a window function cannot be part of a feature"),
        ("(select 1)", "E001", "a subquery cannot be part of a feature"),
        ("sum(price) filter (where t > :at)", "E001", "a parameter inside of an aggregate"),
        ("arg_max(price)", "E001", "`arg_max` takes a value and a time, not 1"),
        ("sum(price", "E001", "syntax error"),
        ("", "E001", "the expression is empty"),
        ("sum(a) as b", "E001", "this is more than one expression"),
    ],
)
def test_what_a_feature_cannot_be(text: str, code: str, what: str) -> None:
    with pytest.raises(SqlError) as caught:
        parse_feature(text)
    assert caught.value.problem.code == code
    assert what in caught.value.problem.what


def test_places_in_the_text() -> None:
    (parameter,) = parse_feature("date_diff('day', max(sold_at), :at)").parameters
    assert parameter == Parameter("at", 1, 32)


def test_a_condition_has_no_aggregates() -> None:
    with pytest.raises(SqlError) as caught:
        parse_row_condition("sum(price) > 3")
    assert caught.value.problem.what == "`sum` stands in a condition on rows"
