"""Rules are bound by DuckDB over empty columns; delivered columns are held against the contract."""

from __future__ import annotations

import duckdb
import pytest
from tests.unit.contracts.documents import contract, invoices

from headwater.contracts.binding import column_results, explain_binding, probes
from headwater.contracts.definition import Contract
from headwater.contracts.rules import read_rules
from headwater.definitions.yamltext import read_yaml

TYPES = {"price": "DECIMAL(12,4)", "country": "VARCHAR"}


def complaints(text: str) -> list[str]:
    located, _ = read_yaml("tables/t.sql", text)
    assert located is not None
    rules, issues = read_rules(located)
    assert not issues
    found = []
    with duckdb.connect() as connection:
        for rule, sql in probes(rules, TYPES):
            try:
                connection.execute(sql)
            except duckdb.Error as error:
                found.append(str(explain_binding(rule, str(error), TYPES)))
    return found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[prise > 0]", "E605 rule `prise > 0`: unknown column `prise` · tables/t.sql:1:2 · did"),
        ("[sum(price) > 0]", "E606 rule `sum(price) > 0`: "),
        ("[nofun(price)]", "E606 rule `nofun(price)`: Scalar Function with name nofun"),
        ("[price > > 0]", "E606"),
        ("[{expr: price, mustBe: 0}]", "E606"),
        ("[{expr: sum(prise), mustBe: 0}]", "E605"),
        ("[{sql: 'select count(*) from {object} where prise > 0', mustBe: 0}]", "E605"),
        ("[{invalidValues: {column: price, pattern: x, mustBe: 0}}]", "E606"),
    ],
)
def test_what_does_not_bind(text: str, said: str) -> None:
    (issue,) = complaints(text)
    assert issue.startswith(said)


def test_what_binds() -> None:
    assert complaints("[price > 0, {expr: sum(price), mustBe: 0}, {rowCount: {mustBe: 1}}]") == []


def test_a_whole_contract_binds() -> None:
    found = invoices()
    types = {column.name: column.type or "VARCHAR" for column in found.columns}
    with duckdb.connect() as connection:
        for _, sql in probes(found.rules, types):
            connection.execute(sql)


def test_delivered_columns() -> None:
    found: Contract = contract(
        "name: a, logicalType: integer, required: true",
        "name: b, logicalType: integer",
        "name: c, logicalType: integer",
    )
    results = column_results(found, {"B": "INTEGER", "d": "VARCHAR", "_file": "VARCHAR"})
    assert [(r.text, r.passed, r.is_breach) for r in results] == [
        ("column `a` is not delivered", False, True),
        ("b is delivered as INTEGER and read as BIGINT", True, False),
        ("column `c` is not delivered", False, False),
        ("column `d` is delivered but not promised", False, False),
    ]
    assert column_results(found, {"a": "VARCHAR", "b": "BIGINT", "c": "BIGINT"}) == ()
