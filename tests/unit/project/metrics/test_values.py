"""What counts as the same number, and when a period was complete."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.project.metrics.values import (
    Slot,
    compare_values,
    same_number,
    was_complete,
)

LONDON = ZoneInfo("Europe/London")
JUNE = Slot("month", date(2011, 6, 1))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1.0, 1.0 + 1e-12, True),
        (1.0, 1.0 + 1e-6, False),
        (1e12, 1e12 + 1, True),  # as near as floats are, added in another order
        (Decimal("1000000000.00"), Decimal("1000000000.01"), False),  # a penny is a penny
        (10**18, 10**18 + 1, False),
        (0.0, 1e-30, False),
        (None, None, True),
        (None, 0, False),
        (2, Decimal("2.00"), True),
        (Decimal("0.1"), 0.1, True),  # a metric that became a float says the same
    ],
)
def test_same_number(one: float | None, other: float | None, same: bool) -> None:
    assert same_number(one, other) is same
    assert same_number(other, one) is same


def test_a_period_is_complete_where_the_data_reach_its_local_end() -> None:
    ended = datetime(2011, 6, 30, 23, tzinfo=UTC)  # midnight in London's summer
    assert was_complete(JUNE, ended, LONDON)
    assert not was_complete(JUNE, datetime(2011, 6, 30, 22, 59, tzinfo=UTC), LONDON)


def test_a_cohorts_step_is_so_many_periods_later() -> None:
    until = datetime(2011, 9, 1, tzinfo=UTC)
    assert was_complete(Slot("month", JUNE.period, 2), until, LONDON)
    assert not was_complete(Slot("month", JUNE.period, 3), until, LONDON)


NUMBERS = st.one_of(st.integers(-5, 5), st.decimals(-9, 9, places=2), st.floats(-9, 9))
VALUES = st.dictionaries(
    st.sampled_from([Slot("day", date(2011, 1, n)) for n in range(1, 6)]), NUMBERS
)


@given(VALUES, VALUES)
def test_what_is_compared_is_complete_and_mirrored(
    before: dict[Slot, float], after: dict[Slot, float]
) -> None:
    changes = compare_values(before, after)
    assert compare_values(before, before) == ()
    assert [(c.slot, c.after, c.before) for c in compare_values(after, before)] == [
        (c.slot, c.before, c.after) for c in changes
    ]
    changed = {change.slot for change in changes}
    for slot in {*before, *after} - changed:
        assert same_number(before[slot], after[slot])
