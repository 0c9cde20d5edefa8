"""What scikit-learn has learnt, kept by skops: no code runs when it is read."""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, Final

import numpy as np

from headwater.errors import HeadwaterError, Issue
from headwater.learning.algorithms.parameters import refused_value
from headwater.learning.algorithms.protocol import (
    CannotLoadError,
    Estimator,
    Examples,
    Numbers,
    missing_extra,
)

FILE: Final = "model.skops"
#: What skops does not trust by itself, and we do: parts of scikit-learn's estimators that hold
#: numbers and other estimators alone, and functions that compute of their arguments alone.
TRUSTED = frozenset(
    {
        "numpy.dtype",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.feature_selection._mutual_info.mutual_info_classif",
        "sklearn.feature_selection._univariate_selection.chi2",
        "sklearn.feature_selection._univariate_selection.f_classif",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
    }
)
#: Training rows that contributions compare with.
BACKGROUND = 100
#: Probabilities nearer to 0 and 1 have no useful log-odds: where no tree has seen 1 forests say 0.
_NEAR = 1e-6


class SklearnEstimator:
    """A fitted pipeline.

    Its probabilities are rounded to float32: in float64 the sums of one row and of many rows may
    differ in the last digits.
    """

    def __init__(self, pipeline: Any, background: Numbers, content: bytes) -> None:
        self._pipeline = pipeline
        self._background = background
        self._content = content
        self._explaining = threading.Lock()

    @property
    def is_exact(self) -> bool:
        """Contributions are sampled over permutations of the columns."""
        return False

    @property
    def grown(self) -> Mapping[str, object]:
        """Nothing beyond what is set."""
        return {}

    def margins(self, matrix: Numbers) -> Numbers:
        """The log-odds of each row."""
        if not len(matrix):
            return np.empty(0)
        with _one_thread():
            shares = self._pipeline.predict_proba(matrix)[:, 1].astype(np.float32)
        bounded = np.clip(shares.astype(np.float64), _NEAR, 1 - _NEAR)
        margins: Numbers = np.log(bounded / (1 - bounded))
        return margins

    def margin(self, row: Sequence[float]) -> float:
        """The same number for one row."""
        return float(self.margins(np.array([row], dtype=np.float64))[0])

    def contributions(self, matrix: Numbers) -> Numbers:
        """Shapley values over permutations against the kept training rows, and the base."""
        shap = _shap()
        masker = shap.maskers.Independent(self._background, max_samples=BACKGROUND)
        with self._explaining:  # shap draws from numpy's global generator
            explainer = shap.PermutationExplainer(self.margins, masker, seed=0)
            found = explainer(matrix, max_evals=10 * (2 * matrix.shape[1] + 1), silent=True)
        bases = np.broadcast_to(found.base_values, (len(matrix),))
        return np.column_stack([found.values, bases])

    def dump(self) -> bytes:
        """The pipeline and the background rows by skops."""
        return self._content


def learn(name: str, pipeline: Any, examples: Examples, seed: int) -> Estimator:
    """Fit a pipeline; raises where what it holds then is not kept safely by skops.

    `name` is what messages call it.
    """
    try:
        with _one_thread():
            pipeline.fit(examples.matrix, examples.labels)
    except (ValueError, TypeError) as error:
        raise HeadwaterError(refused_value(name, error)) from error
    if not hasattr(pipeline, "predict_proba"):
        raise HeadwaterError(gives_no_probability(name))
    chosen = np.random.default_rng(seed).permutation(len(examples.matrix))[:BACKGROUND]
    background = examples.matrix[np.sort(chosen)]
    try:
        content = _dump({"pipeline": pipeline, "background": background})
        kept = load(content, examples.matrix.shape[1])
        before_it = SklearnEstimator(pipeline, background, content).margins(background)
        if not np.array_equal(kept.margins(background), before_it):
            raise CannotLoadError("read again it scores otherwise")
        return kept
    except CannotLoadError as error:
        what = f"{name} cannot be kept safely: {error}"
        fix = "take xgboost, lightgbm, or another class of scikit-learn"
        raise HeadwaterError(Issue(code="E024", what=what, fix=fix)) from None


def load(content: bytes, width: int) -> SklearnEstimator:
    """Read what skops wrote, of trusted types alone; raises `CannotLoadError`."""
    try:
        import skops.io
        from skops.io.exceptions import UntrustedTypesFoundException
    except ModuleNotFoundError:
        raise missing_extra("skops") from None
    try:
        unknown = set(skops.io.get_untrusted_types(data=content)) - TRUSTED
        if unknown:
            listed = ", ".join(sorted(unknown))
            raise CannotLoadError(f"it holds types that are not trusted: {listed}")
        said = skops.io.loads(content, trusted=sorted(TRUSTED))
        pipeline, background = said["pipeline"], np.asarray(said["background"], np.float64)
        found = pipeline.n_features_in_
    except UntrustedTypesFoundException as error:
        raise CannotLoadError(f"it holds types that are not trusted: {error}") from None
    except (ValueError, TypeError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise CannotLoadError(f"{FILE} cannot be read: {error!r:.200}") from None
    if found != width or background.shape[1:] != (width,):
        raise CannotLoadError(f"{FILE} is of {found} columns, not of {width}")
    return SklearnEstimator(pipeline, background, content)


def takes_missing(estimator: Any) -> bool:
    """Whether missing values need not be imputed before it."""
    from sklearn.utils import get_tags

    return bool(get_tags(estimator).input_tags.allow_nan)


def gives_no_probability(path: str) -> Issue:
    """E024 for a classifier that only decides."""
    what = f"{path} gives no probabilities as it is set"
    fix = "take a class with `predict_proba`, or the parameter that makes it give them"
    return Issue(code="E024", what=what, fix=fix)


def _dump(thing: object) -> bytes:
    """What skops writes, without what differs from process to process.

    Its archive holds times, and addresses in memory as identities and names of files. These are
    numbered anew in the order in which they occur.
    """
    import skops.io

    numbers: dict[str, str] = {}

    def renamed(found: re.Match[str]) -> str:
        number = numbers.setdefault(found[2], str(len(numbers) + 1))
        return f"{found[1]}{number}{found[3]}"

    written = zipfile.ZipFile(io.BytesIO(skops.io.dumps(thing)))
    schema = json.dumps(json.loads(written.read("schema.json")), indent=1)
    schema = re.sub(r'("__id__": )(\d+)()', renamed, schema)
    schema = re.sub(r'("file": ")([^".]+)(\.\w+")', renamed, schema)
    files = {
        f"{numbers.get(stem, stem)}.{ending}": written.read(f"{stem}.{ending}")
        for stem, ending in (name.rsplit(".", 1) for name in written.namelist())
        if stem != "schema"
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in [*sorted(files.items()), ("schema.json", schema.encode())]:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return target.getvalue()


def _one_thread() -> AbstractContextManager[object]:
    """Threads of OpenMP wait for each other far longer than a row takes to score."""
    return _threads().limit(limits=1, user_api="openmp")  # type: ignore[no-any-return]


@cache
def _threads() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@cache
def _shap() -> Any:
    """The package, its loops not compiled: that takes seconds, and saves none here."""
    try:
        import numba

        settings: Any = numba.config
        compiles, settings.DISABLE_JIT = settings.DISABLE_JIT, True
        try:
            import shap
        finally:
            settings.DISABLE_JIT = compiles
    except ModuleNotFoundError:
        raise missing_extra("shap") from None
    return shap
