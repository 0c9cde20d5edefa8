"""Which algorithm a name means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headwater.errors import HeadwaterError, Issue, did_you_mean
from headwater.learning.algorithms.lightgbm import LightgbmAlgorithm
from headwater.learning.algorithms.logistic import LogisticAlgorithm
from headwater.learning.algorithms.protocol import Algorithm
from headwater.learning.algorithms.python import PythonAlgorithm
from headwater.learning.algorithms.sklearn import SklearnAlgorithm
from headwater.learning.algorithms.xgboost import XgboostAlgorithm

NAMES = ("logistic", "xgboost", "lightgbm", "sklearn", "python")


def algorithm_of(
    name: str, estimator: str = "", make: Callable[[], Any] | None = None
) -> Algorithm:
    """The algorithm of a name; of `sklearn` besides the class, of `python` the function."""
    algorithms: dict[str, Algorithm] = {
        "logistic": LogisticAlgorithm(),
        "xgboost": XgboostAlgorithm(),
        "lightgbm": LightgbmAlgorithm(),
        "sklearn": SklearnAlgorithm(estimator),
        "python": PythonAlgorithm(make),
    }
    if name not in algorithms:
        what = f"there is no algorithm `{name}`"
        fix = did_you_mean(name, NAMES, "take one of " + ", ".join(NAMES))
        raise HeadwaterError(Issue(code="E024", what=what, fix=fix))
    return algorithms[name]
