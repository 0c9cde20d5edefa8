"""What a campaign brings that contacts those who score highest.

One contact costs `cost`. Of those contacted who are positive a share `response` is won by it, and
one that is won gains `gain`. So contacting n rows of which k are positive brings an incremental
gain of `response × gain × k` for `cost × n`; the *profit* is their difference, and the return on
investment is `(incremental gain − cost) / cost`.

The threshold is chosen on one part of the rows and measured on another: measured on the rows that
it was chosen on, it would promise too much.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from headwater.learning.evaluation import ranked_of
from headwater.learning.model import Profit
from headwater.learning.report import Campaign
from headwater.stats.intervals import Clusters, Floats, Labels, mean

#: Points of the curve between contacting nobody and everybody.
_STEPS: Final = 20


def best_threshold(profit: Profit, labels: Labels, scores: Floats) -> float | None:
    """The score from which on contacting brings most; None where no threshold brings anything.

    Of several that bring as much it is the highest, that contacts fewest. Without rows it is the
    score at which a contact pays for itself.

    >>> best_threshold(
    ...     Profit(cost=2, gain=40, response=0.1),
    ...     np.array([True, True, False, True, False]), np.array([0.9, 0.8, 0.7, 0.6, 0.1]))
    0.8
    """
    worth = profit.response * profit.gain
    if not len(scores):
        return profit.cost / worth if profit.cost < worth else None
    ranked = ranked_of(labels, scores)
    won, lost = ranked.positives[::-1], ranked.negatives[::-1]
    brought = worth * np.cumsum(won) - profit.cost * np.cumsum(won + lost)
    best = int(np.argmax(brought > brought.max() * (1 - 1e-12)))
    return float(ranked.scores[::-1][best]) if brought[best] > 0 else None


def campaign_of(
    profit: Profit,
    threshold: float | None,
    labels: Labels,
    scores: Floats,
    entities: Clusters = None,
) -> Campaign:
    """What contacting all rows that reach a threshold brings, with the interval of the profit."""
    contacted = np.zeros(len(scores), np.bool_) if threshold is None else scores >= threshold
    worth = profit.response * profit.gain
    brought = contacted * (worth * labels - profit.cost)
    rows, cost = len(scores), float(profit.cost * contacted.sum())
    value, low, high = (None if each is None else each * rows for each in mean(brought, entities))
    return Campaign(
        threshold=threshold,
        contacted=int(contacted.sum()),
        profit=value or 0.0,
        profit_low=low,
        profit_high=high,
        cost=cost,
        roi=(value or 0.0) / cost if cost else None,
        curve=_curve(profit, labels, scores),
    )


def _curve(profit: Profit, labels: Labels, scores: Floats) -> tuple[tuple[float, float], ...]:
    """Share of the rows contacted, the highest scores first → profit; ties in proportion."""
    if not len(scores):
        return ()
    ranked = ranked_of(labels, scores)
    won, size = ranked.positives[::-1], (ranked.positives + ranked.negatives)[::-1]
    seen = np.concatenate([[0.0], np.cumsum(size)])
    hits = np.concatenate([[0.0], np.cumsum(won)])
    shares = np.arange(_STEPS + 1) / _STEPS
    worth = profit.response * profit.gain
    brought = worth * np.interp(shares * len(scores), seen, hits) - profit.cost * (
        shares * len(scores)
    )
    return tuple(zip(shares.tolist(), brought.tolist(), strict=True))
