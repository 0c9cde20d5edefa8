"""Restatements as values and as notes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from headwater.clock import Grain
from headwater.project.metrics.restating import (
    LISTED,
    Restatement,
    decode,
    encode,
    listed,
)
from headwater.project.metrics.values import Slot, ValueChange

AT = datetime(2011, 12, 10, 7, tzinfo=UTC)


def change(grain: Grain, number: int, step: int | None = None) -> ValueChange:
    period = date(2000 + number // 12, number % 12 + 1, 1)
    return ValueChange(
        slot=Slot(grain, period, step), before=Decimal("644174.79"), after=Decimal("590580.430")
    )


def test_a_note_brings_it_back_digit_for_digit() -> None:
    every = Restatement(
        metric="revenue",
        cause="upstream logic",
        detail="source.invoices",
        counts={"month": 2, "year": 1},
        changes=(
            change("month", 1),
            ValueChange(slot=Slot("month", date(2011, 1, 1), 3), before=0.25, after=None),
            ValueChange(slot=Slot("year", date(2011, 1, 1)), before=45331, after=45336),
        ),
        at=AT,
        author="ann",
    )
    note = encode(every)
    assert note.text == "2 months, 1 year: upstream logic (source.invoices)"
    assert decode(note) == every
    kept = decode(note).changes[0].after
    assert str(kept) == "590580.430"


def test_the_grain_that_speaks() -> None:
    assert (
        Restatement(metric="m", cause="definition", counts={"day": 9, "month": 2}).grain == "month"
    )
    assert Restatement(metric="m", cause="definition", counts={"day": 9, "week": 1}).periods == 1
    assert Restatement(metric="m", cause="definition").grain is None


def test_a_note_holds_some_periods_of_each_grain() -> None:
    changes = [change("day", n) for n in range(500)] + [change("month", n) for n in range(3)]
    kept = listed(changes)
    assert [c.slot.grain for c in kept] == ["day"] * LISTED + ["month"] * 3
