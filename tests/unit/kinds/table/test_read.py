"""Tables as FORMATS writes them: header or sidecar, rules, windows, tests, and every mistake."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from headwater.contracts.definition import RowRule, Severity
from headwater.definitions.loader import Loaded, load
from headwater.definitions.tree import Tree
from headwater.errors import Place
from headwater.ids import NodeId
from headwater.kinds.table.definition import History, ReadWindow, TableDefinition
from headwater.kinds.table.read import TABLE_READER

SALES = """\
/*
description: One row for each delivered invoice line, returns included.
time: sold_at                          # that alone makes it incremental, by day
key: [invoice, line]                   # checked: unique, not null
references: {customer_id: customers}
rules:
  - abs(quantity) < 100000
  - warning: description is not null
*/
select
  invoice,                                   -- Invoice number; `C…` is a return.
  _row                      as line,         -- Position in the delivered file.
  quantity * price          as amount,
  invoice_date              as sold_at
from invoices
"""
CUSTOMERS_TEST = """\
guests_are_no_customers:
  given:
    sales:
      - {invoice: "1", customer_id: 7, sold_at: 2011-01-01, is_return: false}
      - {invoice: "2", customer_id: null, sold_at: 2011-01-02, is_return: false}
  expect: [{customer_id: 7, orders: 1}]
"""


def run(files: dict[str, str], cache: Path | None = None) -> Loaded:
    tree = Tree.from_blobs({"headwater.yml": "name: shop\n", **files})
    return load(tree, (TABLE_READER,), cache)


def table(files: dict[str, str], name: str = "t") -> TableDefinition:
    loaded = run(files)
    assert list(map(str, loaded.issues)) == []
    found = loaded.definitions[NodeId("table", name)]
    assert isinstance(found, TableDefinition)
    return found


def header(keys: str) -> dict[str, str]:
    return {"tables/t.sql": f"/*\n{keys}\n*/\nselect 1 as id from sales\n"}


def messages(files: dict[str, str]) -> list[str]:
    return list(map(str, run(files).issues))


def test_the_shops_sales() -> None:
    found = table({"tables/finance/sales.sql": SALES}, "sales")
    assert found.place == Place("tables/finance/sales.sql", 1)
    assert found.sql == SALES
    assert found.references_to == ("invoices",)
    assert found.time == "sold_at"
    assert found.key == ("invoice", "line")
    assert found.references == {"customer_id": "customers"}
    rules = [rule for rule in found.rules if isinstance(rule, RowRule)]
    assert [rule.severity for rule in rules] == [Severity.ERROR, Severity.WARNING]
    assert rules[0].place == Place("tables/finance/sales.sql", 7, 5)
    assert found.column_docs == {
        "invoice": "Invoice number; `C…` is a return.",
        "line": "Position in the delivered file.",
    }


def test_a_bare_select_is_a_table() -> None:
    found = table({"tables/t.sql": "select 1 as id"})
    assert (found.time, found.key, found.references_to) == (None, (), ())


def test_a_sidecar_says_the_same_as_a_header() -> None:
    keys = "title: T\nkey: id\nreads: {sales: 28d before}"
    beside = {"tables/t.sql": "select 1 as id from sales", "tables/t.yml": keys}
    one, two = table(header(keys)), table(beside)
    assert (one.described, one.key, one.reads) == (two.described, two.key, two.reads)
    assert two.files == ("tables/t.sql", "tables/t.yml")


def test_every_key() -> None:
    found = table(
        header(
            """\
title: T
owner: data
tags: [a, b]
meta: {x: [1, 2]}
reads:
  sales: 28d before
  visits: 30m before and after
  trials: 1d after
  refunds: 2d before and 1h after
