"""Quantiles of Student's distribution, without a library."""

from __future__ import annotations

import math
from statistics import NormalDist

_MOST_STEPS = 200
_EXACT = 1e-14


def student_quantile(probability: float, degrees: float) -> float:
    """Of Student's t with any positive degrees of freedom, by Newton's method.

    The tail is convex, so that steps from the normal quantile, which is less, never go too far.

    >>> round(student_quantile(0.975, 10), 4), round(student_quantile(0.995, 4.4), 3)
    (2.2281, 4.33)
    """
    if probability == 0.5:
        return 0.0
    if probability < 0.5:
        return -student_quantile(1 - probability, degrees)
    found = NormalDist().inv_cdf(probability)
    for _ in range(_MOST_STEPS):
        more = student_tail(found, degrees) - (1 - probability)
        step = more / _density(found, degrees)
        found += step
        if abs(step) <= _EXACT * found:
            break
    return found


def _density(t: float, degrees: float) -> float:
    scale = math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)
    spread = math.log1p(t * t / degrees) * (degrees + 1) / 2
    return math.exp(scale - spread) / math.sqrt(degrees * math.pi)


def student_tail(t: float, degrees: float) -> float:
    """P(T > t) for t ≥ 0: half the incomplete beta function at `df / (df + t²)`."""
    return 0.5 * _beta(degrees / 2, 0.5, degrees / (degrees + t * t))


def _beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function (Press et al., Numerical Recipes, 6.4)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(log_front + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _continued(a, b, x) / a
    return 1 - front * _continued(b, a, 1 - x) / b


def _continued(a: float, b: float, x: float) -> float:
    """The continued fraction of `_beta`, by Lentz's method."""
    tiny = 1e-300
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    found = d
    for m in range(1, 300):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        change = 1.0
        for term in (even, odd):
            d = 1 + term * d
            d = 1 / (d if abs(d) > tiny else tiny)
            c = 1 + term / c
            c = c if abs(c) > tiny else tiny
            change = c * d
            found *= change
        if abs(change - 1) < 1e-14:
            break
    return found
