"""Rules are counted in one scan and a query for each uniqueness, and judged with words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from tests.unit.contracts.documents import contract, invoices

from headwater.clock import Clock
from headwater.contracts.dataset import RuleResult, judge, judge_all, questions
from headwater.contracts.definition import Rule, Severity
from headwater.contracts.operators import Operator, Threshold
from headwater.contracts.relation import ALONE, Relation, Surroundings
from headwater.contracts.rules import read_rules
from headwater.definitions.yamltext import read_yaml

NOW = Clock.at("2011-12-10", "Europe/London")


def judged(
    rules: Sequence[Rule], sql: str, around: Surroundings = ALONE, **rest: Any
) -> dict[str, RuleResult]:
    relation = Relation.query(sql)
    with duckdb.connect() as connection:
        asked = questions(rules, relation, around, **rest)
        answers = []
        for question in asked:
            row = connection.execute(question.sql).fetchone()
            assert row is not None
            answers.append((question, row))
        return {result.rule: result for result in judge_all(answers, NOW)}


def header(text: str) -> tuple[Rule, ...]:
    located, _ = read_yaml("tables/t.sql", text)
    assert located is not None
    rules, issues = read_rules(located)
    assert not [str(issue) for issue in issues]
    return rules


def test_one_scan_and_one_query_for_each_uniqueness() -> None:
    found = contract(
        "name: a, logicalType: integer, unique: true, required: true",
        "name: b, logicalType: string, unique: true, logicalTypeOptions: {maxLength: 3}",
        quality="{metric: rowCount, mustBeGreaterThan: 1}",
    )
    asked = questions(found.rules, Relation.named("t", typed=True))
    assert [len(question.rules) for question in asked] == [4, 1, 1]
    assert sum("GROUP BY" in question.sql for question in asked) == 2


def test_the_words_of_a_held_node() -> None:
    rows = "SELECT range AS a FROM range(12)"
    result = judged(header("[rowCount: {mustBeGreaterThan: 100}]"), rows)["rowCount"]
    assert result.text == "rowCount 12 < 100"
    assert (result.measured, result.passed, result.is_breach) == (12.0, False, True)


@pytest.mark.parametrize(
    ("text", "measured", "passed"),
    [
        ("rowCount: {mustBe: 10}", 10, True),
        ("rowCount: {mustNotBe: 10}", 10, False),
        ("rowCount: {mustBeBetween: [10, 20]}", 10, True),
        ("rowCount: {mustNotBeBetween: [9, 20]}", 10, False),
        ("nullValues: {column: a, mustBeLessThan: 30, unit: percent}", 20, True),
        ("nullValues: {column: a, mustBeLessThan: 2}", 2, False),
        ("missingValues: {column: b, missingValues: [x], mustBeLessThan: 4}", 5, False),
        ("invalidValues: {column: b, validValues: [x], mustBeLessOrEqualTo: 5}", 5, True),
        ("invalidValues: {column: b, pattern: '^y', mustBeLessThan: 50, unit: percent}", 50, False),
        ("duplicateValues: {column: b, mustBeLessThan: 8}", 8, False),
        ("duplicateValues: {columns: [a, b], mustBeGreaterThan: 1}", 0, False),
        ("duplicateValues: {column: b, mustBeLessOrEqualTo: 80, unit: percent}", 80, True),
        ("{expr: sum(a), mustBeGreaterOrEqualTo: 36}", 36, True),
        ("{sql: 'select count(distinct b) from {object}', mustBe: 3}", 2, False),
        ("{sql: 'select count(*) > 3 from ${table} -- so', mustBe: 1}", 1, True),
    ],
)
def test_each_metric(text: str, measured: float, passed: bool) -> None:
    rows = (
        "SELECT CASE WHEN range < 8 THEN range + 1 END AS a, "
        "CASE WHEN range % 2 = 0 THEN 'x' ELSE 'y' END AS b FROM range(10)"
    )
    (result,) = judged(header(f"[{text}]"), rows).values()
    assert (result.measured, result.passed) == (measured, passed)


def test_rows_of_the_invoices() -> None:
    rows = """
        SELECT * FROM (VALUES
          ('489434', '85048', 'BALL', 12, TIMESTAMP '2011-12-09 12:50', 6.95, 13085, 'UK'),
          ('C496350', 'M', NULL, 1, TIMESTAMP '2011-12-01 12:50', 373.57, NULL, 'UK'),
          ('A506401', 'B', 'Adjust', 1, TIMESTAMP '2011-12-01 12:50', -53594.36, NULL, 'UK'),
          ('bad', 'B', 'x', 100001, NULL, 1, NULL, NULL)
        ) AS v(invoice, stock_code, description, quantity, invoice_date, price, customer_id,
               country)"""
    results = judged(invoices().rules, rows)
    assert {name: result.failed_rows for name, result in results.items() if result.failed_rows} == {
        "invoice.pattern": 1,
        "quantity.maximum 100000": 1,
        "invoice_date.required": 1,
        "price.minimum 0": 1,
        "country.required": 1,
        "returns_are_negative": 1,
    }
    assert not results["returns_are_negative"].is_breach
    assert results["returns_are_negative"].severity is Severity.WARNING
    assert results["price.minimum 0"].text == "price.minimum 0: 1 row"
    latency = results["invoice_date.latency"]
    assert (latency.measured, latency.text) == (40200.0, "invoice_date.latency 11.2 h, within 2 d")


def test_keys_taken_and_references_are_counted() -> None:
    rules = [*header("[{duplicateValues: {column: a, mustBe: 0}}]")]
    around = Surroundings(existing=Relation.query("SELECT 1 AS a"))
    rows = "SELECT * FROM (VALUES (1), (1), (2), (2), (NULL), (NULL)) AS v(a)"
    assert judged(rules, rows)["a.duplicateValues"].failed_rows == 2
    assert judged(rules, rows, around)["a.duplicateValues"].failed_rows == 3
    found = contract("name: a, relationships: [{to: o.k}]")
    assert judged(found.rules, rows) == {}
    targets = Surroundings(targets={"o": Relation.query("SELECT 1 AS k")})
    assert judged(found.rules, rows, targets)["a in o"].failed_rows == 2


def test_volume_compares_with_the_median_day_of_the_past() -> None:
    rules = header("[volume: {window: 28d, mustBeBetween: [0.3, 3]}]")
    day = "SELECT TIMESTAMP '2011-12-09 10:00' AS t FROM range({})"
    past = Relation.query(
        "SELECT DATE '2011-11-01' + CAST(d AS INTEGER) AS t FROM range(20) AS r(d), range(100)"
        " WHERE d % 7 <> 5"
    )
    assert judged(rules, day.format(250), time="t", past=past)["volume"].passed
    low = judged(rules, day.format(12), time="t", past=past)["volume"]
    assert (low.passed, low.text) == (False, "volume 0.12 < 0.3")
    empty = Relation.query("SELECT TIMESTAMP '2011-01-01' AS t LIMIT 0")
    first = judged(rules, day.format(12), time="t", past=empty)["volume"]
    assert (first.passed, first.measured) == (True, None)
    assert judged(rules, day.format(12)) == {}


@pytest.mark.parametrize(
    ("latest", "passed", "hours"),
    [
        ("TIMESTAMP '2011-12-08 06:00'", True, 42),
        ("TIMESTAMP '2011-12-07 06:00'", False, 66),
        ("DATE '2011-12-08'", True, 48),
        ("CAST(NULL AS TIMESTAMP)", True, None),
    ],
)
def test_latency_is_judged_by_the_clock(latest: str, passed: bool, hours: float | None) -> None:
    rules = header("[latency: {within: 2d}]")
    result = judged(rules, f"SELECT {latest} AS t", time="t")["latency"]
    assert result.passed is passed
    assert result.measured == (hours * 3600 if hours is not None else None)


def test_local_times_are_read_in_the_projects_zone() -> None:
    (rule,) = header("[latency: {column: t, within: 1h}]")
    clock = Clock.at("2011-07-01T12:00:00", "Europe/London")
    local = judge(rule, datetime(2011, 7, 1, 11, 30), clock)  # noqa: DTZ001
    zoned = judge(rule, datetime(2011, 7, 1, 10, 30, tzinfo=UTC), clock)
    assert local.measured == zoned.measured == 1800


@pytest.mark.parametrize("operator", Operator)
def test_a_threshold_implies_what_it_allows(operator: Operator) -> None:
    two = operator in (Operator.BETWEEN, Operator.NOT_BETWEEN)
    values = [n / 2 for n in range(-8, 9)]
    one = Threshold(operator, (-1.0, 2.0) if two else (1.0,))
    for other_operator in Operator:
        twice = other_operator in (Operator.BETWEEN, Operator.NOT_BETWEEN)
        for low in (-2.0, -1.0, 1.0, 2.0):
            other = Threshold(other_operator, (low, low + 1) if twice else (low,))
            if one.implies(other):
                assert all(other.holds(value) for value in values if one.holds(value))
    assert one.implies(one)
