"""Feature views from their files: every key, and every mistake at its place."""

from __future__ import annotations

from datetime import timedelta
from textwrap import dedent

import pytest

from headwater.definitions.loader import Loaded, load
from headwater.definitions.tree import Tree
from headwater.features.model import FeatureSpec, NamedWindow, ViewSpec
from headwater.kinds.feature_view.definition import FeatureViewDefinition, Promise
from headwater.kinds.feature_view.read import FEATURE_VIEW_READER
from headwater.windows.model import ALL_TIME, Window

LEAST = """
entity: customers
source: sales
features:
  orders: count(*)
"""


def loaded(text: str) -> Loaded:
    """A project with one view."""
    tree = Tree.from_blobs({"headwater.yml": "name: shop\n", "features/customer.yml": text})
    return load(tree, [FEATURE_VIEW_READER])


def read(text: str) -> FeatureViewDefinition:
    """The view of a file without mistakes."""
    found = loaded(dedent(text).lstrip())
    assert found.issues == ()
    (definition,) = found.definitions.values()
    assert isinstance(definition, FeatureViewDefinition)
    return definition


def told(text: str) -> list[tuple[str, int, str, str]]:
    """Code, line, what and fix of each mistake."""
    issues = loaded(dedent(text).lstrip()).issues
    return [(i.code, i.place.line, i.what, i.fix) for i in issues]


def test_the_least() -> None:
    spec = read(LEAST).spec
    (feature,) = spec.features
    assert (spec.name, spec.entity, spec.source) == ("customer", "customers", "sales")
    assert (feature.name, feature.expr, feature.windows) == ("orders", "count(*)", ())
    assert (spec.every, spec.latency, spec.online_ttl) == ("month", timedelta(days=1), None)


def test_every_key() -> None:
    definition = read(
        """
        title: Customers
        description: What we know of a customer.
        owner: growth
        tags: [churn]
        meta: {asked_by: sales}
        entity: customers
        source: sales
        windows: [30d, 6mo, all]
        where: not is_return
        features:
          orders: count(*)
          recency:
            expr: date_diff('day', max(sold_at), :at)
            windows: all
            where: amount > 0
            type: integer
            description: Days since the last purchase
          ratio: :basket / orders_30d
        request: {basket: "decimal(10, 2)"}
        latency: 6h
        known_at: loaded_at
        every: week
        online: {ttl: 7d}
        contract:
          orders: {minimum: 0, required: true}
          recency: {maximum: 1000, nulls: 5%, drift: 0.2}
        """
    )
    spec = definition.spec
    month, half = Window(timedelta(days=30)), Window(months=6)
    everything = NamedWindow(text="all", window=ALL_TIME)
    assert spec == ViewSpec(
        name="customer",
        entity="customers",
        source="sales",
        windows=(
            NamedWindow(text="30d", window=month),
            NamedWindow(text="6mo", window=half),
            everything,
        ),
        where="not is_return",
        features=(
            FeatureSpec(name="orders", expr="count(*)", place=spec.features[0].place),
            FeatureSpec(
                name="recency",
                expr="date_diff('day', max(sold_at), :at)",
                windows=(everything,),
                where="amount > 0",
                type="INTEGER",
                description="Days since the last purchase",
                place=spec.features[1].place,
            ),
            FeatureSpec(name="ratio", expr=":basket / orders_30d", place=spec.features[2].place),
        ),
        request={"basket": "DECIMAL(10, 2)"},
        latency=timedelta(hours=6),
        known_at="loaded_at",
        every="week",
        online_ttl=timedelta(days=7),
        place=spec.place,
    )
    assert definition.described.title == "Customers"
    assert spec.features[1].place_of("expr").line == 13
    orders, recency = definition.contract["orders"], definition.contract["recency"]
    assert orders == Promise(minimum=0, required=True, place=orders.place)
    assert recency == Promise(maximum=1000, nulls=0.05, drift=0.2, place=recency.place)
    assert recency.place.line == 26
    assert definition.column_docs["orders_6mo"] == "count(*) · 6mo"
    assert definition.column_docs["recency"] == "Days since the last purchase"


def test_a_year_is_twelve_months() -> None:
    spec = read(f"{LEAST}windows: 1y\n").spec
    assert spec.windows == (NamedWindow(text="1y", window=Window(months=12)),)


@pytest.mark.parametrize(
    ("key", "fix"),
    [
        ("entities", "did you mean `entity`?"),
        ("feature_view", "one view a file, and the file's path is its name"),
        ("batch_source", "did you mean `source`?"),
        ("schema", "did you mean `features`?"),
        ("fields", "did you mean `features`?"),
        ("join_keys", "the key columns are the `key` of the entity's table"),
        ("aggregations", "aggregates are expressions in `features:`: `spend: sum(amount)`"),
        ("time_window", "did you mean `windows`?"),
        ("timestamp_field", "the time is that of the source"),
        ("ttl", "write `online: {ttl: 7d}`"),
        ("sorce", "did you mean `source`?"),
    ],
)
def test_words_of_others(key: str, fix: str) -> None:
    assert ("E114", 5, f"unknown key `{key}`", fix) in told(f"{LEAST}{key}: x\n")


@pytest.mark.parametrize(
    ("line", "code", "what"),
    [
        ("windows: [0d]", "E115", "expected a window such as"),
        ("windows: [30]", "E115", "expected a window such as"),
        ("windows: [last month]", "E115", "expected a window such as"),
        ("every: year", "E115", "expected `day` or `week` or `month` or `quarter`"),
        ("request: {basket: 'int); drop'}", "E115", "expected a type such as"),
        ("request: {'a b': double}", "E005", "`a b` is no name"),
        ("contract: {orders: {nulls: 500%}}", "E115", "expected a share such as `5%`"),
        ("contract: {orders: {min: 0}}", "E114", "unknown key `min`"),
        ("online: {}", "E116", "missing key `ttl`"),
    ],
)
def test_values_that_cannot_be(line: str, code: str, what: str) -> None:
    ((found, _, text, _),) = told(f"{LEAST}{line}\n")
    assert found == code
    assert text.startswith(what)


def test_what_is_missing() -> None:
    codes = [code for code, *_ in told("title: Nothing\n")]
    assert codes == ["E116", "E116", "E116"]
    assert told("entity: a\nsource: b\nfeatures: {}\n")[0][:3] == (
        "E115", 3, "a view has features",
    )  # fmt: skip


def test_a_name_of_a_feature() -> None:
    text = "entity: a\nsource: b\nfeatures:\n  2nd order: count(*)\n"
    assert told(text)[0][:3] == (
        "E005", 4, "`2nd order` is no name: letters, digits and underscores, no digit first",
    )  # fmt: skip
