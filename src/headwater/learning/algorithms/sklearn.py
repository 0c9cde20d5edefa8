"""Any classifier of scikit-learn by its path."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headwater.errors import HeadwaterError, Issue, did_you_mean
from headwater.learning.algorithms import skops
from headwater.learning.algorithms.parameters import unknown_parameters
from headwater.learning.algorithms.protocol import Estimator, Examples, missing_extra


@dataclass(frozen=True, slots=True)
class SklearnAlgorithm:
    """A classifier of scikit-learn; where it cannot take missing values they are imputed."""

    estimator: str = ""
    name: str = "sklearn"
    file: str = skops.FILE

    @property
    def defaults(self) -> Mapping[str, object]:
        """The class knows its own."""
        return {}

    @property
    def one_hot(self) -> bool:
        """Estimators that take missing values are trees, which need none."""
        return not skops.takes_missing(_class(self.estimator)())

    def check(self, parameters: Mapping[str, object]) -> tuple[Issue, ...]:
        """What is wrong with the class and the names of parameters."""
        try:
            known = _class(self.estimator)().get_params()
        except HeadwaterError as error:
            return error.issues
        return unknown_parameters(self.estimator, parameters, known)

    def fit(self, examples: Examples, parameters: Mapping[str, object], seed: int) -> Estimator:
        """Learn; raises where the fitted estimator holds what skops cannot keep safely."""
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        made = _class(self.estimator)(**parameters)
        ours = {"random_state": seed, "n_jobs": 1}
        made.set_params(**{name: ours[name] for name in ours if name in made.get_params()})
        before = (
            ()
            if skops.takes_missing(made)
            else (SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
        )
        return skops.learn(self.estimator, make_pipeline(*before, made), examples, seed)

    def load(self, content: bytes, width: int) -> Estimator:
        """Read what skops wrote, of trusted types alone."""
        return skops.load(content, width)


def _class(path: str) -> Any:
    """The class that a path names; only classifiers of scikit-learn that give probabilities."""
    try:
        from sklearn.base import ClassifierMixin
    except ModuleNotFoundError:
        raise missing_extra("scikit-learn") from None
    module, _, name = path.rpartition(".")
    if not re.fullmatch(r"sklearn(\.[a-z][a-z0-9_]*)+", module):
        what = f"`{path}` is no class of scikit-learn" if path else "no `estimator` is named"
        fix = "name one by its path, as `sklearn.ensemble.RandomForestClassifier`"
        raise HeadwaterError(Issue(code="E024", what=what, fix=fix))
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError:
        found = None
    if not isinstance(found, type) or not issubclass(found, ClassifierMixin):
        what = f"scikit-learn has no classifier `{path}`"
        raise HeadwaterError(Issue(code="E024", what=what, fix=did_you_mean(path, _classes())))
    if not hasattr(found, "predict_proba"):
        raise HeadwaterError(skops.gives_no_probability(path))
    return found


def _classes() -> list[str]:
    """The public paths of all classifiers."""
    from sklearn.utils import all_estimators

    paths = []
    for name, found in all_estimators(type_filter="classifier"):
        public = [part for part in found.__module__.split(".") if not part.startswith("_")]
        paths.append(".".join([*public, name]))
    return paths
