"""Views compiled beside their nodes: names, order, types, and everything that can be wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.features.views import CUSTOMERS, SALES, feature, node, sales, view, window

from headwater.errors import HeadwaterError, Issue
from headwater.features.compiling import compile_view
from headwater.features.model import ViewSpec
from headwater.graph.node import Node
from headwater.windows.model import ALL_TIME, Window

WINDOWS = (window("30d"), window("90d"))


def issues_of(spec: ViewSpec, entity: Node = CUSTOMERS, source: Node | None = None) -> list[Issue]:
    """What is wrong with a view."""
    with pytest.raises(HeadwaterError) as caught:
        compile_view(spec, entity, source or sales())
    return list(caught.value.issues)


def told(spec: ViewSpec, *nodes: Node) -> list[tuple[str, str, str]]:
    """Code, place and what of everything that is wrong."""
    return [(i.code, f"{i.place.line}:{i.place.column}", i.what) for i in issues_of(spec, *nodes)]


def test_a_column_for_each_window_with_its_type() -> None:
    spec = view(
        feature("orders", "count(distinct invoice) filter (where not is_return)"),
        feature("spend", "sum(amount)"),
        feature("pieces", "sum(quantity)", "6mo"),
        feature("recency_days", "date_diff('day', max(sold_at), :at)", "all"),
        feature("trend", "spend_30d / nullif(spend_90d, 0)"),
        windows=WINDOWS,
    )
    found = compile_view(spec, CUSTOMERS, sales())
    assert [(column.name, column.type) for column in found.columns] == [
        ("orders_30d", "BIGINT"),
        ("orders_90d", "BIGINT"),
        ("spend_30d", "DECIMAL(38,2)"),
        ("spend_90d", "DECIMAL(38,2)"),
        ("pieces_6mo", "BIGINT"),
        ("recency_days", "BIGINT"),
        ("trend", "DOUBLE"),
    ]
    assert (found.keys, found.source_keys) == (("customer_id",), ("customer",))
    assert found.reads == tuple(name for name, _ in SALES)
    assert found.span == ALL_TIME
    assert found.longest is None


def test_without_windows_all_time_counts() -> None:
    found = compile_view(view(feature("orders", "count(*)")), CUSTOMERS, sales())
    assert [column.name for column in found.columns] == ["orders"]
    assert found.windows[0].window == ALL_TIME


def test_the_longest_window() -> None:
    spec = view(feature("a", "count(*)", "30d", "6mo"), feature("b", "count(*)", "90d"))
    found = compile_view(spec, CUSTOMERS, sales())
    assert found.span == Window(months=6)
    assert found.longest == timedelta(days=187)


def test_an_aggregate_in_two_features_is_computed_once() -> None:
    spec = view(feature("a", "sum(amount)"), feature("b", "sum( amount )/count(*)"))
    assert len(compile_view(spec, CUSTOMERS, sales()).windows) == 2


def test_the_greatest_time_is_the_last() -> None:
    spec = view(feature("latest", "max(sold_at)"), feature("most", "max(amount)"))
    functions = [w.function for w in compile_view(spec, CUSTOMERS, sales()).windows]
    assert functions == ["last", "max"]


def test_features_stand_behind_those_that_they_use() -> None:
    spec = view(feature("c", "b + 1"), feature("b", "a + 1"), feature("a", "count(*)"))
    found = compile_view(spec, CUSTOMERS, sales())
    assert [each.name for each in found.expressions] == ["a", "b", "c"]
    assert [column.name for column in found.columns] == ["c", "b", "a"]


def test_what_uses_a_request_is_on_request() -> None:
    spec = view(
        feature("ratio", ":basket / spend"),
        feature("twice", "ratio * 2"),
        feature("spend", "sum(amount)"),
        request={"basket": "DOUBLE"},
    )
    found = compile_view(spec, CUSTOMERS, sales())
    assert [column.name for column in found.columns if column.on_request] == ["ratio", "twice"]
    assert [column.name for column in found.stored] == ["spend"]


def test_the_digest_is_of_the_meaning() -> None:
    def digest(expr: str, *windows: str, **given: Any) -> str:
        spec = view(feature("spend", expr, *windows), **given)
        return compile_view(spec, CUSTOMERS, sales()).digest

    first = digest("sum(amount)", "30d")
    assert digest("SUM( amount )", "30d") == first
    others = [
        digest("sum(amount)", "31d"),
        digest("max(amount)", "30d"),
        digest("sum(amount)", "30d", where="not is_return"),
        digest("sum(amount)", "30d", latency=timedelta(hours=1)),
    ]
    assert len({first, *others}) == 5


def test_a_description_is_no_meaning() -> None:
    spec = view(feature("a", "count(*)"))
    described = view(feature("a", "count(*)", description="Orders"))
    digests = {compile_view(s, CUSTOMERS, sales()).digest for s in (spec, described)}
    assert len(digests) == 1


def test_columns_of_one_name_hold_the_key() -> None:
    source = sales(schema=(("customer_id", "BIGINT"), *SALES), references={})
    found = compile_view(view(feature("a", "count(*)")), CUSTOMERS, source)
    assert found.source_keys == ("customer_id",)


def test_several_keys_keep_their_order() -> None:
    entity = node("pairs", (("a", "INTEGER"), ("b", "VARCHAR")), key=("a", "b"))
    source = sales(references={("quantity", "invoice"): "pairs"})
    found = compile_view(view(feature("n", "count(*)"), entity="pairs"), entity, source)
    assert found.source_keys == ("quantity", "invoice")


def test_hidden_columns_of_a_source() -> None:
    source = sales(hidden=(("_loaded_at", "TIMESTAMP WITH TIME ZONE"),))
    found = compile_view(view(feature("a", "count(*)"), known_at="_loaded_at"), CUSTOMERS, source)
    assert "_loaded_at" in found.reads


def test_every_mistake_at_once_at_its_place() -> None:
    spec = view(
        feature("orders", "count(*)", line=5),
        feature("spend", "sum(ammount)", line=6),
        feature("trend", "ordrs * 2", line=7),
        feature("ratio", ":basket / orders", line=8),
    )
    assert told(spec) == [
        ("E002", "7:10", "`trend`: unknown feature `ordrs`"),
        ("E009", "8:10", "`ratio`: unknown parameter `:basket`"),
        ("E002", "6:14", "`spend`: unknown column `ammount`"),
    ]
    assert issues_of(spec)[2].fix == "did you mean `amount`?"


@pytest.mark.parametrize(
    ("spec", "code", "what"),
    [
        (view(feature("a", "median(amount)")), "E003", "`a`: `median` is no aggregate of features"),
        (
            view(feature("a", "arg_max(amount, invoice)")),
            "E003",
            "`a`: rows of a window are ordered by `sold_at` alone",
        ),
        (view(feature("a", "b"), feature("b", "a")), "E004", "features use each other in a circle"),
        (view(feature("a", "a + 1")), "E004", "features use each other in a circle: a → a"),
        (
            view(feature("a", "count(*)"), feature("A", "sum(amount)")),
            "E005",
            "two features are called `A`",
        ),
        (view(feature("day", "count(*)")), "E005", "`day` is the name of a column"),
        (view(feature("customer_id", "count(*)")), "E005", "`customer_id` is a key of `customers`"),
        (
            view(feature("a", "count(*) * :a"), request={"a": "DOUBLE"}),
            "E005",
            "`a` is a feature and a parameter",
        ),
        (
            view(feature("a", "count(*)"), request={"b": "DOUBLE"}),
            "E009",
            "nothing uses the parameter `b`",
        ),
        (
            view(feature("a", "count(*) + :at"), request={"at": "DOUBLE"}),
            "E009",
            "`at` is the moment that is asked of",
        ),
        (view(feature("a", "sum(customers.x)")), "E002", "`a`: `customers.x` is no column"),
        (view(feature("a", "count(*)"), where="x > 1"), "E002", "`where`: unknown column `x`"),
        (view(feature("a", "count(*)"), known_at="amount"), "E002", "`known_at` names `amount`"),
        (view(feature("a", "sum(invoice)")), "E010", "`a`: "),
        (view(feature("a", "count(*)", type="DATE")), "E010", "`a` is BIGINT, which"),
        (view(feature("a", "count(*)", type="FOO")), "E010", "`a`: "),
        (view(feature("a", "fooo(count(*))")), "E010", "`a`: "),
        (
            view(feature("a", "count(*)"), feature("b", "a * 2", "30d")),
            "E001",
            "`b` has no aggregate, so `windows:` says nothing of it",
        ),
    ],
)
def test_what_a_view_cannot_say(spec: ViewSpec, code: str, what: str) -> None:
    found = issues_of(spec)
    assert [issue.code for issue in found] == [code]
    assert found[0].what.startswith(what)
    assert found[0].place.path == "features/customer.yml"


def test_a_windowed_feature_is_named_with_its_window() -> None:
    spec = view(feature("spend", "sum(amount)"), feature("b", "spend * 2"), windows=WINDOWS)
    (issue,) = issues_of(spec)
    assert issue.fix == "name it with its window: `spend_30d`, `spend_90d`"


@pytest.mark.parametrize(
    ("entity", "source", "code", "what"),
    [
        (replace(CUSTOMERS, key=()), sales(), "E006", "`customers` has no `key`"),
        (CUSTOMERS, sales(time=None), "E007", "`sales` has no time"),
        (CUSTOMERS, sales(references={}), "E008", "`sales` does not lead to `customers`"),
        (
            CUSTOMERS,
            sales(references={("customer",): "customers", ("quantity",): "customers"}),
            "E008",
            "`sales` leads to `customers` by `customer` and `quantity`",
        ),
        (
            CUSTOMERS,
            sales(references={("invoice",): "customers"}),
            "E008",
            "the key `customer_id` is BIGINT in `customers`, and `invoice` is VARCHAR in `sales`",
        ),
    ],
)
def test_nodes_that_do_not_fit(entity: Node, source: Node, code: str, what: str) -> None:
    (issue,) = issues_of(view(feature("a", "count(*)")), entity, source)
    assert issue.code == code
    assert issue.what.startswith(what)
    assert issue.fix


def test_functions_of_the_project() -> None:
    spec = view(feature("a", "twice(count(*))"))
    text = "create function twice(x) as x * 2"
    assert compile_view(spec, CUSTOMERS, sales(), [text]).columns[0].type == "BIGINT"
