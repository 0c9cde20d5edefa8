"""The reader of expressions lets nothing out of the parentheses that a rule is put into."""

from __future__ import annotations

import duckdb
import pytest

from headwater.contracts.expressions import (
    ExpressionError,
    check_expression,
    check_query,
    embed,
    mentioned,
    normalize,
    split_on,
)

GOOD = [
    "a > 0",
    "b like '%)%' or b = 'it''s'",
    '"odd ) name" is not null',
    "b = $$)$$ or b = $x$ it's ) $x$",
    "b = e'\\')' or b = 'x'",
    "a > 0 -- a comment )",
    "a /* ) */ > 0",
    "list_contains([1, 2], a)",
    "{'k': 1}.k = a",
    "a::int > 1.5e3",
]
BAD = [
    "", "  -- nothing", "a)", "(a", "a) or (b", "a; drop table t", "a = 'x", 'a = "x', "a = ?",
    "a /* x", "[a)", "a = $$x", "a = $1",
]  # fmt: skip


@pytest.mark.parametrize("sql", GOOD)
def test_expressions_stay_inside(sql: str) -> None:
    check_expression(sql)
    with duckdb.connect() as connection:
        row = "SELECT 1 AS a, 'x' AS b, 3 AS \"odd ) name\""
        connection.execute(f"SELECT {embed(sql)} FROM ({row}) LIMIT 0")


@pytest.mark.parametrize("sql", BAD)
def test_what_would_reach_outside_is_refused(sql: str) -> None:
    with pytest.raises(ExpressionError):
        check_expression(sql)


def test_queries_begin_as_queries() -> None:
    check_query("with x as (select 1) select * from x")
    check_query("FROM t SELECT count(*)")
    for wrong in ("delete from t", "a > 0", "copy t to 'x'", "select 1; select 2"):
        with pytest.raises(ExpressionError):
            check_query(wrong)


def test_columns_are_found_by_their_names() -> None:
    names = ["Price", "invoice", "odd name", "like"]
    found = mentioned("price > 0 and \"odd name\" = 'invoice' -- invoice", names)
    assert found == ("Price", "odd name")


def test_normal_forms_ignore_what_means_nothing() -> None:
    assert normalize("( A > 0 )  -- so") == normalize('("a">0)')
    assert normalize("a > 'X'") != normalize("a > 'x'")


@pytest.mark.parametrize(
    ("sql", "word", "parts"),
    [
        ("a or b and c", "or", ("a", "b and c")),
        ("a or b and c", "and", ("a or b and c",)),
        ("a between 1 and 2 and b", "and", ("a between 1 and 2", "b")),
        ("(a or b) and c", "and", ("a or b", "c")),
        ("case when a or b then c end", "or", ("case when a or b then c end",)),
        ("f(a or b)", "or", ("f ( a or b )",)),
    ],
)
def test_operands_of_the_outermost_connective(sql: str, word: str, parts: tuple[str, ...]) -> None:
    assert split_on(sql, word) == parts  # type: ignore[arg-type]
