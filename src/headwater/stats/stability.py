"""How far a distribution moved from another: the population stability index (PSI).

PSI = Σ (actual − expected) · ln(actual / expected) over bins: zero where both are equal, greater
the further they are apart, the same from both sides. How its size is read comes from Siddiqi,
Credit Risk Scorecards (2006): below 0.1 nothing moved, above 0.25 much did; 0.2 warns before that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Final

#: An empty bin has no logarithm. It counts as half a row (Haldane 1956, Anscombe 1956, for odds),
#: and as this share at least, as Evidently has it (`get_binned_data`, `feel_zeroes`), so that a
#: single new value among millions moves the index little.
_LEAST_SHARE: Final = 1e-4
_LEAST_ROWS: Final = 0.5
WARNING: Final = 0.2
ALARM: Final = 0.25


def stability_index(
    expected: Sequence[float], actual: Sequence[float], expected_rows: int = 0, actual_rows: int = 0
) -> float:
    """PSI of shares of the same bins; rows 0: not known, taken as many.

    >>> stability_index([0.5, 0.5], [0.5, 0.5]), round(stability_index([0.5, 0.5], [0.8, 0.2]), 4)
    (0.0, 0.4159)
    """
    low, least = _least(expected_rows), _least(actual_rows)
    pairs = zip(expected, actual, strict=True)
    return math.fsum(
        (now - then) * math.log(now / then)
        for then, now in ((max(e, low), max(a, least)) for e, a in pairs)
    )


def _least(rows: int) -> float:
    return max(_LEAST_SHARE, _LEAST_ROWS / rows) if rows else _LEAST_SHARE


def chance(bins: int, expected_rows: int, actual_rows: int) -> float:
    """What PSI stays below in 95 of 100 comparisons of so many rows where nothing moved.

    It is about (1/N + 1/M) · χ² with bins − 1 degrees of freedom (Yurdakul and Naranjo, Statistical
    properties of the population stability index, 2020); its quantile by Wilson and Hilferty.
    `expected_rows` 0: not known, taken as many.

    >>> round(chance(10, 1_000_000, 100), 3), round(chance(10, 1_000_000, 100_000), 5)
    (0.169, 0.00019)
    """
    degrees = bins - 1
    if degrees < 1 or not actual_rows:
        return 0.0
    part = 2 / (9 * degrees)
    quantile = degrees * (1 - part + NormalDist().inv_cdf(0.95) * math.sqrt(part)) ** 3
    return quantile * (1 / actual_rows + (1 / expected_rows if expected_rows else 0.0))
