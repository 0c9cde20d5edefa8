"""Every kind of row rule on DuckDB: what it breaks, and that good and broken rows are all rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.contracts import conditions as c
from headwater.contracts.definition import RowRule, Severity
from headwater.contracts.relation import Relation, Surroundings
from headwater.contracts.sql import (
    broken_rows_sql,
    duplicates_sql,
    good_rows_sql,
    violation_flags,
)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def rule(condition: c.Condition, name: str = "r", severity: Severity = Severity.ERROR) -> RowRule:
    return RowRule(name=name, condition=condition, columns=(), severity=severity)


def values(*rows: str, columns: str = "a") -> Relation:
    return Relation.query(f"SELECT * FROM (VALUES {', '.join(rows)}) AS v({columns})")


KINDS: list[tuple[c.Condition, str, list[str], list[int]]] = [
    (c.NotNull(column="a"), "INTEGER", ["1", "NULL"], [1]),
    (c.NotMissing(column="a", missing=(None, "NA")), "VARCHAR", ["'x'", "'NA'", "NULL"], [1, 2]),
    (c.NotMissing(column="a", missing=("",)), "VARCHAR", ["''", "NULL"], [0]),
    (c.Bounded(column="a", comparison=">=", bound=0), "DOUBLE", ["0", "-0.1", "NULL"], [1]),
    (c.Bounded(column="a", comparison=">", bound=0), "DOUBLE", ["0", "0.1"], [0]),
    (c.Bounded(column="a", comparison="<", bound=0.1), "DECIMAL(4,2)", ["0.1", "0.09"], [0]),
    (
        c.Bounded(column="a", comparison="<=", bound="2011-12-09", type="TIMESTAMP"),
        "TIMESTAMP",
        ["'2011-12-09 00:00:00'", "'2011-12-09 00:00:01'"],
        [1],
    ),
    (c.MultipleOf(column="a", factor=0.05), "DECIMAL(6,2)", ["1.15", "1.16", "NULL"], [1]),
    (c.MultipleOf(column="a", factor=0.1, exact=False), "DOUBLE", ["0.3", "0.35"], [1]),
    (c.Matches(column="a", pattern="^[AC]?[0-9]+$"), "VARCHAR", ["'C1'", "'B1'", "NULL"], [1]),
    (c.Accepted(column="a", values=("it's", "x")), "VARCHAR", ["'it''s'", "'y'", "NULL"], [1]),
    (c.Accepted(column="a", values=(1, 2.5)), "DOUBLE", ["1", "2.5", "3"], [2]),
    (c.Accepted(column="a", values=("2011-01-01",), type="DATE"), "DATE", ["'2011-01-01'"], []),
    (c.Accepted(column="a", values=(None,)), "INTEGER", ["1", "NULL"], [0]),
    (c.Sized(column="a", minimum=2, maximum=3), "VARCHAR", ["'x'", "'éé'", "'abcd'"], [0, 2]),
    (c.Sized(column="a", maximum=1), "INTEGER[]", ["[1]", "[1, 2]", "NULL"], [1]),
    (c.DistinctItems(column="a"), "INTEGER[]", ["[1, 2]", "[1, 1]", "[]", "NULL"], [1]),
    (c.Castable(column="a", type="BIGINT"), "VARCHAR", ["'7'", "'x'", "'2.5'", "'2.0'"], [1, 2]),
    (
        c.Castable(column="a", type="DATE", format="%d/%m/%Y"),
        "VARCHAR",
        ["'31/12/2011'", "'12/31/2011'", "NULL"],
        [1],
    ),
    (c.Expression(sql="a > 0 or a is null -- so"), "INTEGER", ["1", "0", "NULL"], [1]),
    (c.Unique(columns=("a",)), "INTEGER", ["1", "2", "1", "NULL", "NULL", "1"], [2, 5]),
]


@pytest.mark.parametrize(("condition", "type_name", "rows", "broken"), KINDS)
def test_each_kind_finds_what_breaks_it(
    connection: duckdb.DuckDBPyConnection,
    condition: c.Condition,
    type_name: str,
    rows: list[str],
    broken: list[int],
) -> None:
    listed = ", ".join(f"({n}, {value})" for n, value in enumerate(rows))
    relation = Relation.query(
        f"SELECT n, CAST(a AS {type_name}) AS a FROM (VALUES {listed}) AS v(n, a)", order=("n",)
    )
    rules = [rule(condition, "the rule")]
    found = connection.execute(broken_rows_sql(rules, relation) + " ORDER BY n").fetchall()
    assert [row[0] for row in found] == broken
    assert all(row[-1] == ["the rule"] for row in found)
    good = connection.execute(good_rows_sql(rules, relation) + " ORDER BY n").fetchall()
    assert [row[0] for row in good] == [n for n in range(len(rows)) if n not in broken]
    for _, flag in violation_flags(rules, relation):
        flags = connection.execute(f"SELECT {flag} FROM {relation.sql} ORDER BY n").fetchall()
        assert [n for n, row in enumerate(flags) if row[0]] == broken
        assert all(row[0] is not None for row in flags)


def test_a_row_names_every_rule_that_it_broke(connection: duckdb.DuckDBPyConnection) -> None:
    relation = values("(1, 'x')", "(-1, NULL)", "(-1, 'y')", columns="a, b")
    rules = [
        rule(c.Bounded(column="a", comparison=">=", bound=0), "low"),
        rule(c.NotNull(column="b"), "null"),
        rule(c.NotNull(column="b"), "told", Severity.WARNING),
    ]
    rows = connection.execute(broken_rows_sql(rules, relation) + " ORDER BY b").fetchall()
    assert rows == [(-1, "y", ["low"]), (-1, None, ["low", "null"])]
    assert connection.execute(good_rows_sql(rules, relation)).fetchall() == [(1, "x")]


def test_warnings_and_no_rules_send_no_row_away(connection: duckdb.DuckDBPyConnection) -> None:
    relation = values("(NULL)", "(1)")
    for rules in ([], [rule(c.NotNull(column="a"), severity=Severity.WARNING)]):
        assert connection.execute(broken_rows_sql(rules, relation)).fetchall() == []
        assert len(connection.execute(good_rows_sql(rules, relation)).fetchall()) == 2


def test_a_group_goes_together(connection: duckdb.DuckDBPyConnection) -> None:
    relation = values(
        "('A', 1)", "('A', -1)", "('B', 1)", "(NULL, -1)", "(NULL, 1)", columns="g, a"
    )
    rules = [rule(c.Bounded(column="a", comparison=">=", bound=0), "low")]
    found = connection.execute(broken_rows_sql(rules, relation, group=("g",))).fetchall()
    assert Counter((g, a, tuple(names)) for g, a, names in found) == Counter(
        [("A", -1, ("low",)), ("A", 1, ("group: g",)), (None, -1, ("low",))]
    )
    good = connection.execute(good_rows_sql(rules, relation, group=("g",))).fetchall()
    assert Counter(good) == Counter([("B", 1), (None, 1)])


def test_the_first_of_equal_keys_stays_by_order(connection: duckdb.DuckDBPyConnection) -> None:
    relation = Relation.query(
        "SELECT * FROM (VALUES ('f', 2, 7), ('e', 9, 7), ('f', 1, 8)) AS v(_file, _row, k)",
        order=("_file", "_row"),
    )
    rules = [rule(c.Unique(columns=("k",)))]
    found = connection.execute(broken_rows_sql(rules, relation)).fetchall()
    assert found == [("f", 2, 7, ["r"])]


def test_keys_of_published_rows_are_taken(connection: duckdb.DuckDBPyConnection) -> None:
    relation = values("(1)", "(2)", "(2)", "(3)", "(NULL)", columns="k")
    around = Surroundings(existing=values("(1)", "(2)", "(9)", "(NULL)", columns="k"))
    rules = [rule(c.Unique(columns=("k",)))]
    found = connection.execute(broken_rows_sql(rules, relation, around=around)).fetchall()
    assert sorted(row[0] for row in found) == [1, 2, 2]
    good = connection.execute(good_rows_sql(rules, relation, around=around)).fetchall()
    assert Counter(good) == Counter([(3,), (None,)])
    keys = connection.execute(duplicates_sql(("k",), relation, around.existing)).fetchall()
    assert sorted(keys) == [(1, 1, True), (2, 2, True)]


def test_references_are_judged_where_the_other_table_is_given(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    relation = values("(1, 'x')", "(2, 'x')", "(NULL, 'x')", columns="a, b")
    condition = c.ExistsIn(columns=("a", "b"), node="other", target_columns=("k", "l"))
    rules = [rule(condition, "a in other")]
    assert connection.execute(broken_rows_sql(rules, relation)).fetchall() == []
    other = values("(1, 'x')", "(2, 'y')", "(NULL, 'x')", columns="k, l")
    around = Surroundings(targets={"other": other})
    found = connection.execute(broken_rows_sql(rules, relation, around=around)).fetchall()
    assert found == [(2, "x", ["a in other"])]
    single = [rule(c.ExistsIn(columns=("a",), node="other", target_columns=("k",)))]
    assert connection.execute(broken_rows_sql(single, relation, around=around)).fetchall() == []


ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-3, 3),
        st.none() | st.sampled_from(["", "A1", "b", "it's"]),
        st.none() | st.integers(0, 2),
    ),
    max_size=25,
)
CONDITIONS = st.lists(
    st.sampled_from(
        [
            c.NotNull(column="a"),
            c.Bounded(column="a", comparison=">=", bound=0),
            c.Matches(column="b", pattern="^A"),
            c.Accepted(column="b", values=("A1", "it's")),
            c.Expression(sql="a > g or b is null"),
            c.Unique(columns=("a",)),
            c.Unique(columns=("b", "g")),
            c.ExistsIn(columns=("g",), node="other", target_columns=("g",)),
        ]
    ),
    max_size=4,
)


@cache
def _small() -> duckdb.DuckDBPyConnection:
    """One connection for all examples: opening one costs more than an example."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("CREATE TABLE t (a INTEGER, b VARCHAR, g INTEGER, n INTEGER)")
    connection.execute("CREATE TABLE other AS SELECT 1 AS a, 'A1' AS b, 1 AS g")
    return connection


