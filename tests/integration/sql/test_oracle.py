"""The execution oracle at length: ten thousand random pairs, and random queries run in parts."""

from __future__ import annotations

import pytest
from tests.unit.sql.random_days import check_many as check_days
from tests.unit.sql.random_pairs import check_many as check_pairs
from tests.unit.sql.random_pairs import check_reads

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", range(10))
def test_equal_fingerprints_mean_equal_data(seed: int) -> None:
    outcome = check_pairs(seed=1000 + seed, amount=1000)
    assert outcome.unsound == ()
    assert outcome.equal_columns > 250


@pytest.mark.parametrize("seed", range(3))
def test_what_is_not_read_does_not_matter(seed: int) -> None:
    still, wrong = check_reads(seed=3000 + seed, amount=1500)
    assert wrong == []
    assert still > 300


@pytest.mark.parametrize("seed", range(5))
def test_running_in_parts_equals_running_at_once(seed: int) -> None:
    tried, aligned, wrong = check_days(seed=2000 + seed, amount=200, depth=4)
    assert wrong == []
    assert aligned > tried / 4
