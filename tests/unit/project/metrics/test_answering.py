"""What is said of two compared periods beside their numbers."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from headwater.clock import Grain
from headwater.project.metrics.answering import is_restated
from headwater.project.metrics.restating import Restatement, counted, listed
from headwater.project.metrics.values import Slot, ValueChange
from headwater.semantics.periods import Period

NOVEMBER = Period(first=date(2010, 11, 1), last=date(2010, 11, 30))


def restated(*slots: tuple[Grain, date]) -> Restatement:
    changes = tuple(ValueChange(slot=Slot(*slot), before=1, after=2) for slot in slots)
    return Restatement(
        metric="revenue", cause="late arrivals", counts=counted(changes), changes=listed(changes)
    )


@pytest.mark.parametrize(
    ("slots", "says"),
    [
        ([("day", date(2010, 11, 3)), ("month", date(2010, 11, 1))], True),
        ([("month", date(2010, 11, 1))], True),
        ([("day", date(2010, 12, 5)), ("quarter", date(2010, 10, 1))], False),
        ([("quarter", date(2010, 10, 1)), ("year", date(2010, 1, 1))], False),
        ([("week", date(2010, 11, 29))], False),
    ],
)
def test_longer_periods_around_a_span_say_nothing_of_it(
    slots: list[tuple[Grain, date]], says: bool
) -> None:
    assert is_restated(restated(*slots), NOVEMBER) == says


def test_the_shortest_periods_that_are_all_listed_speak() -> None:
    days = [date(2010, 8, 1) + timedelta(days=n) for n in range(100)]
    weeks = [date(2010, 7, 26) + timedelta(weeks=n) for n in range(15)]
    many = restated(*(("day", day) for day in days), *(("week", day) for day in weeks))
    assert is_restated(many, Period(first=date(2010, 11, 1), last=date(2010, 11, 2)))
    assert not is_restated(many, Period(first=date(2010, 12, 1), last=date(2010, 12, 2)))
