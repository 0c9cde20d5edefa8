"""Metrics read from their files: each word of ours and of dbt, and every mistake at its place."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from textwrap import dedent

import pytest

from headwater.definitions.cache import ParseCache
from headwater.definitions.loader import ReadContext, Reading
from headwater.definitions.model import Described, Settings
from headwater.definitions.schemas import json_schemas
from headwater.definitions.settings import read_settings
from headwater.definitions.tree import Tree
from headwater.errors import Place
from headwater.ids import NodeId
from headwater.kinds.metric.definition import MetricDefinition, RollupDefinition
from headwater.kinds.metric.read import METRIC_FILES
from headwater.semantics.metric import Conversion, Cumulative, Metric, Retention, Window

SALES = """
    table: sales
    owner: finance
    dimensions: [country, customers.country]
    metrics:
      revenue:
        description: Net invoiced amount.
        expr: sum(amount)
        better: higher
        format: gbp
        target: {month: 900000}
        playbook: |
          Look at deliveries first.
      orders:
        description: Invoices that are not returns.
        expr: count(distinct invoice)
        where: not is_return
        better: higher
      average_order_value:
        description: Revenue per order.
        expr: revenue / orders
        better: higher
        format: gbp2
"""
#: What every metric needs beside what a test is about.
NEEDED = "description: A number.\nowner: finance\nbetter: higher\ntable: sales\n"


def reading(text: str, path: str = "metrics/sales.yml", **others: str) -> Reading:
    files = {path: dedent(text).lstrip()} | {f"metrics/{n}.yml": t for n, t in others.items()}
    context = ReadContext(Tree(files), Settings(name="shop"), ParseCache(None))
    return METRIC_FILES.read(context)


def test_the_headline_of_the_settings_is_a_metric() -> None:
    text = "name: shop\nheadline: revenu\n"
    settings, _ = read_settings(text)
    tree = Tree({"headwater.yml": text, "metrics/sales.yml": dedent(SALES).lstrip()})
    found = METRIC_FILES.read(ReadContext(tree, settings, ParseCache(None)))
    assert [str(issue) for issue in found.issues] == [
        "E907 unknown metric `revenu` · headwater.yml:2:11 · did you mean `revenue`?"
    ]


def metrics(text: str, path: str = "metrics/sales.yml", **others: str) -> dict[str, Metric]:
    found = reading(text, path, **others)
    assert found.issues == ()
    definitions = [d for d in found.definitions if isinstance(d, MetricDefinition)]
    return {d.id.name: d.metric for d in definitions}


def one(text: str) -> Metric:
    """A metric alone in its file, with two others that it may name."""
    others = NEEDED + "expr: sum(amount)\n"
    found = metrics(NEEDED + dedent(text), "metrics/it.yml", revenue=others, orders=others)
    return found["it"]


def wrong(text: str, path: str = "metrics/it.yml") -> list[str]:
    return [str(issue) for issue in reading(text, path).issues]


def test_several_in_a_file_share_its_keys() -> None:
    found = metrics(SALES)
    assert list(found) == ["revenue", "orders", "average_order_value"]
    revenue = found["revenue"]
    assert (revenue.table, revenue.owner, revenue.format) == ("sales", "finance", "gbp")
    assert revenue.dimensions == ("country", "customers.country")
    assert revenue.target == {"month": Decimal(900000)}
    assert revenue.playbook == "Look at deliveries first."
    assert found["orders"].where == "not is_return"
    assert found["average_order_value"].expr == "revenue / orders"


def test_every_value_knows_where_it_stands() -> None:
    found = metrics(SALES)["revenue"]
    assert found.place == Place("metrics/sales.yml", 5, 3)
    assert found.place_of("expr") == Place("metrics/sales.yml", 7, 11)
    assert found.place_of("table") == Place("metrics/sales.yml", 1, 8)
    assert found.place_of("dimensions.customers.country") == Place("metrics/sales.yml", 3, 23)
    assert found.place_of("playbook") == Place("metrics/sales.yml", 12, 7), "the text below `|`"
    quoted = one('expr: "sum(amount)"')
    assert quoted.place_of("expr") == Place("metrics/it.yml", 5, 8), "behind the quote"
    called = one("agg: sum\nexpr: amount")
    assert called.place_of("expr").column == 7 - len("sum("), "where `sum(amount)` would begin"


def test_a_definition_knows_all_that_it_is_made_of() -> None:
    definitions = {d.id.name: d for d in reading(SALES).definitions}
    value = definitions["average_order_value"]
    assert isinstance(value, MetricDefinition)
    assert list(value.parts) == ["average_order_value", "revenue", "orders"]
    assert value.used == ("revenue", "orders")
    assert value.tables == ("sales",)
    rollups = [d for d in definitions.values() if isinstance(d, RollupDefinition)]
    assert rollups
    assert {r.described.description for r in rollups} == {"Kept by Headwater for metrics of sales."}
    assert {r.described.owner for r in rollups} == {"finance"}, "its table is not there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """As much of a table as metrics look at."""

    id: NodeId
    described: Described
    place: Place = Place()
    files: tuple[str, ...] = ()
    time: str = "sold_at"


def test_the_owner_of_a_rollup_is_that_of_its_table() -> None:
    sales = Table(id=NodeId("table", "sales"), described=Described(owner="data"))
    context = ReadContext(
        Tree({"metrics/sales.yml": dedent(SALES).lstrip()}),
        Settings(name="shop"),
        ParseCache(None),
        {sales.id: sales},
    )
    found = METRIC_FILES.read(context).definitions
    assert {d.described.owner for d in found if isinstance(d, RollupDefinition)} == {"data"}


def test_only_an_edited_metric_of_a_file_has_changed() -> None:
    before = {d.id: d.text_digest for d in reading(SALES).definitions}  # type: ignore[attr-defined]
    edited = "\n" + SALES.replace("Revenue per order", "Pounds per order")
    after = {d.id: d.text_digest for d in reading(edited).definitions}  # type: ignore[attr-defined]
    assert [n.name for n in before if before[n] != after[n]] == ["average_order_value"]


def test_the_condition_of_a_file_is_of_rows() -> None:
    found = metrics(SALES.replace("table: sales", "table: sales\n    where: country = 'France'"))
    assert found["revenue"].where == "country = 'France'"
    assert found["orders"].where == "not is_return", "its own stands in its place"
    assert found["average_order_value"].where == ""


def test_balances() -> None:
    assert one("expr: sum(stock)\nperiod_agg: last").balance == "last"
    dimension = "non_additive_dimension: {name: day, window_choice: min}"
    assert one(f"agg: sum\nexpr: stock\n{dimension}").balance == "first"
    assert one("agg: sum\nexpr: stock\nnon_additive_dimension: {name: day}").balance == "last"


def test_cumulative() -> None:
    rolling = one("type: cumulative\ninput_metric: revenue\nwindow: 28d")
    assert rolling.shape == Cumulative(input_metric="revenue", window=Window(28, "day"))
    to_date = one("type: cumulative\ninput_metric: revenue\ngrain_to_date: year\nperiod_agg: first")
    assert to_date.shape == Cumulative(
        input_metric="revenue", grain_to_date="year", period_agg="first"
    )
    nested = """
        type: cumulative
        type_params:
          cumulative_type_params:
            window: {count: 3, granularity: month}
          input_metric: {name: revenue}
    """
    assert one(nested).shape == Cumulative(input_metric="revenue", window=Window(3, "month"))


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("28d", Window(28, "day")),
        ("3mo", Window(3, "month")),
        ("28 days", Window(28, "day")),
        ("1 week", Window(1, "week")),
        ("2 Quarters", Window(2, "quarter")),
        ("12h", Window(12, "hour")),
    ],
)
def test_windows(text: str, window: Window) -> None:
    found = one(f"type: cumulative\ninput_metric: revenue\nwindow: {text}")
    assert isinstance(found.shape, Cumulative)
    assert found.shape.window == window


def test_conversion() -> None:
    nested = """
        type: conversion
        type_params:
          conversion_type_params:
            entity: customer_id
            base_metric: {name: orders, filter: "channel = 'web'"}
            conversion_metric: revenue
            window: 7 days
            calculation: conversions
            constant_properties:
              - {base_property: country, conversion_property: country}
    """
    shape = one(nested).shape
    assert shape == Conversion(
        base_metric="it__1",
        conversion_metric="revenue",
        entity="customer_id",
        window=Window(7, "day"),
        calculation="conversions",
        constant_properties=("country",),
    )


def test_retention() -> None:
    found = one(
        "type: retention\nentity: customers\nstart_event: first\nreturn_event: not is_return\n"
        "period: week\ncount: on_or_after"
    )
    assert found.shape == Retention(
        entity="customers", return_event="not is_return", period="week", count="on_or_after"
    )


@pytest.mark.parametrize(
    ("keys", "expr"),
    [
        ("agg: sum\nexpr: amount", "sum(amount)"),
        ("agg: count\nexpr: 1", "count(1)"),
        ("agg: count_distinct\nexpr: invoice", "count(distinct invoice)"),
        ("agg: average\nexpr: amount", "avg(amount)"),
        ("agg: sum_boolean\nexpr: is_return", "count_if(is_return)"),
        ("agg: median\nexpr: amount", "quantile_cont(amount, 0.5)"),
        (
            "agg: percentile\nexpr: amount\nagg_params: {percentile: 0.95}",
            "quantile_cont(amount, 0.95)",
        ),
        (
            "agg: percentile\nexpr: a\nagg_params: {percentile: .9, use_discrete_percentile: true}",
            "quantile_disc(a, 0.9)",
        ),
        ("type: simple\ntype_params: {expr: max(amount)}", "max(amount)"),
        ("numerator: revenue\ndenominator: orders", "revenue / orders"),
        ("type: ratio\ntype_params: {numerator: {name: revenue}, denominator: orders}",
         "revenue / orders"),
        ("type: derived\nexpr: revenue - orders\ninput_metrics: [revenue, orders]",
         "revenue - orders"),
        ("type: derived\nexpr: r / orders\nmetrics: [{name: revenue, alias: r}, orders]",
         "revenue / orders"),
    ],
)  # fmt: skip
def test_words_of_dbt(keys: str, expr: str) -> None:
    assert one(keys).expr == expr


def test_an_input_with_a_filter_is_a_metric_of_its_own() -> None:
    text = (
        NEEDED + "numerator: {name: orders, filter: \"country = 'France'\"}\ndenominator: orders\n"
    )
    other = NEEDED + "expr: count(*)\nwhere: not is_return\n"
    found = reading(text, "metrics/it.yml", orders=other)
    assert found.issues == ()
    it = next(d for d in found.definitions if d.id.name == "it")
    assert isinstance(it, MetricDefinition)
    assert it.metric.expr == "it__1 / orders"
    assert it.parts["it__1"].where == "(not is_return) and (country = 'France')"
    assert it.used == ("orders",), "no other metric knows of it"
    assert {d.id.name for d in found.definitions if d.id.kind == "metric"} == {"it", "orders"}


def test_a_list_of_named_metrics_as_in_dbt() -> None:
    listed = """
        owner: finance
        table: sales
        better: higher
        metrics:
          - name: revenue
            title: Revenue
            description: Net invoiced amount.
            type: simple
            agg: sum
            expr: amount
            filter: not is_return
    """
    found = metrics(listed)["revenue"]
    assert (found.expr, found.where, found.title) == ("sum(amount)", "not is_return", "Revenue")


def test_what_a_metric_cannot_be_without() -> None:
    found = wrong("expr: sum(amount)\ntable: sales\n")
    assert [issue.partition(" · ")[0] for issue in found] == [
        "E116 missing key `description`",
        "E116 missing key `owner`",
        "E116 missing key `better`",
    ]
    assert found[2].endswith(" · metrics/it.yml:1 · add `better:`, which direction is good")
    assert "E116 missing key `table`" in wrong(NEEDED.replace("table: sales", "expr: count(*)"))[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "label: Revenue\nexpr: sum(amount)",
            "unknown key `label` · metrics/it.yml:5:1 · `title` is",
        ),
        (
            "dimension: country\nexpr: sum(amount)",
            "unknown key `dimension` · metrics/it.yml:5:1 · did",
        ),
        ("expr: sum(amount)\nbeter: lower", "did you mean `better`?"),
        ("expr: sum(ammount", "E901"),
        ("expr: revenu", "unknown metric `revenu` · metrics/it.yml:5:7"),
        ("expr: amount", "a column stands inside of an aggregate: `sum(amount)`"),
        ("expr: it + 1", "it → it"),
        ("expr: sum(amount)\nformat: gpb", "gbp"),
        (
            "expr: sum(amount)\ntarget: {mnth: 3}",
            "unknown grain `mnth` · metrics/it.yml:6:10 · did you",
        ),
        ("expr: sum(amount)\nwindow: 28d", "add `type: cumulative or conversion`"),
        (
            "type: retention\nentity: customers\nwindow: 3d",
            "`window` means nothing for a metric of",
        ),
        ("type: cumulative", "missing key `input_metric`"),
        ("type: cumulative\ninput_metric: revenue\nwindow: 28", "write `28d` for days"),
        ("type: cumulativ\nexpr: sum(amount)", "did you mean `cumulative`?"),
        ("measure: amount\nexpr: sum(amount)", "there are no measures"),
        (
            "expr: sum(amount)\nfilter: \"{{ Dimension('sale__country') }} = 'France'\"",
            "E921 templates mean nothing here · metrics/it.yml:6:9 · write plain SQL: `country",
        ),
        ("numerator: revenue", "missing key `denominator`"),
    ],
)
def test_mistakes_are_told_at_their_place(text: str, expected: str) -> None:
    found = [" ".join(issue.split()) for issue in wrong(NEEDED + text + "\n")]
    assert any(expected in issue for issue in found), found


def test_a_file_of_several_has_its_own_mistakes() -> None:
    found = " ".join(" ".join(wrong(SALES.replace("owner:", "onwer:"), "metrics/a.yml")).split())
    assert "unknown key `onwer` · metrics/a.yml:2:1 · did you mean `owner`?" in found
    assert found.count("missing key `owner`") == 3
    found = " ".join(wrong(SALES.replace("table: sales", "title: Sales"), "metrics/a.yml"))
    assert "each metric has its own `title`" in found
    assert "missing key `table`" in found
    assert "E104" in wrong("")[0]
    assert "E122" in wrong(NEEDED + "expr: sum(amount)\n", "metrics/a-b.yml")[0]


def test_an_unknown_metric_takes_those_made_of_it_along_and_tells_only_once() -> None:
    text = SALES.replace("expr: revenue / orders", "expr: revenue / order_s")
    text += "      more:\n        description: M.\n        better: higher\n"
    text += "        expr: average_order_value * 2\n"
    found = reading(text)
    assert [issue.fix for issue in found.issues] == ["did you mean `orders`?"]
    assert {d.id.name for d in found.definitions if d.id.kind == "metric"} == {"revenue", "orders"}


def test_a_broken_metric_is_not_unknown_to_others() -> None:
    found = reading(SALES.replace("expr: sum(amount)", "expr: sum(amount"))
    assert [issue.code for issue in found.issues] == ["E901"]


def test_editors_are_told_of_both_shapes() -> None:
    schema = json_schemas([METRIC_FILES], {})["metrics.json"]
    several, alone = schema["anyOf"]
    assert "metrics" in several["properties"]
    assert "expr" in alone["properties"]
