"""Binding: names and types of the result, what passes through, and every sort of mistake."""

from __future__ import annotations

import duckdb
import pytest
from tests.unit.sql.schemas import (
    DETERMINISM,
    FUNCTIONS,
    MUTATIONS,
    PAIRS,
    mutations,
    read_cases,
    relation,
)

from headwater.sql import Binder, Column, Query, QueryTemplate, Read, Relation, SqlError
from headwater.sql.binding import quoted

PAIR_WORDS = frozenset({"upstream", "changes"})
QUERIES = {
    "mutations": ([sql for pair in mutations() for sql in pair], MUTATIONS),
    "pairs": (
        [sql for case in read_cases("pairs", PAIR_WORDS) for sql in case.queries],
        PAIRS,
    ),
}


@pytest.fixture(scope="module")
def binder() -> Binder:
    return Binder(FUNCTIONS)


def problem(binder: Binder, sql: str) -> tuple[str, str, str, int, int]:
    with pytest.raises(SqlError) as raised:
        binder.bind(sql, DETERMINISM)
    found = raised.value.problem
    return found.code, found.what, found.fix, found.line, found.column


@pytest.mark.parametrize("name", QUERIES)
def test_names_and_types_are_those_of_describe(binder: Binder, name: str) -> None:
    queries, relations = QUERIES[name]
    connection = duckdb.connect()
    for text in FUNCTIONS:
        connection.execute(text)
    for known in relations.values():
        columns = ", ".join(f"{quoted(c.name)} {c.type}" for c in known.columns)
        connection.execute(f"create table {known.name} ({columns})")
    plain = sorted({sql for sql in queries if "$" not in sql})
    assert len(plain) > 110
    for sql in plain:
        described = connection.execute(f"describe {sql}").fetchall()
        template = binder.bind(sql, relations)
        assert [(c.name, c.type) for c in template.columns] == [row[:2] for row in described], sql


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select a+ from t", ("E210", 'syntax error at or near "from"', "", 1, 11)),
        ("select\n  é, bb\nfrom t", ("E202", "unknown column `é`", "", 2, 3)),
        ("select 'é',\n bb from t", ("E202", "unknown column `bb`", "did you mean `b`?", 2, 2)),
        (
            "select t.namee from c t",
            ("E202", "unknown column `namee`", "did you mean `name`?", 1, 8),
        ),
        ("select * from tt", ("E201", "unknown table `tt`", "did you mean `t`?", 1, 15)),
        ("select x.a from t", ("E201", "unknown table `x`", "", 1, 8)),
        (
            "select * from other.t",
            ("E201", "unknown table `other.t`", "tables are named without a schema", 1, 15),
        ),
        (
            "select uper(b) from t",
            ("E203", "unknown function `uper`", "did you mean `upper`?", 1, 8),
        ),
        (
            "insert into t select * from t",
            ("E211", "this statement is no SELECT", "write exactly one SELECT", 0, 0),
        ),
        (
            "select 1; select 2",
            ("E211", "more than one statement", "write exactly one SELECT", 0, 0),
        ),
        ("", ("E211", "no statement", "write exactly one SELECT", 0, 0)),
        (
            "explain select 1",
            ("E211", "this statement is no SELECT", "write exactly one SELECT", 0, 0),
        ),
        (
            "describe t",
            (
                "E211",
                "DESCRIBE, SHOW and SUMMARIZE are no tables",
                "write exactly one SELECT",
                0,
                0,
            ),
        ),
        (
            "with z as (insert into c by name select 1 as cid returning cid) select * from z",
            ("E211", "a table's SQL changes nothing", "write exactly one SELECT", 0, 0),
        ),
        (
            "select a, id as A from t",
            (
                "E213",
                "two columns are named `A`",
                "rename one with `as`, or leave it out with `exclude`",
                1,
                11,
            ),
        ),
        (
            "select *\nfrom (pivot u on k using sum(p))",
            (
                "E214",
                "the columns of this PIVOT depend on the data",
                "name the values: `ON column IN (…)`",
                2,
                7,
            ),
        ),
        (
            "select * from read_csv('a.csv')",
            (
                "E404",
                "files are read inside the SQL",
                "declare it as a source or a seed, and name that",
                1,
                15,
            ),
        ),
        (
            "select * from 'a.parquet'",
            (
                "E404",
                "files are read inside the SQL",
                "declare it as a source or a seed, and name that",
                0,
                0,
            ),
        ),
        (
            "select * from duckdb_tables()",
            (
                "E404",
                "`duckdb_tables()` reads the engine's own tables",
                "name only your tables",
                1,
                15,
            ),
        ),
        (
            "select a from t where a > :low",
            (
                "E210",
                'syntax error at or near ":"',
                "only saved queries have parameters, declared ones",
                1,
                27,
            ),
        ),
    ],
)
def test_mistakes(binder: Binder, sql: str, expected: tuple[str, str, str, int, int]) -> None:
    assert problem(binder, sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "select * from glob('/**')",
        "select * from information_schema.tables",
        "select * from pg_catalog.pg_class",
        "select * from read_text('/etc/hostname')",
        "select * from sqlite_master",
        "show tables",
        "summarize t",
        "set threads = 4",
        "attach 'x.db'",
        "copy t to 'x.csv'",
        "pragma table_info('t')",
        "create table x as select 1",
        "install httpfs",
        "call duckdb_tables()",
        "select * from query('select 1')",
        "select * from query_table('t')",
    ],
)
def test_nothing_but_a_select_of_known_tables(binder: Binder, sql: str) -> None:
    with pytest.raises(SqlError):
        binder.bind(sql, DETERMINISM)


