"""An inferred contract is valid, holds the data that it was written from, and is deterministic."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.contracts.casting import typed_relation
from headwater.contracts.dataset import judge_all, questions
from headwater.contracts.infer import infer_contract
from headwater.contracts.reading import read_contract
from headwater.contracts.relation import Relation
from headwater.contracts.sql import broken_rows_sql


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


INVOICES = """
    SELECT * FROM (
      SELECT CASE WHEN i % 50 = 0 THEN 'C' ELSE '' END || (489434 + i) AS invoice,
             CASE WHEN i % 9 > 0 THEN 'THING ' || i % 300 || ' of mine' END AS description,
             CASE WHEN i % 50 = 0 THEN '-1' ELSE i % 7 || '' END AS quantity,
             strftime(TIMESTAMP '2011-01-01' + to_hours(i), '%Y-%m-%d %H:%M:%S') AS invoice_date,
             (i % 900) / 100.0 || '' AS price,
             CASE WHEN i % 4 > 0 THEN 12346 + i % 90 || '' END AS customer_id,
             ['France', 'EIRE', 'Isle: #1'][1 + i % 3] AS country,
             '007' AS code, 'true' AS flag, 'f' AS _file, i AS _row
      FROM (SELECT CAST(range AS INTEGER) AS i FROM range(1000)) AS r)"""

EXPECTED = """\
# Written from 1,000 rows. Read each promise; remove what is not meant.
apiVersion: v3.1.0
kind: DataContract
id: invoices
version: 1.0.0
status: draft
team: {name: data}
schema:
- name: invoices
  properties:
  - {name: invoice, physicalName: Invoice No, logicalType: string, required: true, unique: true"""


def test_a_contract_of_text(connection: duckdb.DuckDBPyConnection) -> None:
    relation = Relation.query(INVOICES)
    text = infer_contract(
        connection,
        relation,
        "invoices",
        time="invoice_date",
        physical_names={"invoice": "Invoice No"},
        owner="data",
    )
    assert text.startswith(EXPECTED)
    found, issues = read_contract("c.yaml", text)
    assert not [str(issue) for issue in issues]
    assert found is not None
    assert {column.name: column.type for column in found.columns} == {
        "invoice": "VARCHAR",
        "description": "VARCHAR",
        "quantity": "BIGINT",
        "invoice_date": "TIMESTAMP",
        "price": "DECIMAL(5,2)",
        "customer_id": "BIGINT",
        "country": "VARCHAR",
        "code": "VARCHAR",
        "flag": "BOOLEAN",
    }
    names = {rule.name: rule for rule in found.row_rules}
    assert names["country.invalidValues"].severity == "warning"
    assert "customer_id.required" not in names
    assert "quantity.minimum 0" not in names
    assert "customer_id.minimum 0" in names
    assert 'pattern: "^([0-9]{6}|[A-Z][0-9]{6})$"' in text
    assert "42 days; the smallest, 2011-02-11, had 16 rows, the median 24" in text
    assert "{property: latency, value: 2, unit: d, element: invoices.invoice_date}" in text
    assert text == infer_contract(
        connection,
        relation,
        "invoices",
        time="invoice_date",
        physical_names={"invoice": "Invoice No"},
        owner="data",
    )


def test_the_data_keep_their_own_contract(connection: duckdb.DuckDBPyConnection) -> None:
    relation = Relation.query(INVOICES, order=("_row",))
    found, _ = read_contract(
        "c.yaml", infer_contract(connection, relation, "invoices", time="invoice_date")
    )
    assert found is not None
    described = connection.execute(f"DESCRIBE {INVOICES}").fetchall()
    typed = typed_relation(found.columns, relation, {row[0]: row[1] for row in described})
    assert connection.execute(broken_rows_sql(found.row_rules, typed)).fetchall() == []
    rules = [rule for rule in found.rules if rule.name != "invoice_date.latency"]
    asked = questions(rules, typed)
    answers = [(q, connection.execute(q.sql).fetchone() or ()) for q in asked]
    assert all(result.passed for result in judge_all(answers))


def test_odd_types_and_no_rows(connection: duckdb.DuckDBPyConnection) -> None:
    odd = Relation.query(
        "SELECT range AS id, 'a: #' || range % 3 AS \"w eird\", [range] AS l, {'x': 1} AS s, "
        "map {'a': 1} AS m, now() AS z, NULL AS n, CAST(1 AS UTINYINT) AS u, 'yes' AS yes, "
        "CAST(1.5 AS FLOAT) AS f, INTERVAL 1 DAY AS i, CAST('' AS BLOB) AS b FROM range(50)"
    )
    for relation in (odd, Relation.query(f"SELECT * FROM {odd.sql} LIMIT 0")):
        found, issues = read_contract("c.yaml", infer_contract(connection, relation, "odd"))
        assert not [str(issue) for issue in issues]
        assert found is not None
        assert found.column("z") is not None
        assert {c.name: c.type for c in found.columns if c.name in "lumzi"} == {
            "l": "BIGINT[]",
            "m": "MAP(VARCHAR, INTEGER)",
            "u": "UTINYINT",
            "z": "TIMESTAMPTZ",
            "i": "INTERVAL",
        }


@settings(max_examples=20, deadline=None)
@given(
    st.text(alphabet="abXY01 :#'\"\\{}[],&*!|>%@`-?\n\té", min_size=1, max_size=8),
    st.lists(st.none() | st.text(alphabet="aX1-.:' \"#é\\", max_size=5), min_size=1, max_size=30),
)
def test_whatever_the_text_the_contract_reads_back(name: str, texts: list[str | None]) -> None:
    with duckdb.connect(config={"threads": 1}) as opened:
        quoted = name.replace('"', '""')
        opened.execute(f'CREATE TABLE t ("{quoted}" VARCHAR)')
        opened.execute(f"INSERT INTO t VALUES {', '.join(['(?)'] * len(texts) * 20)}", texts * 20)
        found, issues = read_contract("c.yaml", infer_contract(opened, Relation.named("t"), "t"))
        assert not [str(issue) for issue in issues]
        assert found is not None
        assert [column.name for column in found.columns] == [name]
        given_types = {name: "VARCHAR"}
        typed = typed_relation(found.columns, Relation.named("t"), given_types)
        assert opened.execute(broken_rows_sql(found.row_rules, typed)).fetchall() == []
