"""Estimates with intervals of 95 % confidence.

Rows of one subject at several moments say less than as many rows of different subjects. So an
estimate comes with the *influence* of each row, by how much it moves the estimate; influences are
added up by cluster (the subject) before they are squared. With one row a cluster that is the usual
variance.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
#: For each row the number of its cluster, from 0; None where every row is one of its own.
Clusters = NDArray[np.integer] | None

COVERAGE = 0.95
Z = NormalDist().inv_cdf((1 + COVERAGE) / 2)


class Estimate(NamedTuple):
    """A value with its interval; None is what cannot be told."""

    value: float | None
    low: float | None = None
    high: float | None = None


UNKNOWN = Estimate(None)


def total_by(group: NDArray[np.integer], values: Floats, least: int = 0) -> Floats:
    """The sums of the values of each group, at least of so many groups."""
    return np.bincount(group, weights=values, minlength=least).astype(np.float64)


def spread(influence: Floats, clusters: Clusters) -> float:
    """The standard error of the estimate that rows influence so."""
    if clusters is not None:
        influence = total_by(clusters, influence)
    return math.sqrt(float(influence @ influence))


def mean(values: Floats, clusters: Clusters = None, *, least: float = -math.inf) -> Estimate:
    """The mean of values, none of which can be below `least`, with the normal interval.

    >>> low, high = mean(np.array([1.0, 2.0, 3.0, 4.0]))[1:]
    >>> round(low, 3), round(high, 3)
    (1.235, 3.765)
    """
    count = len(values)
    if not count:
        return UNKNOWN
    found = float(values.mean())
    if count == 1:
        return Estimate(found)
    error = spread((values - found) / math.sqrt(count * (count - 1)), clusters)
    return Estimate(found, max(least, found - Z * error), found + Z * error)


def share(value: float, error: float, *, pairs: int) -> Estimate:
    """A share between 0 and 1, with the interval that is normal for its logit: it stays inside.

    A share of 0 or 1 has no spread of its own: then the bound is the share under which `pairs`
    independent trials come out all alike in 5 % of cases (Clopper & Pearson 1934, one side of it
    at 2.5 %).
    """
    if not 0 < value < 1:
        bound = ((1 - COVERAGE) / 2) ** (1 / pairs)
        return Estimate(1.0, bound, 1.0) if value >= 1 else Estimate(0.0, 0.0, 1 - bound)
    middle = math.log(value / (1 - value))
    reach = Z * error / (value * (1 - value))
    return Estimate(value, _logistic(middle - reach), _logistic(middle + reach))


def wilson(hits: float, trials: float) -> Estimate:
    """A share of independent trials (Wilson 1927); `hits` may be a fraction, as ties make it.

    >>> [round(bound, 4) for bound in wilson(8, 10)]
    [0.8, 0.4902, 0.9433]
    """
    if trials <= 0:
        return UNKNOWN
    rate = hits / trials
    square = Z * Z / trials
    middle = (rate + square / 2) / (1 + square)
    reach = Z / (1 + square) * math.sqrt(rate * (1 - rate) / trials + square / (4 * trials))
    return Estimate(rate, max(0.0, middle - reach), min(1.0, middle + reach))


def share_of(
    labels: Labels, weights: Floats, clusters: Clusters = None
) -> tuple[float, float, float]:
    """The share of positives among rows with weights from 0 to 1, and Wilson's bounds.

    Rows of clusters count as as many trials as they are worth (the design effect, Kish 1965).
    Without rows nothing is known: from 0 to 1.
    """
    total = float(weights.sum())
    if total <= 0:
        return 0.5, 0.0, 1.0
    rate = float(weights @ labels) / total
    apart = weights * (labels - rate)
    alone, together = spread(apart, None), spread(apart, clusters)
    trials = total * min(1.0, (alone / together) ** 2) if together else total
    _, low, high = wilson(rate * trials, trials)
    return rate, low or 0.0, 1.0 if high is None else high


def difference_of_shares(first: Estimate, second: Estimate) -> Estimate:
    """First less second, of independent trials (Newcombe 1998, method 10).

    >>> [round(bound, 4) for bound in difference_of_shares(wilson(56, 70), wilson(48, 80))]
    [0.2, 0.0524, 0.3339]
    """
    if None in first or None in second:
        return UNKNOWN
    a, a_low, a_high = (float(bound or 0) for bound in first)
    b, b_low, b_high = (float(bound or 0) for bound in second)
    found = a - b
    return Estimate(
        found, found - math.hypot(a - a_low, b_high - b), found + math.hypot(a_high - a, b - b_low)
    )


def _logistic(logit: float) -> float:
    if logit < -700:
        return 0.0
    return 1 / (1 + math.exp(-logit))
