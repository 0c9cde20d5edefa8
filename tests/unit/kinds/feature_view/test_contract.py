"""Promises as rules, and drift in SQL beside the index in Python."""

from __future__ import annotations

import random
from statistics import quantiles
from typing import Any

import duckdb
import pytest
from tests.unit.features.views import feature, view, window

from headwater.contracts.dataset import questions
from headwater.contracts.definition import DatasetRule, Metric
from headwater.contracts.relation import Relation
from headwater.definitions.model import Described
from headwater.errors import Place
from headwater.graph.node import Schema
from headwater.ids import NodeId
from headwater.kinds.feature_view.contract import contract_rules, promised_columns
from headwater.kinds.feature_view.definition import FeatureViewDefinition, Promise
from headwater.stats.stability import stability_index

SCHEMA: Schema = (
    ("customer_id", "BIGINT"),
    ("day", "DATE"),
    ("spend_30d", "DOUBLE"),
    ("spend_90d", "DOUBLE"),
    ("colour", "VARCHAR"),
)


def definition(**contract: Promise) -> FeatureViewDefinition:
    """A view with a contract."""
    spec = view(
        feature("spend", "sum(amount)"),
        feature("colour", "last(colour)", "all"),
        feature("ratio", ":basket / spend_30d"),
        windows=(window("30d"), window("90d")),
        request={"basket": "DOUBLE"},
    )
    return FeatureViewDefinition(
        id=NodeId("feature_view", "customer"),
        place=Place(),
        files=(),
        described=Described(),
        spec=spec,
        contract=contract,
    )


def test_a_feature_stands_for_its_windows() -> None:
    rules = contract_rules(definition(spend=Promise(minimum=0, required=True)), SCHEMA)
    assert [rule.name for rule in rules] == [
        "spend_30d.required", "spend_30d.minimum 0", "spend_90d.required", "spend_90d.minimum 0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("spnd", "did you mean `spend`?"),
        ("ratio", "it needs a request, and is in no table: promise something of what it uses"),
    ],
)
def test_a_promise_of_no_column(name: str, fix: str) -> None:
    _, (issue,) = promised_columns(definition(**{name: Promise(required=True)}), SCHEMA)
    assert (issue.code, issue.fix) == ("E011", fix)


def measured(column: str, newest: list[Any], earlier: list[Any], past: list[Any]) -> float | None:
    """What the rule of drift counts."""
    promise = {column: Promise(drift=0.2)}
    (rule,) = contract_rules(definition(**promise), SCHEMA)
    assert isinstance(rule, DatasetRule)
    assert rule.metric is Metric.SQL
    kind = dict(SCHEMA)[column]
    connection = duckdb.connect()
    for table in ("new", "old"):
        connection.execute(f'create table {table} (day date, "{column}" {kind})')
    rows = [("2024-02-29", v) for v in newest] + [("2024-01-31", v) for v in earlier]
    if rows:
        connection.executemany("insert into new values (?, ?)", rows)
    if past:
        connection.executemany("insert into old values ('2023-12-31', ?)", [[v] for v in past])
    before = Relation.named("old") if past else None
    (question,) = questions([rule], Relation.named("new"), past=before)
    found = connection.execute(question.sql).fetchone()
    assert found is not None
    value: float | None = found[0]
    return value


def shares(values: list[Any], edges: list[float]) -> list[float]:
    """The share of the rows in ten bins and of nulls."""
    bins = [sum(v > edge for edge in edges) if v is not None else 10 for v in values]
    return [bins.count(n) / len(values) for n in range(11)]


@pytest.mark.parametrize("in_past", [False, True])
def test_numbers_drift_as_the_index_says(*, in_past: bool) -> None:
    rng = random.Random(4)
    earlier = [rng.gauss(0, 1) for _ in range(999)] + [None] * 20
    newest = [rng.gauss(0.8, 1) for _ in range(500)]
    known = [v for v in earlier if v is not None]
    edges = quantiles(known, n=10, method="inclusive")
    filled = 0.5 / len(newest)  # an empty bin counts as half a row
    now = [max(share, filled) for share in shares(newest, edges)]
    expected = stability_index(shares(earlier, edges), now)
    found = (
        measured("spend_30d", newest, [], earlier)
        if in_past
        else measured("spend_30d", newest, earlier, [])
    )
    assert found == pytest.approx(expected, rel=1e-9)
    assert expected > 0.2


def test_texts_have_a_bin_a_value() -> None:
    earlier, newest = ["a"] * 600 + ["b"] * 400, ["a"] * 300 + ["b"] * 700
    assert measured("colour", newest, earlier, []) == pytest.approx(
        stability_index([0.6, 0.4], [0.3, 0.7])
    )


def test_chance_counts_as_nothing() -> None:
    rng = random.Random(5)
    earlier = [rng.random() for _ in range(1000)]
    assert measured("spend_30d", earlier[:40], earlier, []) == 0


@pytest.mark.parametrize(("newest", "earlier"), [([1.0, 2.0], []), ([], [])])
def test_without_earlier_rows_there_is_nothing_to_judge(
    newest: list[float], earlier: list[float]
) -> None:
    assert measured("spend_30d", newest, earlier, []) is None


def test_a_constant_and_nulls() -> None:
    assert measured("spend_30d", [3.0] * 300, [3.0] * 900, []) == 0
    found = measured("spend_30d", [None] * 300, [None] * 900, [])
    assert found == 0
