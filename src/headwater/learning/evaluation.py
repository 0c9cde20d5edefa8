"""How well scores meet labels: all figures, each with its interval.

Rows of one entity at several moments are not independent. With `entities` the intervals count
that, see `headwater.stats.intervals`.
"""

from __future__ import annotations

import numpy as np

from headwater.errors import HeadwaterError, Issue
from headwater.learning.report import Decile, Evaluation, Figure
from headwater.stats import calibration, ranking
from headwater.stats.intervals import Clusters, Estimate, Floats, Labels
from headwater.stats.ranking import Ranking


def evaluate(labels: Labels, scores: Floats, entities: Clusters = None) -> Evaluation:
    """All figures of probabilities; HeadwaterError with E032 where a score is none."""
    ranked = ranked_of(labels, scores)
    figures = {
        "auc": ranking.auc(ranked, entities),
        "pr_auc": ranking.average_precision(ranked, entities),
        "log_loss": calibration.log_loss(ranked.labels, scores, entities),
        "brier": calibration.brier(ranked.labels, scores, entities),
        "lift": ranking.top_lift(ranked, entities),
        "calibration_error": calibration.calibration_error(ranked, entities),
    }
    return Evaluation(
        rows=len(ranked.labels),
        positives=ranked.counts[0],
        figures={name: figure(found) for name, found in figures.items()},
        deciles=_deciles(ranked),
    )


def ranked_of(labels: Labels, scores: Floats) -> Ranking:
    """Rows ordered by probability; HeadwaterError with E032 where a score is none."""
    scores = np.asarray(scores, dtype=np.float64)
    wrong = int(np.count_nonzero(~((scores >= 0) & (scores <= 1))))
    if wrong:
        raise HeadwaterError(
            Issue(
                code="E032",
                what=f"{wrong:,} of {len(scores):,} scores are not between 0 and 1",
                fix="a model scores with probabilities; see its estimator and its input",
            )
        )
    return ranking.rank(labels, scores)


def figure(found: Estimate) -> Figure:
    """An estimate as reports keep it."""
    return Figure(*found)


def gain(labels: Labels, scores: Floats, others: Floats, entities: Clusters = None) -> Figure:
    """By how much one AUC exceeds another's on the same rows."""
    first, second = ranked_of(labels, scores), ranked_of(labels, others)
    return figure(ranking.auc_difference(first, second, entities))


def _deciles(ranked: Ranking) -> tuple[Decile, ...]:
    if not len(ranked.labels):
        return ()
    parts = calibration.tenths(ranked)
    base = ranked.counts[0] / len(ranked.labels)
    columns = zip(
        parts.number.tolist(),
        parts.rows.tolist(),
        parts.low.tolist(),
        parts.high.tolist(),
        parts.predicted.tolist(),
        parts.observed.tolist(),
        strict=True,
    )
    return tuple(
        Decile(
            number=number,
            rows=int(rows),
            low=low,
            high=high,
            predicted=predicted,
            observed=observed,
            lift=observed / base if base else None,
        )
        for number, rows, low, high, predicted, observed in columns
    )
