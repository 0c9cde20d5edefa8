"""Formulas of metrics: what they expand to, and what is wrong with the others."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest
from tests.unit.semantics.world import CATALOG, DATASETS

from headwater.errors import HeadwaterError, Place
from headwater.semantics.catalog import Catalog
from headwater.semantics.formulas import expand, formula_of, metrics_read, ratio_of
from headwater.semantics.metric import Conversion, Cumulative, Metric, Retention
from headwater.semantics.rollup import Leaf
from headwater.semantics.terms import Balance, Plain, Running
from headwater.sql.formulas import _FUNCTIONS, OTHER_AGGREGATES

METRICS = dict(CATALOG.metrics)


def sale(expr: str, where: str = "", name: str = "m", **more: object) -> Metric:
    place = Place("metrics/m.yml", 7, 11)
    return Metric(
        name=name, table="sales", expr=expr, where=where, place=place,
        places={"expr": place, "where": Place("metrics/m.yml", 8, 12)}, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def written(metric: Metric) -> str:
    """The formula with its leaves in square brackets."""
    formula = expand(metric, {**METRICS, metric.name: metric})
    values = {}
    for term in formula.terms:
        assert isinstance(term, Plain | Balance | Running)
        leaf = term.leaf
        condition = f" where {leaf.where}" if leaf.where else ""
        values[term] = f"[{leaf.function} {leaf.argument or '*'}{condition}]"
    return formula.sql(values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("metric", "formula"),
    [
        (sale("sum(amount)"), "[sum amount]"),
        (sale("SUM( sales.amount )"), "[sum amount]"),
        (sale("count(*)"), "[count *]"),
        (sale("count(distinct invoice)", "not is_return"),
         "[count_distinct invoice where (NOT is_return)]"),
        (sale("sum(amount) filter (where quantity > 1)", "not is_return"),
         "[sum amount where ((NOT is_return) AND (quantity > 1))]"),
        (sale("avg(quantity)"), '([sum quantity] / "nullif"([count quantity], 0))'),
        (sale("max(weight) - min(weight)"), "([max weight] - [min weight])"),
        (sale("revenue / orders"),
         '([sum amount] / "nullif"([count_distinct invoice where (NOT is_return)], 0))'),
        (sale("order_value * 2"),
         '((([sum amount] / "nullif"([count_distinct invoice where (NOT is_return)], 0))) * 2)'),
        (sale("count_if(quantity > 1)"), "[count * where (quantity > 1)]"),
        (sale("count(distinct customers.country)"), '[count_distinct "customers.country"]'),
        (sale("sum(list_sum(list_transform([quantity], q -> q + line)))"),
         "[sum list_sum(list_transform(list_value(quantity), (q -> (q + line))))]"),
    ],
)  # fmt: skip
def test_expands(metric: Metric, formula: str) -> None:
    assert written(metric) == formula


def test_columns_of_a_leaf_are_those_that_it_reads() -> None:
    term = expand(sale("sum(amount) filter (where customers.country = 'a')", "not is_return"), {})
    leaf = term.terms[0].leaf  # type: ignore[union-attr]
    assert leaf.columns == ("amount", "customers.country", "is_return")


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (sale("sum(amount"), r"E901 `m`: syntax error .* metrics/m.yml:7"),
        (sale(""), "E901 `m`: the expression is empty"),
        (sale("sum(amount), 1"), "E901 `m`: this is more than one expression"),
        (sale("sum(amount) as a"), "E901 `m`: this is more than one expression"),
        (sale("sum(amount) from sales"), "E901 `m`: this is more than one expression"),
        (sale("sum(amount); select 1"), "E901 `m`: more than one statement"),
        (sale("2 * sum(amount) over ()"), r"E901 .*window function .*m.yml:7:15 .*cumulative"),
        (sale("(select 1)"), "E901 .*subquery"),
        (sale("sum((select 1))"), "E901 .*subquery"),
        (sale("sum($a)"), "E901 .*parameter"),
        (sale("sum(max(amount))"), r"E901 `m`: `max` stands inside of `sum` · metrics/m.yml:7:15"),
        (sale("stddev(amount)"), "E901 `m`: `stddev` is no aggregate of metrics .*median"),
        (sale("sum(distinct amount)"), "E901 .*distinct"),
        (sale("quantile_cont(amount, 2)"), "E901 .*from 0 to 1"),
        (sale("quantile_cont(amount, quantity)"), "E901 .*from 0 to 1"),
        (sale("sum(amount, quantity)"), "E901 .*takes one value, not 2"),
        (sale("1"), "E901 .*no aggregate and no metric"),
        (sale("customers.country"), r"E901 .*outside of an aggregate .* `sum\(customers.country\)"),
        (sale("amount"), r"E907 `m`: unknown metric `amount` .* `sum\(amount\)`"),
        (sale("revenu / orders"), "E907 `m`: unknown metric `revenu` .* did you mean `revenue`?"),
        (sale("m + 1"), "E907 metrics refer to each other in a circle: m → m"),
        (sale("retention * 2"), "E908 .*retention"),
        (sale("revenue", "not is_return"), "E908 .*no aggregate to filter · metrics/m.yml:8"),
        (sale("sum(amount)", "sum(amount) > 1"), "E901 .*condition on rows .*m.yml:8:12"),
        (sale("sum(amount)", "exists (select 1)"), "E901 .*subquery"),
        (Metric(name="m", expr="sum(amount)"), "E908 .*no table"),
        (Metric(name="m", shape=Cumulative(input_metric="stock")), "E908 .*cannot add up `stock`"),
        (Metric(name="m", shape=Cumulative(input_metric="revenue_7d")), "E908 .*cannot add up"),
        (Metric(name="m", shape=Cumulative(input_metric="revnue")), "E907 .*`revenue`"),
        (
            Metric(
                name="m",
                shape=Conversion(base_metric="revenue", conversion_metric="orders", entity="x"),
            ),
            "E908 .*`revenue` does not count",
        ),
        (Metric(name="m", shape=Retention(entity="customers")), "E908 .*without table"),
    ],
)
def test_mistakes(metric: Metric, message: str) -> None:
    with pytest.raises(HeadwaterError, match=message):
        expand(metric, {**METRICS, "m": metric})


def test_a_circle_through_others() -> None:
    metrics = {n: Metric(name=n, expr=e) for n, e in (("a", "b + 1"), ("b", "c"), ("c", "a"))}
    with pytest.raises(HeadwaterError, match=r"E907 .*circle: a → b → c → a"):
        expand(metrics["a"], metrics)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (sale("sum(ammount)"), r"E902 .*`ammount` .*m.yml:7:15 · did you mean `amount`\?"),
        (sale("sum(amount)", "not is_retrun"), r"E902 .*m.yml:8:16 · did you mean `is_return`"),
        (sale("sum(amount)", "customers.contry = 'a'"), "E902 .*did you mean `customers.country`"),
        (replace(sale("count(*)"), table="slaes"), "E201 .*did you mean `sales`"),
    ],
)
def test_columns_that_are_not_there(metric: Metric, message: str) -> None:
    catalog = Catalog(metrics={"m": metric}, datasets=DATASETS)
    with pytest.raises(HeadwaterError, match=message):
        formula_of(catalog, "m")


def test_ratios() -> None:
    found = ratio_of(METRICS["order_value"], METRICS)
    assert found is not None
    assert (found.numerator_metric, found.denominator_metric) == ("revenue", "orders")
    assert found.numerator == expand(METRICS["revenue"], METRICS)
    average = ratio_of(METRICS["average"], METRICS)
    assert average is not None
    assert [t.leaf.function for f in (average.numerator, average.denominator) for t in f.terms] == [  # type: ignore[union-attr]
        "sum", "count",
    ]  # fmt: skip
    plain = ratio_of(sale("sum(amount) / sum(quantity)"), METRICS)
    assert plain is not None
    assert plain.denominator.terms == (
        Plain(Leaf(table="sales", function="sum", argument="quantity")),
    )
    renamed = Metric(name="aov", expr="order_value")
    assert ratio_of(renamed, METRICS) == found
    for name in ("revenue", "weighted", "stock", "revenue_7d", "retention"):
        assert ratio_of(METRICS[name], METRICS) is None


def test_metrics_that_a_definition_names() -> None:
    assert metrics_read(METRICS["order_value"]) == ("revenue", "orders")
    assert metrics_read(METRICS["revenue_7d"]) == ("revenue",)
    assert metrics_read(METRICS["returned"]) == ("orders", "returns")
    assert metrics_read(METRICS["retention"]) == ()


def test_every_aggregate_function_of_duckdb_is_known() -> None:
    rows = duckdb.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'aggregate'"
    ).fetchall()
    assert {name for (name,) in rows} == OTHER_AGGREGATES | _FUNCTIONS.keys()
