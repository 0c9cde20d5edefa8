"""Intervals of shares, means and differences."""

from __future__ import annotations

import numpy as np
import pytest

from headwater.stats.intervals import (
    UNKNOWN,
    difference_of_shares,
    mean,
    share,
    share_of,
    spread,
    wilson,
)


def test_mean_of_clusters_is_the_mean_of_their_sums() -> None:
    values = np.array([1.0, 1.0, 3.0, 3.0])
    clusters = np.array([0, 0, 1, 1])
    alone, known = mean(values), mean(values, clusters)
    assert known.value == alone.value == 2.0
    assert spread(values - 2.0, clusters) == pytest.approx(np.sqrt(8))
    low, reach = 2.0 - (alone.low or 0.0), 2.0 - (known.low or 0.0)
    assert reach == pytest.approx(low * np.sqrt(2))


def test_means_of_nothing_and_of_one() -> None:
    assert mean(np.array([])) == UNKNOWN
    assert mean(np.array([3.0])) == (3.0, None, None)
    assert mean(np.array([0.0, 0.0, 3.0]), least=0.0).low == 0.0


def test_shares_stay_between_0_and_1() -> None:
    for value in (0.999, 0.5, 1e-12):
        _, low, high = share(value, 0.3, pairs=50)
        assert 0 <= (low or 0.0) <= value <= (high or 0.0) <= 1
    assert wilson(0, 20) == pytest.approx((0.0, 0.0, 0.1611), abs=1e-4)
    assert wilson(1, 0) == UNKNOWN
    assert difference_of_shares(wilson(1, 2), UNKNOWN) == UNKNOWN


def test_newcombe_known_answer() -> None:
    """Newcombe 1998, table II, case (e): 5/56 − 0/29."""
    found = difference_of_shares(wilson(5, 56), wilson(0, 29))
    assert found == pytest.approx((0.0893, -0.0381, 0.1926), abs=1e-4)


def test_rows_of_clusters_count_for_what_they_are_worth() -> None:
    labels = np.repeat(np.arange(40) % 4 == 0, 5)
    weights = np.ones(200)
    rate, low, high = share_of(labels, weights, np.repeat(np.arange(40), 5))
    assert (rate, low, high) == pytest.approx(wilson(10, 40), abs=1e-9)
    assert share_of(labels, weights) == pytest.approx(wilson(50, 200), abs=1e-12)
    assert share_of(labels, np.zeros(200)) == (0.5, 0.0, 1.0)
