"""The operators of the standard (`mustBe`, `mustBeLessThan`, …) over one number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Operator(StrEnum):
    """How a value must lie to its bounds; `mustBeBetween` includes both of them."""

    BE = "mustBe"
    NOT_BE = "mustNotBe"
    GREATER = "mustBeGreaterThan"
    GREATER_OR_EQUAL = "mustBeGreaterOrEqualTo"
    LESS = "mustBeLessThan"
    LESS_OR_EQUAL = "mustBeLessOrEqualTo"
    BETWEEN = "mustBeBetween"
    NOT_BETWEEN = "mustNotBeBetween"


#: The operators that take two bounds.
RANGED: Final = frozenset({Operator.BETWEEN, Operator.NOT_BETWEEN})

_SIGNS: Final = {
    Operator.BE: "=",
    Operator.NOT_BE: "≠",
    Operator.GREATER: ">",
    Operator.GREATER_OR_EQUAL: "≥",
    Operator.LESS: "<",
    Operator.LESS_OR_EQUAL: "≤",
}


@dataclass(frozen=True, slots=True)
class _Span:
    """A span of numbers; a bound is inside where its flag says so."""

    low: float = -math.inf
    high: float = math.inf
    with_low: bool = False
    with_high: bool = False

    def within(self, other: _Span) -> bool:
        low = self.low > other.low or (
            self.low == other.low and (other.with_low or not self.with_low)
        )
        high = self.high < other.high or (
            self.high == other.high and (other.with_high or not self.with_high)
        )
        return low and high


@dataclass(frozen=True, slots=True)
class Threshold:
    """An operator and its one or two bounds.

    >>> limit = Threshold(Operator.GREATER, (100.0,))
    >>> limit.holds(12), str(limit), limit.explain(12)
    (False, '> 100', '12 < 100')
    """

    operator: Operator
    bounds: tuple[float, ...]

    def holds(self, value: float) -> bool:
        """Whether the value is allowed."""
        return any(
            (span.low < value or (span.with_low and span.low == value))
            and (value < span.high or (span.with_high and span.high == value))
            for span in self._spans()
        )

    def implies(self, other: Threshold) -> bool:
        """Whether every value allowed here is allowed there too."""
        return all(any(own.within(span) for span in other._spans()) for own in self._spans())

    def _spans(self) -> tuple[_Span, ...]:
        low, high = self.bounds[0], self.bounds[-1]
        match self.operator:
            case Operator.BE:
                return (_Span(low, low, True, True),)
            case Operator.BETWEEN:
                return (_Span(low, high, True, True),)
            case Operator.GREATER:
                return (_Span(low=low),)
            case Operator.GREATER_OR_EQUAL:
                return (_Span(low=low, with_low=True),)
            case Operator.LESS:
                return (_Span(high=high),)
            case Operator.LESS_OR_EQUAL:
                return (_Span(high=high, with_high=True),)
            case Operator.NOT_BE | Operator.NOT_BETWEEN:
                return (_Span(high=low), _Span(low=high))

    def explain(self, value: float) -> str:
        """How a value lies to the bound that matters: `12 < 100`."""
        nearest = min(self.bounds, key=lambda bound: abs(bound - value))
        if self.operator in RANGED and self.bounds[0] < value < self.bounds[-1]:
            return f"{self.bounds[0]:,g} < {_text(value)} < {self.bounds[-1]:,g}"
        sign = "<" if value < nearest else ">" if value > nearest else "="
        return f"{_text(value)} {sign} {_text(nearest)}"

    def __str__(self) -> str:
        if self.operator in RANGED:
            word = "between" if self.operator is Operator.BETWEEN else "not between"
            return f"{word} {_text(self.bounds[0])} and {_text(self.bounds[1])}"
        return f"{_SIGNS[self.operator]} {_text(self.bounds[0])}"


def _text(value: float) -> str:
    whole = int(value) if math.isfinite(value) else None
    return f"{whole:,}" if whole is not None and whole == value else f"{value:,.4g}"