on_change: {customers: keep}
late_limit: 30d
history: {key: stock_code}
previous: {balance: "decimal(12,2)"}
on_breach: hold
pii: {customer_id: hash}
chunk: 4w"""
        )
    )
    day, hour = timedelta(days=1), timedelta(hours=1)
    assert found.described.tags == ("a", "b")
    assert found.described.meta == {"x": [1, 2]}
    assert found.reads == {
        "sales": ReadWindow(before=28 * day),
        "visits": ReadWindow(before=hour / 2, after=hour / 2),
        "trials": ReadWindow(after=day),
        "refunds": ReadWindow(before=2 * day, after=hour),
    }
    assert found.on_change == {"customers": "keep"}
    assert found.late_limit == 30 * day
    assert found.history == History(key=("stock_code",))
    assert found.previous == {"balance": "decimal(12,2)"}
    assert found.on_breach == "hold"
    assert found.pii == {"customer_id": "hash"}
    assert found.chunk == 28 * day


def test_unit_tests_beside_the_table() -> None:
    files = {
        "tables/customers.sql": "select customer_id from sales",
        "tables/customers.test.yml": CUSTOMERS_TEST,
    }
    found = table(files, "customers")
    (test,) = found.tests
    assert test.name == "guests_are_no_customers"
    assert test.place == Place("tables/customers.test.yml", 1, 1)
    assert test.given["sales"][1] == {
        "invoice": "2",
        "customer_id": None,
        "sold_at": "2011-01-02",
        "is_return": False,
    }
    assert test.expect == ({"customer_id": 7, "orders": 1},)


def test_unit_tests_in_the_header() -> None:
    found = table(header("tests: {none: {given: {sales: []}, expect: []}}"))
    assert found.tests[0].given == {"sales": ()}
    assert found.tests[0].expect == ()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            "time_colum: at",
            "E114 unknown key `time_colum` · tables/t.sql:2:1 · did you mean `time`",
        ),
        ("unique_key: id", "did you mean `key`?"),
        ("materialized: incremental", "`time:` alone makes a table incremental"),
        ("reads: {sales: 28d}", "write `28d before`"),
        ("reads: {sales: yesterday}", "expected `28d before`, `1d after`"),
        ("on_change: {customers: keeep}", "did you mean `keep`?"),
        ("history: {}", "E116 missing key `key`"),
        ("key: [a\nb: c", "E110 not valid YAML"),
        ("just a remark", "E113 expected keys and values, got `just a remark` · tables/t.sql:2:1"),
        ("tests: {a: {given: {s: [1]}, expect: []}}", "E115 expected a list of rows"),
        ("tests: {a: {given: {s: []}}}", "E116 missing key `expect`"),
        ("key: id\nkey: line", "E111 the key `key` stands twice · tables/t.sql:3:1"),
        ("rules: [{warn: a > 0}]", "unknown key `warn` in a rule · tables/t.sql:2:10"),
    ],
)
def test_mistakes_in_a_header(keys: str, message: str) -> None:
    found = messages(header(keys))
    assert len(found) == 1
    assert message in found[0]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"tables/t.sql": " \n"}, "E104 the file is empty · tables/t.sql · write one SELECT"),
        (
            {"tables/t.sql": "/*\nkey: a\n*/\n-- later\n"},
            "E107 there is no query after the header · tables/t.sql:4",
        ),
        (
            {"tables/t.sql": "/*\nkey: a\n*/\nselect 1,\nfrom (x"},
            'E210 syntax error at or near "x" · tables/t.sql:5:7',
        ),
        ({"tables/t.sql": "create table t as select 1"}, "write exactly one SELECT"),
        (
            {"tables/t.sql": "/*\nkey: a\n*/\nselect 1", "tables/t.yml": "title: T"},
            "E106 the file has a header and also `tables/t.yml` · tables/t.sql:2:1",
        ),
        (
            {"tables/salse.yml": "title: T", "tables/sales.sql": "select 1"},
            (
                "E120 there is no table `tables/salse.sql` beside it · tables/salse.yml · "
                "did you mean `tables/sales.sql`?"
            ),
        ),
        (
            {"tables/regions.yml": "files: x.csv"},
            "add `tables/regions.sql`; sources live in `sources/`, metrics in `metrics/`",
        ),
        ({"tables/a.test.yml": CUSTOMERS_TEST}, "E120 there is no table `tables/a.sql` beside it"),
        ({"tables/t.sql": "select 1", "tables/t.yml": ""}, "E104 the file is empty · tables/t.yml"),
        ({"tables/t.sql": "/* cron: '*/5 * *' */ select 1"}, "move the header to `tables/t.yml`"),
    ],
)
def test_mistakes_in_files(files: dict[str, str], message: str) -> None:
    found = messages(files)
    assert len(found) == 1
    assert message in found[0]


def test_a_table_with_broken_sql_is_still_a_name() -> None:
    loaded = run({"tables/t.sql": "select from from"})
    assert list(loaded.definitions) == [NodeId("table", "t")]


def test_the_cache_gives_equal_definitions(tmp_path: Path) -> None:
    files = {
        "tables/sales.sql": SALES,
        "tables/t.sql": "select from from",
        "tables/sales.test.yml": CUSTOMERS_TEST,
        "tables/rfm.py": "import headwater as hw\n@hw.table\ndef rfm(sales): ...\n",
    }
    first = run(files, tmp_path / "parse.db")
    second = run(files, tmp_path / "parse.db")
    assert second == first
    assert len(first.definitions) == 3
    assert [issue.code for issue in second.issues] == ["E210"]
