"""Logistic regression: standardised, missing values at their mean with a weight of their own.

It is the baseline of every model. What it learnt is a few lists of numbers, kept as JSON and scored
in plain Python.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from headwater.errors import HeadwaterError, Issue
from headwater.learning.algorithms.parameters import refused_value, unknown_parameters
from headwater.learning.algorithms.protocol import (
    CannotLoadError,
    Estimator,
    Examples,
    Numbers,
    missing_extra,
)

#: `C` is the inverse strength of the penalty on squared weights.
DEFAULTS: Mapping[str, object] = {"C": 1.0, "max_iter": 1000, "class_weight": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticEstimator:
    """`intercept + Σ (value − mean) × weight`; a missing value adds `missing` instead.

    `expected` is what a column adds on average over the training rows.
    """

    intercept: float
    means: tuple[float, ...]
    weights: tuple[float, ...]
    missing: tuple[float, ...]
    expected: tuple[float, ...]

    @property
    def is_exact(self) -> bool:
        """Linear contributions have a closed form."""
        return True

    @property
    def grown(self) -> Mapping[str, object]:
        """Nothing beyond what is set."""
        return {}

    def margins(self, matrix: Numbers) -> Numbers:
        """The log-odds of each row."""
        # column by column, as `margin` sums: BLAS would sum in another order
        margins = np.full(len(matrix), self.intercept)
        for column in range(matrix.shape[1]):
            margins += self._added(matrix, column)
        return margins

    def margin(self, row: Sequence[float]) -> float:
        """The same number for one row."""
        margin = self.intercept
        for value, mean, weight, missing in zip(
            row, self.means, self.weights, self.missing, strict=True
        ):
            margin += missing if value != value else (value - mean) * weight  # noqa: PLR0124 NaN
        return margin

    def contributions(self, matrix: Numbers) -> Numbers:
        """What each column adds beyond its average (exact linear SHAP), and the base."""
        found = np.empty((len(matrix), matrix.shape[1] + 1))
        for column in range(matrix.shape[1]):
            found[:, column] = self._added(matrix, column) - self.expected[column]
        found[:, -1] = self.intercept + sum(self.expected)
        return found

    def _added(self, matrix: Numbers, column: int) -> Numbers:
        values = matrix[:, column]
        known: Numbers = (values - self.means[column]) * self.weights[column]
        return np.where(np.isnan(values), self.missing[column], known)

    def dump(self) -> bytes:
        """Its numbers as JSON."""
        return json.dumps(asdict(self)).encode()


@dataclass(frozen=True, slots=True)
class LogisticAlgorithm:
    """Fits with scikit-learn, and needs no library afterwards."""

    name: str = "logistic"
    file: str = "logistic.json"
    one_hot: bool = True

    @property
    def defaults(self) -> Mapping[str, object]:
        """The parameters where nothing is said."""
        return DEFAULTS

    def check(self, parameters: Mapping[str, object]) -> tuple[Issue, ...]:
        """What is wrong with the names of parameters."""
        return unknown_parameters(self.name, parameters, DEFAULTS.keys())

    def fit(self, examples: Examples, parameters: Mapping[str, object], seed: int) -> Estimator:
        """Learn the weights."""
        try:
            from sklearn.linear_model import LogisticRegression
        except ModuleNotFoundError:
            raise missing_extra("scikit-learn") from None
        matrix = examples.matrix
        absent = np.isnan(matrix)
        means = _means(matrix, absent)
        centred = np.where(absent, 0.0, matrix - means)
        scales = np.sqrt(np.mean(centred**2, axis=0))
        scales[scales == 0] = 1.0
        model = LogisticRegression(**{**DEFAULTS, **parameters}, solver="lbfgs", random_state=seed)
        try:
            model.fit(np.hstack([centred / scales, absent.astype(float)]), examples.labels)
        except (ValueError, TypeError) as error:
            raise HeadwaterError(refused_value(self.name, error)) from error
        weights, missing = np.split(model.coef_[0], 2)
        # a column without missing values in training has learnt nothing about them
        missing = np.where(absent.any(axis=0), missing, 0.0)
        return LogisticEstimator(
            intercept=float(model.intercept_[0]),
            means=tuple(means.tolist()),
            weights=tuple((weights / scales).tolist()),
            missing=tuple(missing.tolist()),
            expected=tuple((missing * absent.mean(axis=0)).tolist()),
        )

    def load(self, content: bytes, width: int) -> Estimator:
        """Read its JSON."""
        try:
            said = json.loads(content)
            lists = {
                name: tuple(float(number) for number in said[name])
                for name in ("means", "weights", "missing", "expected")
            }
            intercept = float(said["intercept"])
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CannotLoadError(f"{self.file} cannot be read: {error!r}") from None
        if any(len(numbers) != width for numbers in lists.values()):
            raise CannotLoadError(f"{self.file} is not of {width} columns")
        if not all(map(math.isfinite, (intercept, *sum(lists.values(), ())))):
            raise CannotLoadError(f"{self.file} has numbers that are not finite")
        return LogisticEstimator(intercept=intercept, **lists)


def _means(matrix: Numbers, absent: np.ndarray) -> Numbers:
    counts = np.maximum((~absent).sum(axis=0), 1)
    means: Numbers = np.where(absent, 0.0, matrix).sum(axis=0) / counts
    return means
