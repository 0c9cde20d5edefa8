"""Entities fall into shares evenly, always the same ones, anew for each challenger."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.project.serving.assigning import is_challenged, place_of

keys = st.tuples(st.one_of(st.integers(), st.text()))
shares = st.floats(0, 1)


@given(keys, shares, shares)
def test_whoever_is_in_a_share_is_in_a_larger_one(
    key: tuple[object, ...], one: float, other: float
) -> None:
    less, more = sorted((one, other))
    assert not is_challenged("churn@8", key, less) or is_challenged("churn@8", key, more)


@given(keys)
def test_nobody_at_none_and_everybody_at_one(key: tuple[object, ...]) -> None:
    assert not is_challenged("churn@8", key, 0)
    assert is_challenged("churn@8", key, 1)
    assert 0 <= place_of("churn@8", key) < 1


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_a_share_is_as_large_as_it_says(share: float) -> None:
    found = sum(is_challenged("churn@8", (number,), share) for number in range(20_000))
    assert found / 20_000 == pytest.approx(share, rel=0.15)


def test_the_next_challenger_draws_anew() -> None:
    both = sum(
        is_challenged("churn@8", (n,), 0.5) and is_challenged("churn@9", (n,), 0.5)
        for n in range(4_000)
    )
    assert both / 4_000 == pytest.approx(0.25, abs=0.04)


def test_another_process_draws_the_same() -> None:
    code = (
        "from headwater.project.serving.assigning import place_of;"
        "print(place_of('churn@8', (12346, 'ü')))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(ran.stdout) == place_of("churn@8", (12346, "ü"))