def test_a_table_of_an_earlier_query_is_unknown(binder: Binder) -> None:
    binder.bind("select * from earlier", {"earlier": relation("earlier", {"x": "INTEGER"})})
    assert problem(binder, "select * from earlier")[:2] == ("E201", "unknown table `earlier`")


def test_a_changed_schema_is_seen(binder: Binder) -> None:
    for type_ in ("INTEGER", "VARCHAR", "INTEGER"):
        known = {"turning": relation("turning", {"x": type_})}
        assert binder.bind("from turning", known).columns[0].type == type_


def test_names_keep_their_declared_spelling(binder: Binder) -> None:
    relations = {"Sales": relation("Sales", {"Order ID": "INTEGER", "select": "DATE"})}
    template = binder.bind('select "ORDER id" as o, "SELECT" as s from sALES', relations)
    assert [column.origin for column in template.columns] == [
        Read("Sales", "Order ID"),
        Read("Sales", "select"),
    ]
    assert template.relations == ("Sales",)


def test_origins_pass_through_joins_groups_and_ctes(binder: Binder) -> None:
    template = binder.bind(
        """
        with z as (select cid, b as label, max(a) as top from t group by all)
        select z.cid, z.label, z.top, c.name, upper(c.name) as shout, t.ts
        from z left join c using (cid) join t on t.cid = z.cid
        """,
        DETERMINISM,
    )
    assert {column.name: column.origin for column in template.columns} == {
        "cid": Read("t", "cid"),
        "label": Read("t", "b"),
        "top": None,
        "name": Read("c", "name"),
        "shout": None,
        "ts": Read("t", "ts"),
    }


def test_reads_are_what_values_and_rows_depend_on(binder: Binder) -> None:
    template = binder.bind(
        "select cid, sum(a)::bigint as s, count(*) as n from t where b = 'x' group by cid",
        DETERMINISM,
    )
    assert {column.name: column.reads for column in template.columns} == {
        "cid": {Read("t", "cid")},
        "s": {Read("t", "a")},
        "n": frozenset(),
    }
    assert template.row_reads == {Read("t", None), Read("t", "b"), Read("t", "cid")}


def test_order_without_limit_is_no_row_read(binder: Binder) -> None:
    assert binder.bind("select a from t order by ts", DETERMINISM).row_reads == {Read("t", None)}


