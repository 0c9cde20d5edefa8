"""Numbers → pixels, with ticks at nice numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

MOST_TICKS: Final = 4
_DECIMAL: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
#: Seconds by which people count time.
_DURATIONS: Final = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
)  # fmt: skip
_DAY_S: Final = 86_400
#: A line whose lowest value is above this share of its highest would be flat from zero on.
_CUT_ABOVE: Final = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A linear scale from `low`..`high` to `start`..`start + length`, in pixels."""

    low: float
    high: float
    start: float
    length: float
    ticks: tuple[float, ...]
    is_cut: bool = False  # it does not begin at zero

    def at(self, value: float) -> float:
        """Where a value stands; values outside stand at the edge.

        Halved before it is subtracted, so that the greatest numbers do not overflow.
        """
        span = self.high / 2 - self.low / 2
        share = (value / 2 - self.low / 2) / span
        return self.start + self.length * min(1.0, max(0.0, share))


def scale_of(
    values: Iterable[float],
    start: float,
    length: float,
    *,
    may_cut: bool = False,
    is_duration: bool = False,
) -> Scale:
    """A scale that holds all values and zero; with `may_cut`, not zero if that is far away."""
    found = list(values)
    low, high = min(found, default=0.0), max(found, default=0.0)
    is_cut = may_cut and _is_far_from_zero(low, high)
    if is_cut:
        room = (high - low) * 0.12
        low, high = low - room, high + room
    else:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        high = 1.0
    step = _step(low, high, is_duration)
    if is_cut:
        low = math.floor(low / step) * step
        step = _step(low, high, is_duration)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = tuple(float(f"{position * step:.12g}") for position in range(first, last + 1))
    return Scale(low=low, high=high, start=start, length=length, ticks=ticks, is_cut=is_cut)


def _is_far_from_zero(low: float, high: float) -> bool:
    if low == high:
        return False
    if high < 0:
        low, high = -high, -low
    return low > 0 and low / high > _CUT_ABOVE


def _step(low: float, high: float, is_duration: bool) -> float:
    """The smallest nice step with at most four multiples in between."""
    span = high / 2 - low / 2  # halves: the difference of the greatest numbers overflows
    if is_duration and 0.5 < span < 2 * _DAY_S:
        for step in _DURATIONS:
            if _count(low, high, step) <= MOST_TICKS:
                return step
    power = 10.0 ** math.floor(math.log10(span) - 1)
    while True:
        for factor in _DECIMAL:
            if _count(low, high, factor * power) <= MOST_TICKS:
                return factor * power
        power *= 10


def _count(low: float, high: float, step: float) -> float:
    return math.floor(high / step + 1e-9) - math.ceil(low / step - 1e-9) + 1
