"""The published values of a metric: what one state says, and where two states differ.

A metric's node is built, and its rows are its history: `(grain, period, step, value)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from headwater.clock import Grain, local_midnight
from headwater.engines.protocol import InputRelation, Session
from headwater.lake import Lake
from headwater.plan.state import State, schema_digest
from headwater.semantics.asking import Number
from headwater.semantics.calendar import step_from

_SHOWN = "__headwater_history"

#: Below this share of the larger of the two, floats are the same number.
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """What one published value is of: a period, and of a cohort also the step."""

    grain: Grain
    period: date  # its first day
    step: int | None = None


#: All published values of a metric in one release.
Values = Mapping[Slot, Number]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueChange:
    """One published value before and after; None where there is none."""

    slot: Slot
    before: Number | None
    after: Number | None

    @property
    def difference(self) -> Fraction:
        """After minus before, exactly as the numbers are kept; no value counts as nothing."""
        return exact(self.after) - exact(self.before)


def exact(value: Number | None) -> Fraction:
    """A number without rounding.

    >>> from decimal import Decimal
    >>> exact(Decimal("0.10")), exact(None)
    (Fraction(1, 10), Fraction(0, 1))
    """
    return Fraction(0) if value is None else Fraction(value)


def same_number(one: Number | None, other: Number | None) -> bool:
    """Whether two values are the same; floats are compared to 1e-9 of the larger one.

    >>> from decimal import Decimal
    >>> same_number(0.1 + 0.2, 0.3), same_number(Decimal("1.00"), Decimal("1.01"))
    (True, False)
    """
    if one is None or other is None:
        return one is other
    if one == other:
        return True
    if not (isinstance(one, float) or isinstance(other, float)):
        return False
    return abs(float(one) - float(other)) <= TOLERANCE * max(abs(float(one)), abs(float(other)))


def compare_values(before: Values, after: Values) -> tuple[ValueChange, ...]:
    """Every value that differs, by grain and period."""
    return tuple(
        ValueChange(slot=slot, before=before.get(slot), after=after.get(slot))
        for slot in sorted({*before, *after}, key=_order)
        if not same_number(before.get(slot), after.get(slot))
    )


def _order(slot: Slot) -> tuple[str, date, int]:
    return slot.grain, slot.period, -1 if slot.step is None else slot.step


def read_values(state: State | None, lake: Lake, session: Session) -> dict[Slot, Number]:
    """What a state of a metric publishes; periods without a value are left out."""
    files = () if state is None else state.part("rows")
    if state is None or not files:
        return {}
    names = [name for name, _ in state.schema]
    step = "step" if "step" in names else "NULL"
    schema = schema_digest(state.schema)
    session.bind_inputs(
        [
            InputRelation(
                name=_SHOWN,
                schema=state.schema,
                files=tuple(lake.absolute(file.path) for file in files),
                uniform=all(file.schema == schema for file in files),
            )
        ]
    )
    rows = session.fetch(f"SELECT grain, period, {step}, value FROM {_SHOWN} WHERE value NOTNULL")
    return {Slot(grain, period, at): value for grain, period, at, value in rows}


def was_complete(slot: Slot, data_until: datetime, zone: ZoneInfo) -> bool:
    """Whether a period had ended where the data ended.

    The step of a cohort is so many periods after its own.
    """
    end = step_from(slot.period, slot.grain)
    for _ in range(slot.step or 0):
        end = step_from(end, slot.grain)
    return local_midnight(end, zone) <= data_until
