"""Parts in time with an embargo; folds forward in time."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.errors import HeadwaterError
from headwater.learning.model import Span, SplitSpec
from headwater.learning.splitting import folds, holdout, random_folds, refuse_thin_parts, split

DAY = timedelta(days=1)


def days(*numbers: int) -> np.ndarray:
    """Local midnights, days from 2011-01-01."""
    first = np.datetime64("2011-01-01", "us")
    return first + np.array(numbers, dtype="timedelta64[D]")


def test_shares_of_the_moments_leave_the_embargo_free() -> None:
    at = days(*range(0, 100, 10))
    parts = split(at, SplitSpec(embargo=15 * DAY), calibrates=True, seed=0)
    named = ["train"] * 4 + [""] + ["calibrate"] * 2 + [""] + ["test"] * 2
    assert parts.tolist() == named


def test_a_row_counts_if_its_horizon_ends_where_the_next_part_begins() -> None:
    spec = SplitSpec(test=Span(date(2011, 1, 31), date(2011, 2, 10)), embargo=10 * DAY)
    at = days(0, 20, 21, 30, 39, 40)
    parts = split(at, spec, calibrates=False, seed=0)
    assert parts.tolist() == ["train", "train", "", "test", "test", ""]


def test_stated_spans_are_kept_to() -> None:
    spec = SplitSpec(
        train=Span(date(2011, 1, 2), date(2011, 1, 11)),
        calibrate=Span(date(2011, 1, 11), date(2011, 1, 21)),
        test=Span(date(2011, 1, 25), date(2011, 1, 31)),
        embargo=5 * DAY,
    )
    at = days(0, 1, 5, 6, 10, 19, 20, 24, 29, 30)
    parts = split(at, spec, calibrates=True, seed=0)
    named = ["", "train", "train", "", "calibrate", "calibrate", "", "test", "test", ""]
    assert parts.tolist() == named


def test_stated_training_is_followed_by_what_is_left() -> None:
    spec = SplitSpec(train=Span(date(2011, 1, 1), date(2011, 1, 6)))
    parts = split(days(*range(10)), spec, calibrates=True, seed=0)
    named = ["train"] * 5 + [""] + ["calibrate"] * 2 + ["test"] * 2
    assert parts.tolist() == named


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            SplitSpec(
                train=Span(date(2011, 1, 1), date(2011, 3, 1)),
                test=Span(date(2011, 2, 1), date(2011, 4, 1)),
            ),
            "`test` begins at 2011-02-01, before `train` ends at 2011-03-01",
        ),
        (
            SplitSpec(test=Span(date(2011, 2, 1), date(2011, 2, 1))),
            "`test` ends at 2011-02-01, before it begins",
        ),
    ],
)
def test_spans_in_disorder_are_refused(spec: SplitSpec, said: str) -> None:
    with pytest.raises(HeadwaterError, match=said) as caught:
        split(days(0, 1), spec, calibrates=True, seed=0)
    assert caught.value.issues[0].code == "E021"


@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=60),
    st.integers(0, 90),
    st.booleans(),
)
def test_no_horizon_reaches_into_a_later_part(
    moments: list[int], embargo: int, calibrates: bool
) -> None:
    at = days(*moments)
    parts = split(at, SplitSpec(embargo=embargo * DAY), calibrates=calibrates, seed=0)
    reach = np.timedelta64(embargo, "D")
    for earlier, later in (("train", "calibrate"), ("train", "test"), ("calibrate", "test")):
        before, after = at[parts == earlier], at[parts == later]
        if len(before) and len(after):
            assert before.max() + reach <= after.min()
            assert before.max() < after.min()
    tested = parts == "test"
    assert (tested == (at >= at[tested].min())).all()


def test_random_parts_are_asked_for_by_name() -> None:
    parts = split(days(*[0] * 100), SplitSpec(mode="random"), calibrates=True, seed=3)
    assert [int((parts == name).sum()) for name in ("train", "calibrate", "test")] == [60, 20, 20]
    again = split(days(*[0] * 100), SplitSpec(mode="random"), calibrates=True, seed=3)
    assert (parts == again).all()


def test_thin_parts_are_told_with_their_counts() -> None:
    parts = np.array(["train"] * 60 + [""] * 5 + ["test"] * 10)
    labels = np.array([True] * 9 + [False] * 66)
    with pytest.raises(HeadwaterError) as caught:
        refuse_thin_parts(parts, labels, 90 * DAY, calibrates=True)
    train, calibrate, test = (str(issue) for issue in caught.value.issues)
    assert "train has 60 rows: 9 positive, 51 negative" in train
    assert "5 in no part, for an embargo of 90 days" in train
    assert "calibrate has 0 rows" in calibrate
    assert "test has 10 rows: 0 positive, 10 negative" in test
    assert {issue.code for issue in caught.value.issues} == {"E020"}


def test_folds_go_forward_with_the_embargo() -> None:
    at = days(*range(0, 120, 10))
    found = list(folds(at, 25 * DAY, 3))
    assert [fold.origin for fold in found] == days(60, 80, 100).tolist()
    for fold in found:
        assert at[fold.train].max() + np.timedelta64(25, "D") <= fold.origin
        assert fold.test.sum() == 2


def test_one_moment_has_no_folds_but_random_ones() -> None:
    at = days(*[0] * 30)
    assert not list(folds(at, DAY, 3))
    assert holdout(at, DAY) is None
    assert sum(int(fold.test.sum()) for fold in random_folds(at, 3, seed=0)) == 30
