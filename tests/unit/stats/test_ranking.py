"""AUC, average precision and lift: known answers, coverage by simulation, laws, edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.datasets import load_breast_cancer

from headwater.stats.intervals import UNKNOWN, Estimate, Floats, Labels
from headwater.stats.ranking import (
    Ranking,
    auc,
    auc_difference,
    average_precision,
    rank,
    top_lift,
)

Rows = list[tuple[bool, int]]
ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=60)


def simulated(seed: int, rows: int, base: float = 0.3, shift: float = 1.2) -> tuple[Labels, Floats]:
    """Labels, and scores with ties."""
    random = np.random.default_rng(seed)
    labels = random.random(rows) < base
    scores: Floats = random.normal(size=rows) + shift * labels
    return labels, scores.round(1)


def holds(found: Estimate, truth: float | None) -> bool:
    assert found.low is not None
    assert found.high is not None
    assert truth is not None
    return found.low <= truth <= found.high


def width(found: Estimate) -> float:
    assert found.low is not None
    assert found.high is not None
    return found.high - found.low


@given(ROWS)
def test_auc_and_average_precision_are_those_of_scikit_learn(rows: Rows) -> None:
    labels = np.array([label for label, _ in rows])
    scores = np.array([score for _, score in rows], dtype=float)
    found = rank(labels, scores)
    if labels.all() or not labels.any():
        assert auc(found) == UNKNOWN
        return
    assert auc(found).value == pytest.approx(metrics.roc_auc_score(labels, scores), abs=1e-12)
    assert average_precision(found).value == pytest.approx(
        metrics.average_precision_score(labels, scores), abs=1e-12
    )


def test_figures_of_a_public_data_set() -> None:
    data = load_breast_cancer()
    labels, scores = data.target == 1, -data.data[:, 0]
    found = rank(labels, scores)
    assert auc(found).value == pytest.approx(metrics.roc_auc_score(labels, scores), abs=1e-12)
    assert average_precision(found).value == pytest.approx(
        metrics.average_precision_score(labels, scores), abs=1e-12
    )


def test_auc_has_delongs_variance() -> None:
    """Against the definition: all pairs, structural components with n − 1."""
    labels, scores = simulated(1, 200)
    wins = (scores[labels][:, None] > scores[~labels]) + 0.5 * (
        scores[labels][:, None] == scores[~labels]
    )
    value = wins.mean()
    variance = wins.mean(axis=1).var(ddof=1) / labels.sum()
    variance += wins.mean(axis=0).var(ddof=1) / (~labels).sum()
    reach = 1.959963984540054 * math.sqrt(variance) / (value * (1 - value))
    middle = math.log(value / (1 - value))
    low, high = (1 / (1 + math.exp(-middle - side * reach)) for side in (-1, 1))
    assert auc(rank(labels, scores)) == pytest.approx((value, low, high), abs=1e-12)


def test_average_precision_has_the_interval_of_a_bootstrap() -> None:
    labels, scores = simulated(2, 400)
    random = np.random.default_rng(3)
    drawn = []
    for _ in range(1_000):
        rows = random.integers(0, 400, 400)
        drawn.append(average_precision(rank(labels[rows], scores[rows])).value or 0.0)
    found = average_precision(rank(labels, scores))
    assert found.low == pytest.approx(np.quantile(drawn, 0.025), abs=0.015)
    assert found.high == pytest.approx(np.quantile(drawn, 0.975), abs=0.015)


@pytest.mark.parametrize(("rows", "base", "shift"), [(300, 0.3, 1.0), (600, 0.06, 1.5)])
def test_intervals_hold_the_truth_as_often_as_they_say(
    rows: int, base: float, shift: float
) -> None:
    true = rank(*simulated(0, 400_000, base, shift))
    for figure in (auc, average_precision, top_lift):
        truth = figure(true).value
        kept = [holds(figure(rank(*simulated(s, rows, base, shift))), truth) for s in range(1, 301)]
        assert 0.90 <= np.mean(kept) <= 0.99, figure.__name__


def test_rows_of_one_entity_count_as_one() -> None:
    """Each subject five times: intervals that know hold the truth, others do not."""

    def repeated(seed: int, subjects: int) -> Ranking:
        labels, scores = simulated(seed, subjects)
        noise = np.random.default_rng(seed).normal(size=subjects * 5) / 5
        return rank(np.repeat(labels, 5), np.repeat(scores, 5) + noise)

    truth = auc(repeated(0, 100_000)).value
    clusters = np.repeat(np.arange(150), 5)
    rankings = [repeated(seed, 150) for seed in range(1, 201)]
    assert np.mean([holds(auc(each, clusters), truth) for each in rankings]) >= 0.90
    assert np.mean([holds(auc(each), truth) for each in rankings]) < 0.75


def test_difference_is_paired() -> None:
    """Two nearly equal scores differ by little, surely; and the interval holds the truth."""

    def pair(seed: int, rows: int) -> tuple[Ranking, Ranking]:
        labels, scores = simulated(seed, rows)
        noise = np.random.default_rng(seed).normal(size=rows) / 2
        return rank(labels, scores), rank(labels, scores + noise)

    truth = auc_difference(*pair(0, 400_000)).value
    found = [auc_difference(*pair(seed, 300)) for seed in range(1, 301)]
    assert 0.90 <= np.mean([holds(each, truth) for each in found]) <= 0.99
    alone = auc(pair(1, 300)[0])
    assert width(found[0]) < width(alone) / 1.5
    same = pair(1, 300)[0]
    assert auc_difference(same, same) == (0.0, 0.0, 0.0)


@given(ROWS)
def test_clusters_of_one_row_change_nothing(rows: Rows) -> None:
    labels = np.array([label for label, _ in rows])
    found = rank(labels, np.array([score for _, score in rows], dtype=float))
    alone = np.arange(len(rows))
    for figure in (auc, average_precision, top_lift):
        assert figure(found, alone) == pytest.approx(figure(found), abs=1e-9)


@given(ROWS)
def test_bounds_lie_around_the_value_and_within_reach(rows: Rows) -> None:
    labels = np.array([label for label, _ in rows])
    found = rank(labels, np.array([score for _, score in rows], dtype=float))
    for figure, most in ((auc, 1.0), (average_precision, 1.0), (top_lift, 10.0)):
        value, low, high = figure(found)
        if value is not None and low is not None and high is not None:
            assert 0 <= low <= value + 1e-9
            assert value - 1e-9 <= high <= most


def test_perfect_order_is_no_proof() -> None:
    """Ten of each class in perfect order: an AUC under 0.69 would hardly have given that."""
    found = auc(rank(np.arange(20) >= 10, np.arange(20.0)))
    assert found == pytest.approx((1.0, 0.025 ** (1 / 10), 1.0))
    worst = auc(rank(np.arange(20) < 10, np.arange(20.0)))
    assert worst == pytest.approx((0.0, 0.0, 1 - 0.025 ** (1 / 10)))


def test_equal_scores_say_nothing() -> None:
    found = rank(np.arange(40) < 10, np.full(40, 0.3))
    assert auc(found) == (0.5, 0.5, 0.5)
    assert average_precision(found).value == 0.25
    assert top_lift(found).value == pytest.approx(1.0)


def test_one_class_alone_or_one_row_of_it() -> None:
    ones, zeros = np.ones(5, bool), np.zeros(5, bool)
    scores = np.arange(5.0)
    for labels in (ones, zeros):
        assert auc(rank(labels, scores)) == UNKNOWN
        assert auc_difference(rank(labels, scores), rank(labels, scores)) == UNKNOWN
    assert average_precision(rank(zeros, scores)) == UNKNOWN
    assert top_lift(rank(zeros, scores)) == UNKNOWN
    assert top_lift(rank(ones, scores)).value == 1.0
    assert auc(rank(np.arange(5) == 4, scores)) == (1.0, None, None)
    assert auc(rank(np.array([], bool), np.array([]))) == UNKNOWN


def test_what_is_no_number_is_refused() -> None:
    for scores in ([0.1, math.nan], [0.1, math.inf], [0.1]):
        with pytest.raises(ValueError, match="score"):
            rank(np.array([True, False]), np.array(scores))
    one = rank(np.array([True, False]), np.array([0.1, 0.2]))
    other = rank(np.array([False, True]), np.array([0.1, 0.2]))
    with pytest.raises(ValueError, match="same rows"):
        auc_difference(one, other)


def test_lift_counts_ties_at_the_border_in_proportion() -> None:
    """Of 20 rows the top two are asked: one alone, and one of the four that tie."""
    labels = np.array([1] + [1, 1, 0, 0] + [0] * 15, dtype=bool)
    scores = np.array([9.0] + [5.0] * 4 + [1.0] * 15)
    assert top_lift(rank(labels, scores)).value == pytest.approx(((1 + 0.5) / 2) / (3 / 20))
