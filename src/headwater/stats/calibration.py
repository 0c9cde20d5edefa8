"""How near scores are to the chance that they claim: log loss, Brier score, calibration error.

Scores are between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headwater.stats.intervals import (
    COVERAGE,
    UNKNOWN,
    Clusters,
    Estimate,
    Floats,
    Labels,
    mean,
    total_by,
)
from headwater.stats.ranking import Ranking

TENTHS = 10
_DRAWS = 4_000
_HALVINGS = 20


def log_losses(labels: Labels, scores: Floats) -> Floats:
    """Minus the log of the chance that was given to what came; never above 36, as scikit-learn."""
    tiny = np.finfo(np.float64).eps
    found: Floats = -np.log(np.clip(np.where(labels, scores, 1 - scores), tiny, 1 - tiny))
    return found


def log_loss(labels: Labels, scores: Floats, clusters: Clusters = None) -> Estimate:
    """The mean of the log losses."""
    return mean(log_losses(labels, scores), clusters, least=0.0)


def brier(labels: Labels, scores: Floats, clusters: Clusters = None) -> Estimate:
    """The mean square of score less label (Brier 1950)."""
    return mean((scores - labels) ** 2, clusters, least=0.0)


@dataclass(frozen=True, slots=True)
class Tenths:
    """Rows by rising score in ten parts of equal count; equal scores stay together.

    So a tenth may be larger than another, or missing. One entry a tenth in each array.
    """

    number: NDArray[np.intp]  # 1 … 10
    of_row: NDArray[np.intp]  # position among the tenths that there are
    rows: Floats
    low: Floats
    high: Floats
    predicted: Floats  # mean score
    observed: Floats  # share of positives


def tenths(ranking: Ranking) -> Tenths:
    """Divide rows."""
    of_group = np.minimum(TENTHS - 1, (ranking.places * TENTHS).astype(np.intp))
    number, position = np.unique(of_group, return_inverse=True)
    size = ranking.positives + ranking.negatives
    rows = total_by(position, size)
    first = np.searchsorted(position, np.arange(len(number)))
    last = np.searchsorted(position, np.arange(len(number)), side="right") - 1
    return Tenths(
        number=number + 1,
        of_row=position[ranking.group],
        rows=rows,
        low=ranking.scores[first],
        high=ranking.scores[last],
        predicted=total_by(position, size * ranking.scores) / rows,
        observed=total_by(position, ranking.positives) / rows,
    )


def calibration_error(ranking: Ranking, clusters: Clusters = None, *, seed: int = 0) -> Estimate:
    """The expected calibration error: how far tenths' mean scores lie from what came, on average.

    Chance alone moves it upwards: of scores that are exactly right it is above zero. The interval
    knows: it holds those errors, in the measured direction, under which the measured one is neither
    among the lowest nor the highest 2.5 %, as the tenths' gaps are jointly normal.
    """
    if not len(ranking.labels):
        return UNKNOWN
    parts = tenths(ranking)
    gaps = parts.rows * (parts.predicted - parts.observed) / parts.rows.sum()
    value = float(np.abs(gaps).sum())
    noise = np.random.default_rng(seed).multivariate_normal(
        np.zeros(len(gaps)), _covariance(ranking, parts, clusters), size=_DRAWS, method="eigh"
    )
    ray = gaps / value if value else np.full(len(gaps), 1 / len(gaps))

    def quantile(error: float, tail: float) -> float:
        return float(np.quantile(np.abs(error * ray + noise).sum(axis=1), tail))

    tail = (1 - COVERAGE) / 2
    most = value + quantile(0.0, 1 - tail)
    return Estimate(
        value,
        _root(lambda error: quantile(error, 1 - tail) - value, value),
        max(value, _root(lambda error: quantile(error, tail) - value, most)),
    )


def _covariance(ranking: Ranking, parts: Tenths, clusters: Clusters) -> Floats:
    """Of the tenths' gaps, each weighted by its share of the rows."""
    width, total = len(parts.rows), len(ranking.labels)
    misses = ranking.scores[ranking.group] - ranking.labels
    rest = (misses - (parts.predicted - parts.observed)[parts.of_row]) / total
    if clusters is None:
        return np.diag(total_by(parts.of_row, rest**2))
    count = width * (int(clusters.max()) + 1)
    cells = total_by(clusters * width + parts.of_row, rest, count).reshape(-1, width)
    return cells.T @ cells


def _root(rising: Callable[[float], float], most: float) -> float:
    """Where a function that never falls crosses zero, from 0 (also where it is above) to `most`."""
    low, high = 0.0, most
    if rising(low) >= 0:
        return 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
