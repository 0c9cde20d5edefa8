"""Which combinations are tried, and that all are reported."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.learning.customers import customers, spec

from headwater.errors import HeadwaterError
from headwater.learning.fitting import fit
from headwater.learning.model import SplitSpec
from headwater.learning.search import best, combinations

VALUES = {"max_depth": (2, 3, 4), "learning_rate": (0.05, 0.1)}


def test_combinations_are_different_and_the_same_each_time() -> None:
    many = {"a": tuple(range(50)), "b": tuple(range(50)), "c": ("x", "y")}
    found = combinations(many, 30, seed=5)
    assert len({tuple(each.items()) for each in found}) == 30
    assert found == combinations(many, 30, seed=5) != combinations(many, 30, seed=6)
    assert len(combinations(VALUES, 20, seed=0)) == 6


def test_every_trial_is_reported_and_the_best_is_taken() -> None:
    asked = spec(parameters={"n_estimators": 10}, search=VALUES, trials=4)
    trained = fit(customers(), asked)
    assert len(trained.trials) == 4
    assert all(0 < trial.log_loss < 1 and trial.auc is not None for trial in trained.trials)
    least = min(trial.log_loss for trial in trained.trials)
    assert best(trained.trials).log_loss == least
    for name, value in best(trained.trials).parameters.items():
        assert trained.parameters[name] == value
    alone = fit(customers(), asked, threads=1)
    assert alone.trials == trained.trials


def test_a_search_needs_moments_before_moments() -> None:
    rows = customers(count=400, months=6)
    with pytest.raises(HeadwaterError, match="E021 the 3 moments of the training part"):
        fit(rows, spec(search=VALUES, calibration="none"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"search": {"max_deph": (2,)}}, "no parameter `max_deph` · did you mean `max_depth`"),
        ({"search": {"max_depth": ()}}, "`search` gives no values for `max_depth`"),
        ({"search": {"n_estimators": (2,)}}, "`n_estimators` is in `parameters` and in `search`"),
        ({"search": VALUES, "trials": 0}, "`trials` is 0"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(HeadwaterError, match=said) as caught:
        fit(customers(), spec(**changes))
    assert {issue.code for issue in caught.value.issues} == {"E025"}


def test_a_random_split_searches_over_random_folds() -> None:
    rows = customers(months=1, count=600)
    trained = fit(rows, spec(split=SplitSpec(mode="random"), search=VALUES, trials=2))
    assert len(trained.trials) == 2
    assert trained.backtest == ()
    assert np.count_nonzero(trained.splits == "test") == 120
