"""What a function returns: what is taken, what is refused, and that it learns the same again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor, VotingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from tests.unit.learning.test_algorithms import examples

from headwater.errors import HeadwaterError
from headwater.learning.algorithms.choosing import algorithm_of


class Own(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """A class of a user's own."""


def linear() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression())


def voting() -> Any:
    forest = RandomForestClassifier(8, max_depth=3, n_jobs=-1)
    return VotingClassifier([("linear", linear()), ("forest", forest)], voting="soft")


@pytest.mark.parametrize(
    "make",
    [
        linear,
        voting,
        lambda: make_pipeline(SimpleImputer(), SelectKBest(k=2), LogisticRegression()),
        lambda: CalibratedClassifierCV(SGDClassifier()),
        lambda: make_pipeline(SimpleImputer(), FunctionTransformer(np.abs), LogisticRegression()),
    ],
    ids=["pipeline", "voting", "chosen", "calibrated", "function of numpy"],
)
def test_the_same_is_learnt_again_and_read_again(make: Callable[[], Any]) -> None:
    algorithm = algorithm_of("python", make=make)
    assert algorithm.check({}) == ()
    learnt = algorithm.fit(examples(), {}, 3)
    assert learnt.dump() == algorithm.fit(examples(), {}, 3).dump()
    read = algorithm_of("python").load(learnt.dump(), 5)
    rows = examples().matrix[:20]
    assert np.array_equal(read.margins(rows), learnt.margins(rows))
    assert [read.margin(row) for row in rows.tolist()] == learnt.margins(rows).tolist()


def test_every_part_draws_by_the_seed_unless_it_says_by_what() -> None:
    rows = examples().matrix[:20]

    def margins(make: Callable[[], Any], seed: int) -> list[float]:
        found: list[float] = (
            algorithm_of("python", make=make).fit(examples(), {}, seed).margins(rows).tolist()
        )
        return found

    def said() -> Any:
        return RandomForestClassifier(8, random_state=1)

    assert margins(voting, 1) != margins(voting, 2)
    assert margins(said, 1) == margins(said, 2)


def test_parameters_of_parts_are_set_and_checked_by_their_names() -> None:
    algorithm = algorithm_of("python", make=voting)
    wrong = {"forest__max_dept": 3, "forest__n_jobs": 2, "forest__max_depth": 2}
    said = [str(issue) for issue in algorithm.check(wrong)]
    assert len(said) == 2
    assert "did you mean `forest__max_depth`?" in said[0]
    assert "`forest__n_jobs` of what the function returns cannot be set: one thread" in said[1]
    plain = algorithm.fit(examples(), {}, 0)
    assert algorithm.fit(examples(), {"forest__max_depth": 1}, 0).dump() != plain.dump()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: None, "the function returns nothing, which is no classifier"),
        (lambda: LogisticRegression, "returns the class `LogisticRegression` itself"),
        (RandomForestRegressor, "returns a `RandomForestRegressor`, which is no classifier"),
        (lambda: make_pipeline(StandardScaler()), "returns a `Pipeline`, which is no classifier"),
        (Own, "`Own` is no class of scikit-learn: to read it would run its code"),
        (lambda: VotingClassifier([("own", Own())]), "`Own` is no class of scikit-learn"),
    ],
)
def test_what_is_no_classifier_of_scikit_learn_is_refused(
    make: Callable[[], Any], said: str
) -> None:
    (issue,) = algorithm_of("python", make=make).check({})
    assert issue.code == "E024"
    assert said in str(issue)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: VotingClassifier([("linear", linear())]), "E024 .* gives no probabilities"),
        (
            lambda: make_pipeline(FunctionTransformer(lambda rows: rows), RandomForestClassifier()),
            "E024 .* cannot be kept safely: .*<lambda>",
        ),
        (
            lambda: GridSearchCV(RandomForestClassifier(2), {"max_depth": [1]}, cv=2),
            "E024 .* cannot be kept safely: .* not trusted",
        ),
        (lambda: RandomForestClassifier(criterion="guess"), "E025 .* refused its parameters"),
    ],
)
def test_what_cannot_be_kept_is_refused(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(HeadwaterError, match=said):
        algorithm_of("python", make=make).fit(examples(), {}, 0)
