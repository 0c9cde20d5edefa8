"""Log loss, Brier score, calibration error: known answers, coverage, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from headwater.stats.calibration import brier, calibration_error, log_loss, tenths
from headwater.stats.intervals import Clusters, Estimate, Floats, Labels
from headwater.stats.ranking import rank

ROWS = st.lists(
    st.tuples(st.booleans(), st.floats(0, 1)), min_size=2, max_size=50, unique_by=lambda row: row[1]
)


def drawn(seed: int, rows: int, off: float = 0.0) -> tuple[Labels, Floats]:
    """Labels that come with the chance of their score, but for `off` in the log-odds."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=rows) - 1
    labels = random.random(rows) < 1 / (1 + np.exp(-logits))
    return labels, 1 / (1 + np.exp(-logits - off))


def error(labels: Labels, scores: Floats, clusters: Clusters = None) -> Estimate:
    return calibration_error(rank(labels, scores), clusters)


def width(found: Estimate) -> float:
    assert found.low is not None
    assert found.high is not None
    return found.high - found.low


@given(ROWS)
def test_losses_are_those_of_scikit_learn(rows: list[tuple[bool, float]]) -> None:
    labels = np.array([label for label, _ in rows])
    scores = np.array([score for _, score in rows])
    expected = metrics.log_loss(labels, scores, labels=[False, True])
    assert log_loss(labels, scores).value == pytest.approx(expected, abs=1e-12)
    expected = metrics.brier_score_loss(labels, scores, labels=[False, True], pos_label=True)
    assert brier(labels, scores).value == pytest.approx(expected, abs=1e-12)


def test_error_is_the_mean_gap_of_ten_equal_parts() -> None:
    labels, scores = drawn(1, 1_000, 0.4)
    gaps = [
        abs(labels[part].mean() - scores[part].mean())
        for part in np.array_split(np.argsort(scores), 10)
    ]
    assert calibration_error(rank(labels, scores)).value == pytest.approx(np.mean(gaps), abs=1e-12)


def test_tenths_keep_equal_scores_together() -> None:
    scores = np.array([0.1] * 35 + [0.2] * 5 + list(np.linspace(0.5, 0.9, 60)))
    found = tenths(rank(np.arange(100) % 2 == 0, scores))
    assert found.rows.sum() == 100
    assert found.rows[0] == 35
    assert (np.diff(found.number) > 0).all()
    assert (found.low[1:] > found.high[:-1]).all()
    assert set(found.of_row[:35].tolist()) == {0}


@pytest.mark.parametrize("off", [0.0, -0.4])
def test_intervals_hold_the_truth_as_often_as_they_say(off: float) -> None:
    labels, scores = drawn(0, 400_000, off)
    for figure in (error, log_loss, brier):
        # of right scores the error is none; measured even on many rows it is a little above
        truth = 0.0 if figure is error and not off else figure(labels, scores).value or 0.0
        found = [figure(*drawn(seed, 800, off)) for seed in range(1, 81)]
        kept = [(low or 0.0) <= truth <= (high or 0.0) for _, low, high in found]
        assert np.mean(kept) >= 0.90, figure.__name__


def test_clusters_widen_the_interval() -> None:
    labels, scores = drawn(4, 200, 0.5)
    labels, scores = np.repeat(labels, 5), np.repeat(scores, 5)
    clusters = np.repeat(np.arange(200), 5)
    for figure in (error, log_loss, brier):
        alone, known = figure(labels, scores), figure(labels, scores, clusters)
        assert known.value == alone.value
        assert width(known) > 1.7 * width(alone)


def test_the_same_rows_give_the_same_interval() -> None:
    labels, scores = drawn(5, 300)
    assert calibration_error(rank(labels, scores)) == calibration_error(rank(labels, scores))


def test_edges() -> None:
    right = np.array([True, False] * 10)
    exact = rank(right, right.astype(float))
    assert calibration_error(exact) == (0.0, 0.0, 0.0)
    # the score 0 for what came costs as much as a double can say
    assert log_loss(np.array([True]), np.array([0.0])).value == pytest.approx(36.04, abs=0.01)
    assert brier(np.array([True]), np.array([0.0])) == Estimate(1.0)
    empty = np.array([])
    assert log_loss(empty.astype(bool), empty).value is None
    assert calibration_error(rank(empty.astype(bool), empty)).value is None
    one = calibration_error(rank(np.ones(4, bool), np.full(4, 0.4)))
    assert one.value == pytest.approx(0.6)
