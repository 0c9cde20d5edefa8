"""Causes add up exactly along releases, whatever the numbers are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from headwater.project.metrics.causes import Cause
from headwater.project.metrics.effects import Effect, Total, add_up
from headwater.project.metrics.replaying import share_out
from headwater.project.metrics.values import Slot, ValueChange, exact
from headwater.semantics.asking import Number

MAY = Slot("month", date(2011, 5, 1))
NUMBERS = st.one_of(
    st.none(),
    st.integers(-(10**15), 10**15),
    st.decimals(-(10**12), 10**12, places=4),
    st.floats(-1e15, 1e15),
)
CAUSES = st.sampled_from(get_args(Cause))


def effects_of(values: Sequence[Number | None], causes: Sequence[Cause]) -> list[Effect]:
    """A release for each value after the first; those that change nothing have no effect."""
    return [
        Effect(
            metric="revenue",
            release=number,
            sort="data",
            at=datetime(2011, 12, number % 28 + 1, tzinfo=UTC),
            author="ann",
            reason="",
            change=ValueChange(slot=MAY, before=before, after=after),
            cause=cause,
        )
        for number, (before, after, cause) in enumerate(
            zip(values, values[1:], causes, strict=False), start=2
        )
        if before != after
    ]


def whole(total: Total) -> Fraction:
    return sum((part for _, part in total.parts), Fraction(0))


@given(st.lists(st.tuples(NUMBERS, CAUSES), min_size=2, max_size=30))
def test_causes_add_up_to_the_total_change(steps: list[tuple[Number | None, Cause]]) -> None:
    values, causes = [value for value, _ in steps], [cause for _, cause in steps]
    for first in range(len(values)):
        for last in range(first + 1, len(values)):
            for total in add_up(effects_of(values[first : last + 1], causes[first:])):
                assert whole(total) == total.change.difference
                assert exact(total.change.before) == exact(values[first])
                assert exact(total.change.after) == exact(values[last])


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_definition_and_data_add_up(
    before: Number | None, after: Number | None, logic: Number | None, data: Number | None
) -> None:
    change = ValueChange(slot=MAY, before=before, after=after)
    found = share_out("revenue", change, exact(logic), exact(data))
    assert whole(found) == change.difference


def test_neither_has_an_effect_that_changes_nothing() -> None:
    change = ValueChange(slot=MAY, before=Decimal(100), after=Decimal(150))
    found = share_out("revenue", change, new_logic=Fraction(100), new_data=Fraction(150))
    assert found.parts == (("definitions", Fraction(0)), ("data", Fraction(50)))
