from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headwater.ledger.differences import apply, base_depth, compare, compose, count_new

#: Items as they are stored: with more than two parts.
items = st.lists(st.tuples(st.integers(0, 6), st.just(0), st.just(0)), max_size=12)

Items = list[tuple[int, int, int]]


def stored(edit: list[Any]) -> list[list[Any]]:
    return [[e.start, e.stop] if isinstance(e, range) else list(e) for e in edit]


def edit_from(old: Items, new: Items) -> list[list[Any]]:
    return stored(compare(old, new))


@given(items, items)
def test_an_edit_makes_the_new_from_the_old(old: Items, new: Items) -> None:
    assert apply(edit_from(old, new), stored(old)) == stored(new)


@given(items, items, items)
def test_composed_edits_do_what_one_after_the_other_does(
    first: Items, second: Items, third: Items
) -> None:
    both = compose(edit_from(second, third), edit_from(first, second))
    assert apply(both, stored(first)) == stored(third)


def test_an_append_carries_only_what_is_new() -> None:
    old = [(n, 0, 0) for n in range(1000)]
    edit = edit_from(old, [*old, (1000, 0, 0)])
    assert edit == [[0, 1000], [1000, 0, 0]]
    assert count_new(edit) == 1


def test_every_version_is_few_differences_from_the_whole() -> None:
    def steps(depth: int) -> int:
        return 0 if depth == 0 else 1 + steps(base_depth(depth))

    assert max(map(steps, range(12_000))) <= 14


@given(st.integers(1, 100_000))
def test_the_way_to_a_base_leads_over_the_bases_before(depth: int) -> None:
    reached = depth - 1
    while reached > base_depth(depth):
        reached = base_depth(reached)
    assert reached == base_depth(depth)