def test_parameters_are_typed_and_keep_positions(binder: Binder) -> None:
    sql = "select b, bb\nfrom t where a > :low and ts::date = :day"
    parameters = {"low": "INTEGER", "day": "DATE"}
    with pytest.raises(SqlError) as raised:
        binder.bind(sql, DETERMINISM, parameters=parameters)
    assert (raised.value.problem.line, raised.value.problem.column) == (1, 11)
    late = "select b from t where a > :low\n  and ts::date = :day and bb = 1"
    with pytest.raises(SqlError) as raised:
        binder.bind(late, DETERMINISM, parameters=parameters)
    assert (raised.value.problem.line, raised.value.problem.column) == (2, 27)
    template = binder.bind(sql.replace(", bb", ""), DETERMINISM, parameters=parameters)
    assert template.row_reads == {Read("t", None), Read("t", "a"), Read("t", "ts")}


def test_many_at_once_keep_their_places(binder: Binder) -> None:
    one = {"x": relation("x", {"a": "INTEGER"})}
    other = {"x": relation("x", {"a": "VARCHAR"})}
    broken = {"x": relation("x", {"a": "NO_SUCH_TYPE"})}
    queries = [
        Query(sql="select a from x", relations=one),
        Query(sql="select a from", relations=one),
        Query(sql="select a from x", relations=other),
        Query(sql="select a from x", relations=broken),
        Query(sql="select b from x", relations=one),
    ]
    found = binder.bind_many(queries)
    assert [
        each.columns[0].type if isinstance(each, QueryTemplate) else each.problem.code
        for each in found
    ] == ["INTEGER", "E210", "VARCHAR", "E212", "E202"]


def test_a_broken_schema_is_the_fault_of_its_readers_alone(binder: Binder) -> None:
    broken = {"w": relation("w", {"a": "NO_SUCH_TYPE"})}
    sound = {"y": relation("y", {"a": "INTEGER"})}
    queries = [
        Query(sql="select a from w", relations=broken),
        Query(sql="select a from y", relations=sound),
    ]
    first, second = binder.bind_many(queries)
    assert isinstance(first, SqlError)
    assert (first.problem.code, isinstance(second, QueryTemplate)) == ("E212", True)


def test_an_internal_error_spares_its_neighbours(binder: Binder) -> None:
    sqls = ["select b from t", "select $x + a as y from t", "select upper(b) from t", "select c"]
    found = binder.bind_many([Query(sql=sql, relations=DETERMINISM) for sql in sqls])
    assert [isinstance(each, QueryTemplate) for each in found] == [True, True, True, False]
    assert isinstance(found[3], SqlError)
    assert found[3].problem.code == "E202"


def test_an_untyped_parameter_leaves_the_binder_usable(binder: Binder) -> None:
    binder.bind("select $x + a as y from t", DETERMINISM)
    assert binder.bind("select a from t", DETERMINISM).columns[0].name == "a"


def test_functions_must_be_functions() -> None:
    with pytest.raises(SqlError) as raised:
        Binder(["create table x as select 1"])
    assert raised.value.problem.code == "E215"
    with pytest.raises(SqlError) as raised:
        Binder(["create macro f(x) as x +"])
    assert raised.value.problem.code == "E215"


def test_a_missing_time_is_a_finding(binder: Binder) -> None:
    template = binder.bind("select ts from t", DETERMINISM, time="tss")
    assert [(p.code, p.fix) for p in template.problems] == [("E301", "did you mean `ts`?")]


def test_a_query_too_unusual_reads_everything(binder: Binder) -> None:
    sql = (
        "with recursive r(id, a) using key (id) as"
        " (select id, a from t union select id, a + 1 from r where a < 5) select id from r"
    )
    template = binder.bind(
        sql, {"t": Relation(name="t", columns=DETERMINISM["t"].columns, time="ts")}
    )
    everything = {Read("t", None), *(Read("t", column.name) for column in DETERMINISM["t"].columns)}
    assert template.row_reads == everything
    assert template.columns[0].reads == everything
    assert template.alignment["t"].kind == "crosses"
    assert [(c.name, c.type) for c in template.columns] == [("id", "INTEGER")]


def test_columns_are_values() -> None:
    assert Column(name="a", type="INTEGER") == Column(name="a", type="INTEGER")
