"""What metrics are made of, and how their changes can be divided."""

from __future__ import annotations

from fractions import Fraction

import pytest

from headwater.semantics.contribution.factors import Factor, Product, values
from headwater.semantics.contribution.formula import as_ratio, is_linear, read_tree
from headwater.semantics.contribution.structure import factors_of, parts_of, structure_of
from headwater.semantics.metric import Conversion, Cumulative, Metric, Retention, Shape, Window
from headwater.sql.formulas import Mention, parse_formula


def metric(name: str, expr: str = "", shape: Shape | None = None, where: str = "") -> Metric:
    return Metric(name=name, expr=expr, table="sales", shape=shape, where=where)


BUYS = Conversion(base_metric="visits", conversion_metric="orders", entity="customer_id")

METRICS = {
    each.name: each
    for each in (
        metric("revenue", "sum(amount)"),
        metric("abroad", "sum(amount)", where="country <> 'UK'"),
        metric("orders", "count(distinct invoice)", where="not is_return"),
        metric("average_order_value", "revenue / orders"),
        metric("share_abroad", "100 * abroad / revenue"),
        metric("home_share", "1 - abroad / revenue"),
        metric("basket", "avg(amount)"),
        metric("per_line", "sum(amount) / count(*)"),
        metric("half", "quantile_cont(amount, 0.5)"),
        metric("most", "max(amount)"),
        metric("twice", "average_order_value * 2"),
        metric("rounded", "round(revenue / orders, 2)"),
        metric("net", "revenue - 0.2 * abroad"),
        metric("odd", "revenue * orders"),
        metric("rolling", shape=Cumulative(input_metric="revenue", window=Window(28, "day"))),
        metric("rolling_value", shape=Cumulative(input_metric="average_order_value")),
        metric("loyal", shape=Retention(entity="customers")),
        metric("buys", shape=BUYS),
        metric("visits", "count(*)"),
    )
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "atoms", "additivity"),
    [
        ("revenue", ("revenue",), "additive"),
        ("orders", ("orders",), "overlapping"),
        ("net", ("revenue", "abroad"), "additive"),
        ("rolling", ("rolling",), "additive"),
    ],
)
def test_sums(name: str, atoms: tuple[str, ...], additivity: str) -> None:
    found = structure_of(METRICS[name], METRICS)
    assert found.is_sum
    assert found.ratio is None
    assert (found.atoms, found.additivity) == (atoms, additivity)


@pytest.mark.parametrize(
    ("name", "atoms"),
    [
        ("average_order_value", ("revenue", "orders")),
        ("share_abroad", ("abroad", "revenue")),
        ("home_share", ("abroad", "revenue")),
        ("basket", ("basket__sum", "basket__count")),
        ("per_line", ("per_line__0", "per_line__1")),
        ("twice", ("revenue", "orders")),
        ("buys", ("buys__conversions", "visits")),
    ],
)
def test_ratios(name: str, atoms: tuple[str, ...]) -> None:
    found = structure_of(METRICS[name], METRICS)
    assert found.atoms == atoms
    assert not found.is_sum
    assert found.ratio is not None
    assert set(found.extra) <= set(atoms)


@pytest.mark.parametrize(
    ("name", "because"),
    [
        ("half", "quantile"),
        ("most", "maximum"),
        ("rounded", "four operations"),
        ("odd", "neither a sum nor a ratio"),
        ("loyal", "cohort"),
        ("rolling_value", "no sum"),
    ],
)
def test_what_cannot_be_divided_says_why(name: str, because: str) -> None:
    found = structure_of(METRICS[name], METRICS)
    assert because in found.because
    assert found.ratio is None
    assert not found.is_sum


def test_numbers_that_are_no_metrics_are_asked_by_themselves() -> None:
    found = structure_of(METRICS["per_line"], METRICS)
    assert [extra.expr for extra in found.extra.values()] == ["sum(amount)", "count(*)"]
    basket = structure_of(metric("b", "avg(amount) filter (where not is_return)"), METRICS)
    assert [extra.expr for extra in basket.extra.values()] == [
        "sum(amount) filter (where (NOT is_return))",
        "count(amount) filter (where (NOT is_return))",
    ]


def test_one_minus_a_ratio_is_a_ratio() -> None:
    found = structure_of(METRICS["home_share"], METRICS).ratio
    assert found is not None
    moves = {"abroad": (Fraction(10), Fraction(30)), "revenue": (Fraction(100), Fraction(120))}
    assert values(found[0], moves) == (Fraction(90), Fraction(90))
    assert values(found[1], moves) == (Fraction(100), Fraction(120))


def test_revenue_is_orders_times_their_value() -> None:
    ((orders, value),) = factors_of(METRICS["revenue"], METRICS)
    assert (orders.name, value.name) == ("orders", "average_order_value")
    assert factors_of(METRICS["orders"], METRICS) == ()
    assert parts_of(METRICS["average_order_value"], METRICS) == ("revenue", "orders")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a / b", Fraction(3, 4)),
        ("-a + b * 2", Fraction(5)),
        ("(a - b) / (a + b)", Fraction(-1, 7)),
        ("a::double / b * 1e2", Fraction(75)),
        ("a * (b - .5)", Fraction(21, 2)),
        ("cast(a as double) - b", Fraction(-1)),
    ],
)
def test_formulas(text: str, value: Fraction) -> None:
    moves = {"a": (Fraction(3), Fraction(3)), "b": (Fraction(4), Fraction(4))}
    tree = read_tree(
        parse_formula(text), lambda p: Factor(p.name) if isinstance(p, Mention) else None
    )
    assert tree is not None
    assert values(tree, moves) == (value, value)


@pytest.mark.parametrize(
    "text", ["a // b", "a ** 2", "greatest(a, b)", "a % b", "a::varchar", "a::int"]
)
def test_other_formulas_have_no_tree(text: str) -> None:
    assert read_tree(parse_formula(text), lambda p: Factor("x")) is None


def test_linear_and_ratio() -> None:
    a, b = Factor("a"), Factor("b")
    assert is_linear(a)
    assert not is_linear(Product((a, b)))
    assert as_ratio(Product((a,), (Product((a, b)),))) is None
    assert as_ratio(Product((a, b), (a,))) is None
