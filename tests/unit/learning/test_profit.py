"""The threshold of a campaign, and what it brings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.learning.model import Profit
from headwater.learning.profit import best_threshold, campaign_of

PROFIT = Profit(cost=2, gain=40, response=0.1)
ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=1, max_size=40)


def profit_from(threshold: float, labels: np.ndarray, scores: np.ndarray) -> float:
    """By its definition."""
    contacted = scores >= threshold
    won = PROFIT.response * PROFIT.gain * (contacted & labels).sum()
    return float(won - PROFIT.cost * contacted.sum())


@given(ROWS)
def test_no_threshold_brings_more(rows: list[tuple[bool, int]]) -> None:
    labels = np.array([label for label, _ in rows])
    scores = np.array([score / 8 for _, score in rows])
    found = best_threshold(PROFIT, labels, scores)
    best = max(profit_from(each, labels, scores) for each in np.unique(scores))
    if found is None:
        assert best <= 0
        assert campaign_of(PROFIT, found, labels, scores).contacted == 0
        return
    assert profit_from(found, labels, scores) == pytest.approx(best)
    campaign = campaign_of(PROFIT, found, labels, scores)
    assert campaign.profit == pytest.approx(best)
    assert campaign.roi == pytest.approx(best / campaign.cost)
    assert campaign.curve[0] == (0.0, 0.0)
    assert campaign.curve[-1] == pytest.approx((1.0, profit_from(0.0, labels, scores)))


def test_the_return_is_what_is_left_of_the_gain_over_the_cost() -> None:
    """Three of four contacts are positive: 0.1 × 40 × 3 = 12 for 8, so 50 %."""
    labels = np.array([True, True, True, False, False])
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.1])
    campaign = campaign_of(PROFIT, 0.6, labels, scores)
    assert (campaign.contacted, campaign.cost) == (4, 8.0)
    assert campaign.profit == pytest.approx(4.0)
    assert campaign.roi == pytest.approx((12 - 8) / 8)
    assert campaign.profit_low is not None
    assert campaign.profit_high is not None
    assert campaign.profit_low < 4.0 < campaign.profit_high


def test_of_equals_the_highest_that_contacts_fewest() -> None:
    labels = np.array([True, False, True, False])
    assert best_threshold(PROFIT, labels, np.array([0.9, 0.8, 0.7, 0.6])) == 0.9


def test_nobody_is_worth_the_cost() -> None:
    labels, scores = np.zeros(4, bool), np.array([0.9, 0.8, 0.7, 0.6])
    assert best_threshold(PROFIT, labels, scores) is None
    campaign = campaign_of(PROFIT, None, labels, scores)
    assert (campaign.threshold, campaign.contacted, campaign.roi) == (None, 0, None)


def test_without_rows_it_is_where_a_contact_pays_for_itself() -> None:
    empty = np.array([])
    assert best_threshold(PROFIT, empty.astype(bool), empty) == pytest.approx(2 / 4)
    dear = Profit(cost=5, gain=40, response=0.1)
    assert best_threshold(dear, empty.astype(bool), empty) is None
    campaign = campaign_of(PROFIT, 0.5, empty.astype(bool), empty)
    assert (campaign.profit, campaign.roi, campaign.curve) == (0.0, None, ())
