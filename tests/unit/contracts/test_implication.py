"""What is called implied is implied: proved on rows by DuckDB, NULLs among them."""

from __future__ import annotations

from functools import cache

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.contracts import conditions as c
from headwater.contracts.implication import implies
from headwater.contracts.sql import kept

_ATOMS = ["a > 0", "a < 3", "b = 'x'", "b is null", "a between 1 and 2", "not (a = 2)"]


def _joined(parts: list[str], word: str) -> str:
    return f" {word} ".join(parts)


EXPRESSIONS = st.one_of(
    st.sampled_from(_ATOMS),
    st.builds(_joined, st.lists(st.sampled_from(_ATOMS), min_size=1, max_size=3), st.just("or")),
    st.builds(_joined, st.lists(st.sampled_from(_ATOMS), min_size=1, max_size=3), st.just("AND")),
    st.builds("({}) or {} and {}".format, *[st.sampled_from(_ATOMS)] * 3),
    st.builds("case when {} then {} or {} else true end".format, *[st.sampled_from(_ATOMS)] * 3),
)
CONDITIONS: st.SearchStrategy[c.Condition] = st.one_of(
    st.builds(lambda sql: c.Expression(sql=sql), EXPRESSIONS),
    st.builds(
        lambda comparison, bound: c.Bounded(column="a", comparison=comparison, bound=bound),
        st.sampled_from([">=", ">", "<=", "<"]),
        st.sampled_from([0, 1, 1.0, 2.5, 3]),
    ),
    st.builds(
        lambda values: c.Accepted(column="b", values=tuple(values)),
        st.lists(st.sampled_from(["x", "y", "xx"]), min_size=1),
    ),
    st.builds(
        lambda low, high: c.Sized(column="b", minimum=low, maximum=high),
        st.none() | st.integers(0, 2),
        st.none() | st.integers(0, 2),
    ),
    st.sampled_from(
        [
            c.NotNull(column="a"),
            c.NotNull(column="b"),
            c.NotMissing(column="b", missing=(None, "")),
            c.NotMissing(column="b", missing=("",)),
            c.NotMissing(column="b", missing=("", "x", None)),
            c.MultipleOf(column="a", factor=1),
            c.MultipleOf(column="a", factor=2),
            c.MultipleOf(column="a", factor=4),
        ]
    ),
)


@cache
def _rows() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    numbers = "SELECT unnest([NULL, -1, 0, 1, 2, 2.5, 3, 4]) AS a"
    texts = "SELECT unnest([NULL, '', 'x', 'y', 'xx', 'xxx']) AS b"
    connection.execute(f"CREATE TABLE t AS SELECT a, b FROM ({numbers}), ({texts})")
    return connection


@settings(max_examples=150, deadline=None)
@given(CONDITIONS, CONDITIONS)
def test_implied_conditions_keep_every_row(known: c.Condition, wanted: c.Condition) -> None:
    if not implies(known, wanted):
        return
    broken = f"SELECT * FROM t WHERE coalesce({kept(known)}, TRUE) AND NOT ({kept(wanted)})"
    assert _rows().execute(broken).fetchall() == []


def test_what_should_be_proved_is_proved() -> None:
    def own(sql: str) -> c.Expression:
        return c.Expression(sql=sql)

    low = c.Bounded(column="price", comparison=">=", bound=0)
    assert implies(low, own("price >= 0 or invoice like 'A%'"))
    assert implies(own("a or b"), own("B OR c OR a"))
    assert implies(own("a and b and d"), own("b AND a"))
    assert implies(own('("a" > 0) and b'), own("a > 0 or x"))
    assert not implies(own("a or b"), own("a"))
    assert not implies(own("a"), own("a and b"))
    assert implies(c.NotNull(column="a"), own("a is not null"))
    assert implies(c.Unique(columns=("a",)), c.Unique(columns=("b", "a")))
    assert not implies(c.Unique(columns=("a", "b")), c.Unique(columns=("a",)))
    day = c.Bounded(column="t", comparison="<", bound="2011-01-01", type="DATE")
    later = c.Bounded(column="t", comparison="<=", bound="2011-01-02", type="DATE")
    assert implies(day, later)
    assert not implies(later, day)
