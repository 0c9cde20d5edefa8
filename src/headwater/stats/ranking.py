"""How well scores put positive rows before negative ones: AUC, average precision, lift.

Labels are booleans, scores any finite numbers, more is likelier; equal scores count half. All is
O(n log n) over groups of equal scores. A figure of one class alone is unknown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headwater.stats.intervals import (
    UNKNOWN,
    Clusters,
    Estimate,
    Floats,
    Labels,
    Z,
    share,
    share_of,
    spread,
    total_by,
)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Rows by rising score, those of equal score together."""

    labels: Labels
    group: NDArray[np.intp]  # of each row
    scores: Floats  # of each group
    positives: Floats  # counts, of each group
    negatives: Floats

    @property
    def counts(self) -> tuple[int, int]:
        """How many rows are positive, and how many negative."""
        return int(self.positives.sum()), int(self.negatives.sum())

    @property
    def places(self) -> Floats:
        """Where each group lies among the rows, from 0 to 1: its middle."""
        size = self.positives + self.negatives
        found: Floats = (np.cumsum(size) - size / 2) / max(1, len(self.labels))
        return found


def rank(labels: Labels, scores: Floats) -> Ranking:
    """Order rows; ValueError where lengths differ or a score is no finite number."""
    labels, scores = np.asarray(labels, dtype=np.bool_), np.asarray(scores, dtype=np.float64)
    if labels.shape != scores.shape or labels.ndim != 1:
        msg = f"{labels.shape} labels and {scores.shape} scores"
        raise ValueError(msg)
    if not np.isfinite(scores).all():
        msg = "a score is not a finite number"
        raise ValueError(msg)
    distinct, group = np.unique(scores, return_inverse=True)
    positives = total_by(group, labels.astype(np.float64))
    negatives = total_by(group, (~labels).astype(np.float64))
    return Ranking(labels, group, distinct, positives, negatives)


def auc(ranking: Ranking, clusters: Clusters = None) -> Estimate:
    """The chance that a positive row's score exceeds a negative one's.

    With DeLong's variance (DeLong, DeLong & Clarke-Pearson 1988, computed as by Sun & Xu 2014; with
    clusters Obuchowski's of 1997), and an interval that is normal for the logit.

    >>> ranking = rank(np.array([False, True, False, True]), np.array([0.1, 0.4, 0.35, 0.8]))
    >>> auc(ranking).value
    1.0
    """
    positives, negatives = ranking.counts
    if not positives or not negatives:
        return UNKNOWN
    value, influence = _auc(ranking)
    if min(positives, negatives) < 2:
        return Estimate(value)
    return _interval(ranking, value, influence, clusters)


def auc_difference(first: Ranking, second: Ranking, clusters: Clusters = None) -> Estimate:
    """By how much the first AUC exceeds the second, both on the same rows in the same order.

    The interval is normal, from DeLong's variance of the paired difference.
    """
    if not np.array_equal(first.labels, second.labels):
        msg = "the rankings are not of the same rows"
        raise ValueError(msg)
    if min(first.counts) < 2:
        return UNKNOWN
    (one, moves), (other, others) = _auc(first), _auc(second)
    reach = Z * spread(moves - others, clusters)
    return Estimate(one - other, max(-1.0, one - other - reach), min(1.0, one - other + reach))


def average_precision(ranking: Ranking, clusters: Clusters = None) -> Estimate:
    """The mean over positive rows of the share of positives among rows that score as high.

    The interval is normal for the logit (Boyd, Eng & Page 2013); its variance is what a bootstrap
    tends to, in closed form: how much the figure moves with the weight of each row (the
    infinitesimal jackknife, Efron 1982). So a million rows cost one sort.
    """
    positives, negatives = ranking.counts
    if not positives or not negatives:
        return Estimate(1.0) if positives else UNKNOWN
    won, lost = ranking.positives[::-1], ranking.negatives[::-1]  # from the highest score
    hits, misses = np.cumsum(won), np.cumsum(lost)
    size = hits + misses
    precision = hits / size
    value = float(won @ precision) / positives
    if min(positives, negatives) < 2:
        return Estimate(value)
    of_positive = precision - value + _from_here(won * misses / size**2)
    of_negative = -_from_here(won * hits / size**2)
    influence = _by_row(ranking, of_positive[::-1], of_negative[::-1]) / positives
    return _interval(ranking, value, influence, clusters)


def top_lift(ranking: Ranking, clusters: Clusters = None, *, part: float = 0.1) -> Estimate:
    """How many times as often rows of the top part are positive as all rows are.

    A group of equal scores at the border counts in proportion. The interval joins Wilson's for the
    share of positives in the part and in the rest (the method of variance estimates recovery, Zou
    & Donner 2008), with as many trials as the rows of clusters are worth.
    """
    positives, negatives = ranking.counts
    rows = positives + negatives
    if not positives:
        return UNKNOWN
    size = ranking.positives + ranking.negatives
    seen = np.cumsum(size[::-1])[::-1]  # rows that score as high
    inside = (np.clip(part * rows - (seen - size), 0, size) / size)[ranking.group]
    top, top_low, top_high = share_of(ranking.labels, inside, clusters)
    rest, rest_low, rest_high = share_of(ranking.labels, 1 - inside, clusters)

    def lift(of_top: float, of_rest: float) -> float:
        base = part * of_top + (1 - part) * of_rest
        return of_top / base if base else 0.0

    value = lift(top, rest)
    below = math.hypot(value - lift(top_low, rest), value - lift(top, rest_high))
    above = math.hypot(lift(top_high, rest) - value, lift(top, rest_low) - value)
    return Estimate(value, max(0.0, value - below), min(1 / part, value + above))


def _auc(ranking: Ranking) -> tuple[float, Floats]:
    """The area, and the influence of each row on it (zero for a class of one row)."""
    won, lost = ranking.positives, ranking.negatives
    positives, negatives = ranking.counts
    beaten = (np.cumsum(lost) - lost / 2) / negatives  # the negatives that a positive exceeds
    exceeding = 1 - (np.cumsum(won) - won / 2) / positives
    value = float(won @ beaten) / positives
    influence = _by_row(
        ranking,
        (beaten - value) / math.sqrt(positives * max(1, positives - 1)),
        (exceeding - value) / math.sqrt(negatives * max(1, negatives - 1)),
    )
    return value, influence


def _by_row(ranking: Ranking, of_positive: Floats, of_negative: Floats) -> Floats:
    group = ranking.group
    found: Floats = np.where(ranking.labels, of_positive[group], of_negative[group])
    return found


def _from_here(values: Floats) -> Floats:
    """The sum of each value and all after it."""
    return np.cumsum(values[::-1])[::-1]


def _interval(ranking: Ranking, value: float, influence: Floats, clusters: Clusters) -> Estimate:
    """Of a share; where it is 0 or 1, by how many independent pairs of two classes there are."""
    pairs, labels = min(ranking.counts), ranking.labels
    if clusters is not None and value in {0.0, 1.0}:
        pairs = min(len(np.unique(clusters[labels])), len(np.unique(clusters[~labels])))
    return share(value, spread(influence, clusters), pairs=pairs)
