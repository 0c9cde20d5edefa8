"""Delivered text becomes the contract's types, and what does not fit is kept beside the row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import duckdb
import pytest
from tests.unit.contracts.documents import contract

from headwater.contracts.casting import same_type, typed_relation
from headwater.contracts.column_types import duckdb_type, physical_type, strptime_format
from headwater.contracts.relation import Relation
from headwater.contracts.sql import broken_rows_sql, good_rows_sql


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def test_rows_that_cannot_be_read_are_complete(connection: duckdb.DuckDBPyConnection) -> None:
    found = contract(
        "name: n, logicalType: integer, required: true",
        "name: p, logicalType: number, physicalType: 'decimal(6,2)'",
        "name: t, logicalType: timestamp",
        "name: d, logicalType: date, logicalTypeOptions: {format: dd/MM/yyyy}",
        "name: late, logicalType: string",
    )
    connection.execute("CREATE TABLE raw (n VARCHAR, p VARCHAR, t VARCHAR, d VARCHAR, x INTEGER)")
    rows = [
        ("1", "2.50", "2011-12-09 12:50", "31/12/2011", 1),
        ("2.5", "12345678", "2011-12-09T12:50:00+02:00", "12/31/2011", 2),
        (None, None, None, None, 3),
        ("17850.0", "0", "2011-12-09", "01/01/2011", 4),
    ]
    connection.executemany("INSERT INTO raw VALUES (?, ?, ?, ?, ?)", rows)
    given = {r[0]: r[1] for r in connection.execute("DESCRIBE raw").fetchall()}
    relation = typed_relation(found.columns, Relation.named("raw", order=("x",)), given)
    good = connection.execute(good_rows_sql(found.row_rules, relation) + " ORDER BY x").fetchall()
    assert good[0][:3] == (1, Decimal("2.50"), datetime(2011, 12, 9, 12, 50))  # noqa: DTZ001
    assert [row[0] for row in good] == [1, 17850]
    assert good[0][5] is None  # the optional column that was not delivered
    broken = connection.execute(
        f"SELECT x, _uncast, _rules FROM ({broken_rows_sql(found.row_rules, relation)}) ORDER BY x"
    ).fetchall()
    assert broken == [
        (
            2,
            {"n": "2.5", "p": "12345678", "t": "2011-12-09T12:50:00+02:00", "d": "12/31/2011"},
            ["n.type BIGINT", "p.type DECIMAL(6,2)", "t.type TIMESTAMP", "d.type DATE"],
        ),
        (3, None, ["n.required"]),
    ]


def test_columns_of_the_right_type_are_left_alone() -> None:
    found = contract("name: a, logicalType: integer", "name: t, logicalType: timestamp, "
                     "logicalTypeOptions: {timezone: true}")  # fmt: skip
    given = {"A": "BIGINT", "t": "TIMESTAMP WITH TIME ZONE"}
    relation = typed_relation(found.columns, Relation.named("t"), given)
    assert (relation.sql, relation.typed, relation.uncast) == ('"t"', True, False)


@pytest.mark.parametrize(
    ("logical", "physical", "options", "expected"),
    [
        ("string", None, {}, "VARCHAR"),
        ("string", "varchar(20)", {}, "VARCHAR"),
        ("string", "uuid", {}, "UUID"),
        ("integer", None, {}, "BIGINT"),
        ("integer", "int", {}, "INTEGER"),
        ("integer", None, {"format": "u16"}, "USMALLINT"),
        ("integer", "text", {}, "BIGINT"),
        ("number", None, {}, "DOUBLE"),
        ("number", "NUMERIC(10, 2)", {}, "DECIMAL(10,2)"),
        ("number", None, {"format": "f32"}, "FLOAT"),
        ("timestamp", None, {"timezone": True}, "TIMESTAMPTZ"),
        ("timestamp", "timestamp with time zone", {}, "TIMESTAMPTZ"),
        ("date", "geometry", {}, "DATE"),
        ("array", "VARCHAR[]", {}, "VARCHAR[]"),
        (None, "double precision", {}, "DOUBLE"),
        (None, "geometry", {}, None),
        (None, None, {}, None),
    ],
)
def test_types(
    logical: str | None, physical: str | None, options: dict[str, object], expected: str | None
) -> None:
    assert duckdb_type(logical, physical, options) == expected


def test_a_type_cannot_carry_sql() -> None:
    assert physical_type("INTEGER[]); drop table x; --[]") is None
    assert physical_type("STRUCT(a INTEGER)) from x") is None
    assert physical_type("STRUCT(a INTEGER)) FROM x WHERE (1)") is None
    assert physical_type("STRUCT(a INTEGER, b VARCHAR[])") == "STRUCT(a INTEGER, b VARCHAR[])"


def test_date_patterns() -> None:
    assert strptime_format("EEEE") == "%A"
    assert strptime_format("QQ") is None
    assert strptime_format("'day' d") == "day %-d"
    assert same_type("decimal(12, 4)", "DECIMAL(12,4)")