@settings(max_examples=30, deadline=None)
@given(ROWS, CONDITIONS, st.sampled_from([(), ("g",), ("g", "b")]), st.booleans(), st.booleans())
def test_good_and_broken_rows_are_all_rows(
    rows: Sequence[tuple[Any, ...]],
    found: Sequence[c.Condition],
    group: tuple[str, ...],
    ordered: bool,
    shared: bool,
) -> None:
    connection = _small()
    connection.execute("DELETE FROM t")
    if rows:
        listed = [[*row, number] for number, row in enumerate(rows)]
        marks = ", ".join(["(?, ?, ?, ?)"] * len(listed))
        connection.execute(f"INSERT INTO t VALUES {marks}", list(chain.from_iterable(listed)))
    relation = Relation.named("t", order=("n",) if ordered else ())
    other = Relation.named("other")
    around = Surroundings(existing=other if shared else None, targets={"other": other})
    rules = [rule(each, f"rule {n}") for n, each in enumerate(found)]
    good = connection.execute(good_rows_sql(rules, relation, group, around)).fetchall()
    broken = connection.execute(broken_rows_sql(rules, relation, group, around)).fetchall()
    everything = connection.execute("FROM t").fetchall()
    assert Counter(good) + Counter(row[:-1] for row in broken) == Counter(everything)
    assert all(row[-1] for row in broken)
    kept = Relation.query(good_rows_sql(rules, relation, group, around), order=relation.order)
    assert connection.execute(broken_rows_sql(rules, kept, group, around)).fetchall() == []
