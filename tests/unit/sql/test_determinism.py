"""What would make a rebuild differ is found, with its place; what would not, is not."""

from __future__ import annotations

import pytest
from tests.unit.sql.schemas import DETERMINISM, FUNCTIONS, Case, read_cases

from headwater.sql import Binder

CASES = list(read_cases("determinism", frozenset({"finds", "fine"})))


@pytest.fixture(scope="module")
def binder() -> Binder:
    return Binder(FUNCTIONS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_written_cases(binder: Binder, case: Case) -> None:
    template = binder.bind(case.queries[0], DETERMINISM)
    found = [f"{p.code} {p.line}:{p.column}: {p.what}" for p in template.problems]
    assert found == [text for word, text in case.expected if word == "finds"]
    assert all(problem.fix for problem in template.problems)


def test_ties_name_the_key_that_ends_them(binder: Binder) -> None:
    sql = "select row_number() over (partition by b order by ts) as r from t"
    (problem,) = binder.bind(sql, DETERMINISM).problems
    assert problem.fix == "end the order with the key of `t`: id"


def test_a_column_named_like_a_clock_is_a_column(binder: Binder) -> None:
    sql = 'select "current_date" from (select d as "current_date" from t)'
    relations = DETERMINISM
    assert [p.code for p in binder.bind(sql, relations).problems] in ([], ["E401"])
