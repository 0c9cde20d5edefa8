"""Documents become contracts; every mistake is an issue at its place."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.contracts.documents import INVOICES, contract, document, edited, invoices, issues_of

from headwater.contracts.conditions import (
    Accepted,
    Bounded,
    Castable,
    ExistsIn,
    Expression,
    Matches,
    NotMissing,
    NotNull,
    Sized,
    Unique,
)
from headwater.contracts.definition import DatasetRule, Metric, Mode, RowRule, Severity, Unit
from headwater.contracts.operators import Operator, Threshold
from headwater.contracts.reading import read_contract, read_contracts
from headwater.errors import Place


def test_invoices_hold_what_formats_says() -> None:
    found = invoices()
    assert (found.id, found.name, found.version, found.status) == (
        "invoices", "invoices", "1.0.0", "active",
    )  # fmt: skip
    assert found.owners == ("data", "data-lead")
    assert found.compatibility is Mode.BACKWARD
    assert {c.name: (c.physical_name, c.type) for c in found.columns} == {
        "invoice": ("Invoice", "VARCHAR"),
        "stock_code": ("StockCode", "VARCHAR"),
        "description": ("Description", "VARCHAR"),
        "quantity": ("Quantity", "BIGINT"),
        "invoice_date": ("InvoiceDate", "TIMESTAMP"),
        "price": ("Price", "DECIMAL(12,4)"),
        "customer_id": ("Customer ID", "BIGINT"),
        "country": ("Country", "VARCHAR"),
    }
    assert found.column("CUSTOMER_ID") is found.columns[6]
    assert found.columns[6].classification == "personal"


def test_invoices_rules_have_names_conditions_and_places() -> None:
    found = invoices()
    conditions = {rule.name: rule.condition for rule in found.row_rules}
    assert conditions["price.minimum 0"] == Bounded(column="price", comparison=">=", bound=0)
    assert conditions["invoice.pattern"] == Matches(column="invoice", pattern="^[AC]?[0-9]{6}$")
    assert conditions["country.required"] == NotNull(column="country")
    assert conditions["quantity.type BIGINT"] == Castable(column="quantity", type="BIGINT")
    warning = next(r for r in found.row_rules if r.name == "returns_are_negative")
    assert warning.condition == Expression(sql="invoice not like 'C%' or quantity < 0")
    assert warning.columns == ("invoice", "quantity")
    assert warning.severity is Severity.WARNING
    minimum = next(r for r in found.row_rules if r.name == "price.minimum 0")
    assert minimum.place == Place("contracts/invoices.odcs.yaml", 15, 129)
    line = INVOICES.splitlines()[minimum.place.line - 1]
    assert line[minimum.place.column - 1 :].startswith("minimum: 0")


def test_invoices_dataset_rules() -> None:
    count, latency = invoices().dataset_rules
    assert (count.name, count.metric) == ("rowCount", Metric.ROW_COUNT)
    assert count.threshold == Threshold(Operator.GREATER, (100.0,))
    assert count.holds
    assert (latency.name, latency.columns) == ("invoice_date.latency", ("invoice_date",))
    assert latency.of_whole_table
    assert not latency.holds
    assert invoices().latency == timedelta(days=2)
    assert invoices().latency_column == "invoice_date"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("minimum: 0}", "minimun: 0}", "E602 unknown key `minimun` in `logicalTypeOptions`"),
        ("mustBeGreaterThan", "mustBeGreaterThen", "E602 unknown key `mustBeGreaterThen`"),
        ("severity: warning", "severty: warning", "E602 unknown key `severty` in `quality`"),
        ("severity: warning", "severity: waning", "E604 unknown severity `waning`"),
        ("metric: rowCount", "metric: rowcount", "E603 `metric` cannot be `rowcount`"),
        ("metric: rowCount", "metrics: rowCount", "unknown key `metrics`"),
        ("logicalType: timestamp", "logicalType: datetime", "E604 `logicalType` cannot be"),
        ("physicalName: Price", "physicalNam: Price", "did you mean `physicalName`?"),
        ("status: active", "statos: active", "did you mean `status`?"),
        ("role: owner", "roll: owner", "did you mean `role`?"),
        ("property: latency", "propety: latency", "did you mean `property`?"),
        ("unit: d,", "unit: fortnight,", "E603 unknown unit `fortnight`"),
        ("invoices.invoice_date", "invoices.invoice_dat", "did you mean `invoice_date`?"),
        ('"^[AC]?[0-9]{6}$"', '"^([AC]?[0-9]{6}$"', "E606"),
        ('"^[AC]?[0-9]{6}$"', '"^(?!A)[0-9]+$"', "without looking around"),
        ("quantity < 0\"", "quantity < (0\"", "E606 not a SQL expression: `(` is not closed"),
        ("quantity < 0\"", "quantity < 0) or (1=1\"", "E606 not a SQL expression: `)` closes"),
        ("quantity < 0\"", "quantity < 0; drop table x\"", "one expression, without `;`"),
        ("engine: headwater", "engine: soda", "W610 the rule is for `soda`"),
        ("v3.1.0", "v2.2.2", "E601 apiVersion `v2.2.2` is not supported"),
        ("version: 1.0.0", "version: 1.0", "E604 `version` must be text, not the number 1.0"),
        ("version: 1.0.0", 'version: "1.0"', "E604 the version `1.0` is not of the form"),
        ("kind: DataContract\n", "", "E604 the document has no `kind`"),
        ("mustBeGreaterThan: 100", "mustBeGreaterThan: many", "E604 `mustBeGreaterThan` must be"),
        ("mustBeGreaterThan: 100", "mustBeBetween: [9, 1]", "larger number first"),
        ("maximum: 100000", "maximum: -200000", "above the maximum"),
        ("name: stock_code", "name: Invoice", "E609 the column `Invoice` stands twice"),
        ("required: true}\n  quality", "required: yes}\n  quality", "`required` must be `true`"),
    ],
)  # fmt: skip
def test_each_typo_is_an_issue(old: str, new: str, said: str) -> None:
    issues = issues_of(edited((old, new)))
    assert any(said in str(issue) for issue in issues), [str(issue) for issue in issues]


def test_a_typo_stands_at_its_line_and_column() -> None:
    text = edited(("minimum: 0}", "minimun: 0}"), ("rowCount, must", "rowCount, mst"))
    places = {(issue.place.line, issue.place.column) for issue in issues_of(text)}
    for word in ("minimun", "mstBeGreaterThan"):
        line = next(n for n, text_ in enumerate(text.splitlines(), 1) if word in text_)
        assert (line, text.splitlines()[line - 1].index(word) + 1) in places


def test_an_error_gives_no_contract() -> None:
    contracts, issues = read_contracts("c.yaml", edited(("minimum: 0}", "minimun: 0}")))
    assert contracts == ()
    assert all(issue.place.path == "c.yaml" for issue in issues)


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just text", "a: [", "a: {b: 1"])
def test_what_is_no_document_is_an_issue(text: str) -> None:
    contracts, issues = read_contracts("c.yaml", text)
    assert contracts == ()
    assert issues
    assert issues[0].is_error


ROW_RULES = {
    "quality: [{metric: nullValues, mustBe: 0}]": NotNull(column="a"),
    "quality: [{metric: nullValues, mustBe: 0, unit: rows}]": NotNull(column="a"),
    "quality: [{metric: missingValues, mustBe: 0, arguments: {missingValues: [null, NA]}}]":
        NotMissing(column="a", missing=(None, "NA"), type="VARCHAR"),
    "quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: [x, 7]}}]":
        Accepted(column="a", values=("x", "7"), type="VARCHAR"),
    "quality: [{metric: invalidValues, mustBe: 0, arguments: {pattern: '^x'}}]":
        Matches(column="a", pattern="^x"),
    "quality: [{metric: duplicateValues, mustBe: 0}]": Unique(columns=("a",)),
    "unique: true": Unique(columns=("a",)),
    "primaryKey: true": Unique(columns=("a",)),
    "logicalTypeOptions: {maxLength: 3}": Sized(column="a", maximum=3),
    "relationships: [{type: foreignKey, to: customers.customer_id}]":
        ExistsIn(columns=("a",), node="customers", target_columns=("customer_id",)),
    "relationships: [{to: schema/customers/properties/customer_id}]":
        ExistsIn(columns=("a",), node="customers", target_columns=("customer_id",)),
}  # fmt: skip


@pytest.mark.parametrize("text", ROW_RULES)
def test_what_shows_in_a_row_is_a_row_rule(text: str) -> None:
    found = contract(f"name: a, logicalType: string, {text}")
    assert ROW_RULES[text] in [rule.condition for rule in found.row_rules]
    assert not found.dataset_rules


DATASET_RULES = {
    "{metric: nullValues, mustBeLessThan: 1, unit: percent}": Unit.PERCENT,
    "{metric: nullValues, mustBe: 0, unit: percent}": Unit.PERCENT,
    "{metric: nullValues, mustBeLessThan: 1}": Unit.ROWS,
    "{metric: duplicateValues, mustBe: 3}": Unit.ROWS,
    "{metric: invalidValues, mustBeLessOrEqualTo: 0, arguments: {validValues: [x]}}": Unit.ROWS,
}


@pytest.mark.parametrize("text", DATASET_RULES)
def test_any_other_operator_or_unit_is_a_dataset_rule(text: str) -> None:
    found = contract(f"name: a, logicalType: string, quality: [{text}]")
    assert [rule.unit for rule in found.dataset_rules] == [DATASET_RULES[text]]
    assert not found.row_rules


def test_a_composite_key_is_required_and_unique() -> None:
    found = contract(
        "name: b, logicalType: string, primaryKey: true, primaryKeyPosition: 2",
        "name: a, logicalType: string, primaryKey: true, primaryKeyPosition: 1, required: true",
    )
    assert found.key == ("a", "b")
    assert found.unique_keys == (("a", "b"),)
    assert {rule.name for rule in found.row_rules} == {
        "b.primaryKey", "a.required", "primaryKey (a, b)",
    }  # fmt: skip


def test_a_composite_foreign_key() -> None:
    found = contract(
        "name: a, logicalType: string",
        "name: b, logicalType: string",
        schema_rest="relationships: [{from: [t.a, t.b], to: [o.x, o.y]}]",
    )
    assert found.row_rules[0].condition == ExistsIn(
        columns=("a", "b"), node="o", target_columns=("x", "y")
    )


OWN = "{type: custom, engine: headwater, implementation:"


@pytest.mark.parametrize(
    ("quality", "metric"),
    [
        ("{type: sql, query: 'select count(*) from {object}', mustBe: 3}", Metric.SQL),
        ("{type: sql, query: 'SELECT max(a) FROM ${table}', mustBe: 3}", Metric.SQL),
        (f"{OWN} {{volume: 28d, mustBeBetween: [0.3, 3]}}}}", Metric.VOLUME),
        (f"{OWN} {{expr: max(a), mustBe: 1}}}}", Metric.AGGREGATE),
    ],
)
def test_rules_of_ones_own(quality: str, metric: Metric) -> None:
    found = contract("name: a, logicalType: integer", quality=quality)
    assert [rule.metric for rule in found.dataset_rules] == [metric]


@pytest.mark.parametrize(
    ("quality", "code"),
    [
        ("{metric: nullValues, mustBe: 0}", "E604"),  # belongs to a column
        ("{metric: duplicateValues, mustBe: 0}", "E604"),  # says no columns
        ("{metric: duplicateValues, mustBe: 0, arguments: {properties: [b]}}", "E605"),
        ("{metric: duplicateValues, mustBe: 0, arguments: {propertys: [a]}}", "E602"),
        ("{metric: rowCount, mustBe: 1, mustBeLessThan: 3}", "E604"),
        ("{metric: rowCount, mustBe: 1, unit: percent}", "E604"),
        ("{metric: rowCount, mustBe: 1, unit: row}", "E604"),
        ("{type: sql, query: 'drop table x', mustBe: 1}", "E606"),
        ("{type: sql, query: 'select 1 from {objekt}', mustBe: 1}", "E606"),
        ("{type: sql, query: 'select 1'}", "E604"),
        ("{type: library, mustBe: 1}", "E604"),
        ("{name: x}", "E603"),
        ("{type: custom, engine: headwater, implementation: 'other > 1'}", "E605"),
        ("{type: custom, engine: headwater, implementation: {volum: 28d}}", "E602"),
        ("{type: custom, engine: headwater, implementation: {volume: 28 days ago}}", "E604"),
        ("{type: custom, engine: headwater}", "E604"),
    ],
)
def test_wrong_rules(quality: str, code: str) -> None:
    issues = issues_of(document("name: a, logicalType: integer", quality=quality))
    assert code in [issue.code for issue in issues], [str(issue) for issue in issues]


def test_options_without_a_type_are_not_ignored() -> None:
    issues = issues_of(document("name: a, logicalTypeOptions: {minimun: 0}"))
    assert [issue.code for issue in issues] == ["E604"]


def test_a_promise_that_is_not_enforced_is_told() -> None:
    text = document(
        "name: a, logicalType: object, properties: [{name: x, logicalType: string, required: true}]"
    )
    found, issues = read_contract("t.yaml", text)
    assert [issue.code for issue in issues] == ["W610"]
    assert found is not None
    assert found.columns[0].type == 'STRUCT("x" VARCHAR)'


def test_names_are_unique_and_the_same_rule_twice_is_an_issue() -> None:
    found = contract(
        "name: a, logicalType: string",
        quality="{metric: rowCount, mustBeGreaterThan: 1}\n"
        "  - {metric: rowCount, mustBeGreaterThan: 9, severity: warning}",
    )
    assert [rule.name for rule in found.dataset_rules] == ["rowCount", "rowCount > 9"]
    twice = document(
        "name: a, logicalType: string, quality: [{metric: nullValues, mustBe: 0}, "
        "{metric: nullValues, mustBe: 0}]"
    )
    assert [issue.code for issue in issues_of(twice)] == ["E609"]


def test_version_3_0_spells_metrics_as_rules() -> None:
    found = contract(
        "name: a, logicalType: string, quality: [{type: library, rule: validValues, "
        "validValues: [x], severity: error}, {rule: duplicateCount, mustBe: 0}]",
        api="v3.0.2",
        rest="slaDefaultElement: t.a\nslaProperties: [{property: latency, value: 4, unit: h}]\n"
        "team: [{username: ann, role: Owner}]",
    )
    assert [rule.condition for rule in found.row_rules] == [
        Accepted(column="a", values=("x",), type="VARCHAR"),
        Unique(columns=("a",)),
    ]
    assert found.latency == timedelta(hours=4)
    assert found.owners == ("ann",)


def test_several_objects_are_several_contracts() -> None:
    text = document("name: a, logicalType: string") + (
        "- name: u\n  properties:\n  - {name: b, logicalType: date}\n"
        "slaProperties: [{property: latency, value: 36h, element: u.b}]\n"
    )
    contracts, issues = read_contracts("c.yaml", text)
    assert not issues
    assert [(c.name, c.latency_column) for c in contracts] == [("t", None), ("u", "b")]
    assert contracts[0].text_fingerprint != contracts[1].text_fingerprint


def test_compatibility_is_a_custom_property() -> None:
    rest = "customProperties: [{property: compatibility, value: FULL_TRANSITIVE}]"
    assert contract("name: a", rest=rest).compatibility is Mode.FULL_TRANSITIVE
    wrong = document("name: a", rest=rest.replace("FULL_T", "FUL_T"))
    assert [issue.code for issue in issues_of(wrong)] == ["E603"]


def test_fingerprints_see_only_what_is_enforced() -> None:
    base = invoices()
    words = invoices(("The smallest day so far had 279 lines.", "Few."), ("active", "draft"))
    assert words.fingerprint == base.fingerprint
    assert words.text_fingerprint != base.text_fingerprint
    assert invoices(("version: 1.0.0", "version: 2.0.0")).text_fingerprint == base.text_fingerprint
    spaced = invoices(("status: active", "# a comment\nstatus:   active"))
    assert (spaced.fingerprint, spaced.text_fingerprint) == (
        base.fingerprint, base.text_fingerprint,
    )  # fmt: skip
    counted = invoices(("mustBeGreaterThan: 100", "mustBeGreaterThan: 50"))
    assert counted.row_fingerprint == base.row_fingerprint
    assert counted.dataset_fingerprint != base.dataset_fingerprint
    priced = invoices(("{minimum: 0}", "{minimum: -1}"))
    assert priced.row_fingerprint != base.row_fingerprint
    assert priced.dataset_fingerprint == base.dataset_fingerprint
    warned = invoices(('quantity < 0"', 'quantity <= 0"'))
    assert warned.row_fingerprint == base.row_fingerprint
    assert warned.dataset_fingerprint != base.dataset_fingerprint


def test_rules_are_values() -> None:
    assert invoices() == invoices()
    assert all(isinstance(rule, RowRule | DatasetRule) for rule in invoices().rules)
    assert len({rule.name for rule in invoices().rules}) == len(invoices().rules)
