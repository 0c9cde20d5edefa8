"""Contributions add up exactly, whatever the numbers are."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from headwater.semantics.contribution import (
    Constant,
    Factor,
    Parts,
    Product,
    RatioParts,
    Sum,
    Tree,
    divide,
    divide_ratio,
    divide_sum,
    exact,
    explain,
    turn_over,
)
from headwater.semantics.contribution.factors import values
from headwater.semantics.contribution.groups import Key

MONEY = st.decimals(-(10**9), 10**9, places=2, allow_nan=False).map(Fraction)
KEYS = st.tuples(st.one_of(st.none(), st.sampled_from("abcdefgh"), st.integers(0, 3)))
CELLS = st.dictionaries(KEYS, MONEY, max_size=12)
RATIOS = st.dictionaries(
    KEYS, st.builds(RatioParts, MONEY, st.one_of(st.just(Fraction(0)), MONEY)), max_size=10
)


def whole(cells: dict[Any, RatioParts]) -> RatioParts:
    return RatioParts(
        sum((c.numerator for c in cells.values()), Fraction(0)),
        sum((c.denominator for c in cells.values()), Fraction(0)),
    )


@given(CELLS, CELLS)
def test_sums_add_up(before: dict, after: dict) -> None:
    change = sum(after.values(), Fraction(0)) - sum(before.values(), Fraction(0))
    parts = divide_sum(("d",), before, after, change)
    assert parts.rest == parts.residual == 0
    assert sum((g.size for g in parts.groups), Fraction(0)) in (0, 1)


@given(CELLS, CELLS, MONEY)
def test_what_groups_do_not_account_for_is_told(
    before: dict, after: dict, change: Fraction
) -> None:
    assert divide_sum(("d",), before, after, change).residual == 0


@given(RATIOS, RATIOS)
@example(
    {(None,): RatioParts(Fraction(1), Fraction(0)), ("a",): RatioParts(Fraction(1), Fraction(2))},
    {("a",): RatioParts(Fraction(1), Fraction(3))},
)
def test_rate_and_mix_add_up(before: dict, after: dict) -> None:
    old, new = whole(before), whole(after)
    parts = divide_ratio(("d",), before, after, old, new)
    if not old.denominator or not new.denominator:
        assert parts is None
        return
    assert parts is not None
    assert parts.rest == parts.residual == 0
    for group in parts.groups:
        assert group.rate is not None
        assert group.mix is not None
        assert group.contribution == group.rate + group.mix + group.outside


@given(RATIOS, RATIOS, MONEY, MONEY)
def test_overlapping_groups_leave_a_rest_that_is_told(
    before: dict, after: dict, old: Fraction, new: Fraction
) -> None:
    assume(old and new)
    parts = divide_ratio(
        ("d",), before, after, RatioParts(Fraction(5), old), RatioParts(Fraction(7), new)
    )
    assert parts is not None
    assert parts.residual == 0


def test_a_missing_group_is_pure_mix() -> None:
    before: dict[Key, RatioParts] = {("a",): RatioParts(Fraction(1), Fraction(2))}
    after = before | {("b",): RatioParts(Fraction(1), Fraction(1))}
    parts = divide_ratio(("d",), before, after, whole(before), whole(after))
    assert parts is not None
    new = next(group for group in parts.groups if group.key == ("b",))
    assert new.rate == 0
    assert new.mix == new.contribution != 0
    assert new.before is None


def test_a_numerator_without_denominator_is_outside() -> None:
    before: dict[Key, RatioParts] = {("a",): RatioParts(Fraction(1), Fraction(2))}
    after = before | {("b",): RatioParts(Fraction(1), Fraction(0))}
    parts = divide_ratio(("d",), before, after, whole(before), whole(after))
    assert parts is not None
    assert [(g.key, g.outside) for g in parts.groups if g.outside] == [(("b",), Fraction(1, 2))]


def test_a_thousand_groups_of_floats_leave_nothing() -> None:
    before: dict[Key, Fraction] = {(i,): Fraction(math.sin(i) * 1e6) for i in range(1000)}
    after: dict[Key, Fraction] = {(i,): Fraction(math.cos(i) / 3) for i in range(0, 1000, 2)}
    change = sum(after.values()) - sum(before.values())
    assert divide_sum(("d",), before, after, Fraction(change)).rest == 0


TREES: tuple[tuple[Tree, tuple[str, ...]], ...] = (
    (Product((Factor("a"), Factor("b"))), ("a", "b")),
    (Product((Factor("a"),), (Factor("b"),)), ("a", "b")),
    (Sum(((Factor("a"), Fraction(1)), (Factor("b"), Fraction(-1)))), ("a", "b")),
    (Product((Factor("a"), Factor("b"), Factor("c"))), ("a", "b", "c")),
    (
        Product((Factor("a"),), (Sum(((Factor("a"), Fraction(1)), (Factor("b"), Fraction(1)))),)),
        ("a", "b"),
    ),
    (
        Sum(
            (
                (Product((Constant(Fraction(100)), Factor("a")), (Factor("b"),)), Fraction(1)),
                (Product((Factor("c"), Factor("a"))), Fraction(-2)),
                (Constant(Fraction(1)), Fraction(1)),
            )
        ),
        ("a", "b", "c"),
    ),
)
MOVES = st.tuples(MONEY, MONEY)


@given(st.sampled_from(TREES), st.fixed_dictionaries({"a": MOVES, "b": MOVES, "c": MOVES}))
@example(
    TREES[0],
    {"a": (Fraction(0), Fraction(3)), "b": (Fraction(2), Fraction(2)), "c": (Fraction(1),) * 2},
)
@example(
    TREES[1],
    {"a": (Fraction(1), Fraction(3)), "b": (Fraction(0), Fraction(2)), "c": (Fraction(1),) * 2},
)
def test_formulas_add_up(case: tuple, moves: dict) -> None:
    tree, names = case
    parts, pair = divide(tree, moves), values(tree, moves)
    if pair is None:
        assert parts is None
        return
    assert parts is not None
    assert set(parts) == set(names)
    left = sum(parts.values()) - (pair[1] - pair[0])
    scale = max(map(abs, (*pair, *parts.values())))
    assert abs(left) <= Fraction(1, 10**40) * scale


@given(
    st.lists(st.fractions(Fraction(1, 100), 10**6, max_denominator=1000), min_size=6, max_size=6)
)
def test_brackets_do_not_matter_to_lmdi(numbers: list[Fraction]) -> None:
    moves = {n: (numbers[2 * i], numbers[2 * i + 1]) for i, n in enumerate("abc")}
    a, b, c = (Factor(name) for name in "abc")
    flat = divide(Product((a, b, c)), moves)
    nested = divide(Product((Product((a, b)), c)), moves)
    over = divide(Product((a, b), (Product((Constant(Fraction(1)),), (c,)),)), moves)
    assert flat is not None
    assert nested is not None
    assert over is not None
    for name in "abc":
        assert float(flat[name]) == pytest.approx(float(nested[name]), rel=1e-12, abs=1e-9)
        assert float(flat[name]) == pytest.approx(float(over[name]), rel=1e-12, abs=1e-9)


def test_revenue_of_november_is_divided_as_settled() -> None:
    """FORMATS.md, session (c): revenue of the shop in October and November 2011."""
    revenue = (Fraction("1070704.67"), Fraction("1461756.25"))
    orders = (Fraction(2275), Fraction(3021))
    moves = {"orders": orders, "value": (revenue[0] / orders[0], revenue[1] / orders[1])}
    parts = divide(Product((Factor("orders"), Factor("value"))), moves)
    assert parts is not None
    assert sum(parts.values()) == revenue[1] - revenue[0]
    assert round(parts["orders"]) == 356240
    assert round(parts["value"]) == 34811


def test_zero_and_negative_factors_are_shapleys() -> None:
    tree = Product((Factor("a"), Factor("b")))
    moves = {"a": (Fraction(0), Fraction(4)), "b": (Fraction(3), Fraction(5))}
    assert divide(tree, moves) == {"a": Fraction(16), "b": Fraction(4)}
    moves = {"a": (Fraction(-2), Fraction(2)), "b": (Fraction(3), Fraction(3))}
    assert divide(tree, moves) == {"a": Fraction(12), "b": Fraction(0)}


def test_numbers_that_are_none() -> None:
    assert exact(None) is exact(float("inf")) is exact(Decimal("NaN")) is None
    assert exact(Decimal("1.10")) == Fraction(11, 10)


@given(st.sets(st.integers(0, 50)), st.sets(st.integers(0, 50)))
def test_turnover_needs_three_counts(before: set, after: set) -> None:
    found = turn_over(len(before), len(after), len(before | after))
    assert (found.new, found.lost, found.kept) == (
        len(after - before),
        len(before - after),
        len(before & after),
    )
    assert found.change == len(after) - len(before)


def test_turnover_of_impossible_counts_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be"):
        turn_over(10, 10, 5)


def parts_of(dimension: tuple[str, ...], *cells: tuple[object, float, float]) -> Parts:
    before: dict[Key, Fraction] = {(key,): Fraction(old) for key, old, _ in cells}
    after: dict[Key, Fraction] = {(key,): Fraction(new) for key, _, new in cells}
    change = sum(after.values()) - sum(before.values())
    return divide_sum(dimension, before, after, Fraction(change))


def test_the_group_that_grew_beyond_its_size_explains() -> None:
    by_country = parts_of(("country",), ("UK", 900, 1260), ("FR", 60, 80), ("DE", 40, 60))
    by_guest = parts_of(("customer",), ("known", 860, 1020), (None, 140, 380))
    both = parts_of(
        ("country", "customer"),
        ("UK known", 770, 900),
        ("UK guest", 130, 360),
        ("FR known", 60, 80),
        ("DE known", 40, 60),
    )
    found = explain((by_country, by_guest, both))
    assert found is not None
    assert found.dimensions == ("customer",)
    assert [group.key for group in found.groups] == [(None,)]
    assert found.power == Fraction(240, 400)


def test_an_even_change_has_no_explanation() -> None:
    even = parts_of(("country",), ("UK", 100, 110), ("FR", 50, 55), ("DE", 50, 55))
    assert explain((even, parts_of(("one",), ("all", 200, 220)))) is None
    assert explain(()) is None
    assert explain((parts_of(("country",), ("UK", 100, 90), ("FR", 50, 60)),)) is None


def test_several_groups_are_few() -> None:
    cells = [(i, 100.0, 100.0) for i in range(20)]
    cells[3], cells[7] = (3, 100.0, 180.0), (7, 100.0, 160.0)
    found = explain((parts_of(("d",), *cells),))
    assert found is not None
    assert [group.key for group in found.groups] == [(3,), (7,)]
    assert found.power == 1


@given(st.lists(st.tuples(st.integers(0, 99), MONEY, MONEY), max_size=30))
def test_an_explanation_is_of_distinct_groups_that_move_with_the_change(cells: list) -> None:
    found = explain((parts_of(("d",), *cells),))
    if found is None:
        return
    keys = [group.key for group in found.groups]
    assert len(keys) == len(set(keys)) <= 3
    assert found.power > 0
    assert all(group.contribution for group in found.groups)
