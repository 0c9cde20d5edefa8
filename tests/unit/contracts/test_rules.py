"""The `rules:` of a table's header, and what key and references promise."""

from __future__ import annotations

import pytest

from headwater.contracts.conditions import Accepted, ExistsIn, Expression, NotNull, Unique
from headwater.contracts.definition import DatasetRule, Metric, RowRule, Rule, Severity, Unit
from headwater.contracts.operators import Operator, Threshold
from headwater.contracts.rules import key_rules, read_rules, reference_rule
from headwater.definitions.yamltext import read_yaml
from headwater.errors import Issue, Place

DOCUMENTED = """\
- abs(quantity) < 100000                      # every row keeps it, or goes to quarantine
- warning: description is not null            # only told
- {name: net_is_signed, expr: is_return = (amount < 0), severity: warning}
- rowCount: {mustBeGreaterThan: 0}
- nullValues: {column: customer_id, mustBeLessThan: 30, unit: percent}
- duplicateValues: {columns: [invoice, line], mustBe: 0}
- invalidValues: {column: country, validValues: [France, Spain], mustBe: 0}
- {expr: sum(amount), mustBeGreaterThan: 0}   # an aggregate of the interval
- {sql: "select count(distinct country) from {object}", mustBeGreaterThan: 3}
- volume: {window: 28d, mustBeBetween: [0.3, 3]}
- latency: {column: sold_at, within: 2d}
"""


def read(text: str) -> tuple[tuple[Rule, ...], list[Issue]]:
    located, _ = read_yaml("tables/sales.sql", text, first_line=6)
    assert located is not None
    return read_rules(located)


def test_every_documented_form() -> None:
    rules, issues = read(DOCUMENTED)
    assert issues == []
    rows = [rule for rule in rules if isinstance(rule, RowRule)]
    assert [(rule.name, rule.condition, rule.severity) for rule in rows] == [
        ("abs(quantity) < 100000", Expression(sql="abs(quantity) < 100000"), Severity.ERROR),
        ("description is not null", Expression(sql="description is not null"), Severity.WARNING),
        ("net_is_signed", Expression(sql="is_return = (amount < 0)"), Severity.WARNING),
        ("(invoice, line).duplicateValues", Unique(columns=("invoice", "line")), Severity.ERROR),
        (
            "country.invalidValues",
            Accepted(column="country", values=("France", "Spain")),
            Severity.ERROR,
        ),
    ]
    held = [rule for rule in rules if isinstance(rule, DatasetRule)]
    assert [rule.metric for rule in held] == [
        Metric.ROW_COUNT, Metric.NULL_VALUES, Metric.AGGREGATE, Metric.SQL, Metric.VOLUME,
        Metric.LATENCY,
    ]  # fmt: skip
    assert held[1].unit is Unit.PERCENT
    assert held[2].threshold == Threshold(Operator.GREATER, (0.0,))
    assert rules[0].place == Place("tables/sales.sql", 6, 3)


def test_name_and_severity_stand_inside_or_beside() -> None:
    for text in (
        "[{rowCount: {mustBe: 1, name: x, severity: warning}}]",
        "[{rowCount: {mustBe: 1}, name: x, severity: warning}]",
    ):
        (rule,), issues = read(text)
        assert issues == []
        assert (rule.name, rule.severity) == ("x", Severity.WARNING)


@pytest.mark.parametrize(
    ("text", "code", "fix"),
    [
        ("[{warnin: a > 0}]", "E602", "did you mean `warning`?"),
        ("[{rowcount: {mustBe: 1}}]", "E602", "did you mean `rowCount`?"),
        ("[{rowCount: {mustBee: 1}}]", "E602", "did you mean `mustBe`?"),
        ("[{rowCount: 5}]", "E604", "rowCount: {mustBeGreaterThan: 0}"),
        ("[{rowCount: {}}]", "E604", ""),
        ("[{expr: a > 0, severty: warning}]", "E602", "did you mean `severity`?"),
        ("[{expr: a > 0, warning: b}]", "E604", "make two rules of it"),
        ("[{name: x}]", "E604", "add `expr: …`"),
        ("['a > 0)']", "E606", ""),
        ("[7]", "E604", ""),
        ("[{nullValues: {mustBe: 0}}]", "E604", ""),
        ("[{nullValues: {column: a, colum: b, mustBe: 0}}]", "E602", "did you mean `column`?"),
        ("[{sql: 'drop table x', mustBe: 0}]", "E606", ""),
        ("[{volume: {window: soon, mustBeLessThan: 3}}]", "E604", ""),
        ("[{latency: {within: 2 moons}}]", "E604", ""),
        ("[{latency: {column: t}}]", "E604", "within: 2d"),
        ("[{expr: a > 0, severity: fatal}]", "E604", ""),
        ("[a > 0, A > 0, a > 0]", "E609", ""),
    ],
)
def test_mistakes(text: str, code: str, fix: str) -> None:
    _, issues = read(text)
    assert [issue.code for issue in issues] == [code], [str(issue) for issue in issues]
    assert fix in issues[0].fix
    assert issues[0].place.line == 6


def test_keys_and_references() -> None:
    place = Place("tables/sales.sql", 4, 1)
    rules = key_rules(["invoice", "line"], place)
    assert [(rule.name, rule.condition) for rule in rules] == [
        ("key invoice required", NotNull(column="invoice")),
        ("key line required", NotNull(column="line")),
        ("key (invoice, line) unique", Unique(columns=("invoice", "line"))),
    ]
    rule = reference_rule(["customer_id"], "customers", ["customer_id"], place)
    assert (rule.name, rule.place) == ("customer_id in customers", place)
    assert rule.condition == ExistsIn(
        columns=("customer_id",), node="customers", target_columns=("customer_id",)
    )
