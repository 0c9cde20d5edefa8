"""Numbers without rounding: contributions are fractions, so that they add up to the change."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Context, Decimal
from fractions import Fraction

from headwater.semantics.asking import Number

#: Digits of what needs logarithms; money has at most 38.
_DIGITS = Context(prec=60)


def exact(value: Number | None) -> Fraction | None:
    """The number as it is; None for no value, for NaN and for infinities.

    >>> exact(0.5), exact(Decimal("0.1")), exact(float("nan"))
    (Fraction(1, 2), Fraction(1, 10), None)
    """
    if value is None or not math.isfinite(value):
        return None
    return Fraction(value)


def total(values: Iterable[Fraction]) -> Fraction:
    """A sum of many fractions, of a common denominator where there is one.

    Adding pairwise keeps the denominators of partial sums small.
    """
    parts = list(values)
    while len(parts) > 1:
        odd = parts[-1:] if len(parts) % 2 else []
        parts = [a + b for a, b in zip(parts[::2], parts[1::2], strict=False)] + odd
    return parts[0] if parts else Fraction(0)


def log_mean(a: Fraction, b: Fraction) -> Fraction:
    """The logarithmic mean of two numbers above zero: `(a − b) / ln(a / b)`, `a` where equal.

    >>> round(float(log_mean(Fraction(1), Fraction(2))), 6)
    1.442695
    """
    if a == b:
        return a
    ratio = _DIGITS.divide(_decimal(a), _decimal(b))
    logarithm = _DIGITS.ln(ratio)
    # Two numbers that agree in 50 digits have a mean that agrees in 50 digits with either.
    return a if logarithm == 0 else (a - b) / Fraction(logarithm)


def _decimal(number: Fraction) -> Decimal:
    return _DIGITS.divide(Decimal(number.numerator), Decimal(number.denominator))


Share = Fraction | None


def share_of(part: Fraction, whole: Fraction) -> Share:
    """`part / whole`; None of nothing."""
    return part / whole if whole else None
