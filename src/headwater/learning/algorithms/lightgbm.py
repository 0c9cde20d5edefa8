"""LightGBM: trees kept in its own text format, scored through its documented C interface.

One thread everywhere: training gives the same bytes, and no thread waits for work beside a row.
"""

from __future__ import annotations

import ctypes
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

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

DEFAULTS: Mapping[str, object] = {
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "feature_fraction": 0.8,
    "lambda_l2": 1.0,
}
#: Trees that are grown where nothing tells when to stop; the most there are; rounds of patience.
ROUNDS, MOST_ROUNDS, PATIENCE = 200, 1_000, 50
_FIXED = {
    "objective": "binary",
    "metric": "binary_logloss",
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
_FLOAT64, _RAW, _CONTRIBUTIONS = 1, 1, 3  # constants of the C interface
_ONE_THREAD = b"num_threads=1 verbosity=-1"
_OUTPUT = ctypes.POINTER(ctypes.c_double)


class LightgbmEstimator:
    """Trees, ready to score."""

    def __init__(self, content: bytes, width: int) -> None:
        self._content = content
        self._width = width
        self._booster, self._rounds = _booster(content)
        self._local = threading.local()

    @property
    def width(self) -> int:
        """The columns that the trees were grown on."""
        count = ctypes.c_int()
        _call("LGBM_BoosterGetNumFeature", self._booster.pointer, ctypes.byref(count))
        return count.value

    @property
    def is_exact(self) -> bool:
        """TreeSHAP is exact."""
        return True

    @property
    def grown(self) -> Mapping[str, object]:
        """How many trees there are."""
        return {"n_estimators": self._rounds}

    def margins(self, matrix: Numbers) -> Numbers:
        """The log-odds of each row."""
        return self._predict(matrix, _RAW, 1)[:, 0]

    def margin(self, row: Sequence[float]) -> float:
        """The same number for one row, by way of a buffer and a setting that each thread keeps."""
        try:
            score = self._local.score
        except AttributeError:
            score = self._local.score = self._single()
        return float(score(row))

    def contributions(self, matrix: Numbers) -> Numbers:
        """Exact TreeSHAP, and the base."""
        return self._predict(matrix, _CONTRIBUTIONS, self._width + 1)

    def dump(self) -> bytes:
        """Its trees as text."""
        return self._content

    def _predict(self, matrix: Numbers, what: int, outputs: int) -> Numbers:
        rows = np.ascontiguousarray(matrix, dtype=np.float64)
        found = np.empty((len(rows), outputs), dtype=np.float64)
        if rows.size:
            _call(
                "LGBM_BoosterPredictForMat",
                self._booster.pointer,
                rows.ctypes.data_as(ctypes.c_void_p),
                _FLOAT64,
                ctypes.c_int32(len(rows)),
                ctypes.c_int32(rows.shape[1]),
                1,  # row by row
                what,
                0,
                -1,
                _ONE_THREAD,
                ctypes.byref(ctypes.c_int64()),
                found.ctypes.data_as(_OUTPUT),
            )
        return found

    def _single(self) -> Callable[[Sequence[float]], float]:
        pointer = ctypes.c_void_p()
        _call(
            "LGBM_BoosterPredictForMatSingleRowFastInit",
            self._booster.pointer,
            _RAW,
            0,
            -1,
            _FLOAT64,
            ctypes.c_int32(self._width),
            _ONE_THREAD,
            ctypes.byref(pointer),
        )
        setting = _Handle(pointer, "LGBM_FastConfigFree", self._booster)
        predict = _library().LGBM_BoosterPredictForMatSingleRowFast
        buffer = (ctypes.c_double * self._width)()
        count, found = ctypes.c_int64(), ctypes.c_double()
        counted, out = ctypes.byref(count), ctypes.byref(found)

        def score(row: Sequence[float]) -> float:
            buffer[:] = list(row)
            if predict(setting.pointer, buffer, counted, out):
                raise RuntimeError(_library().LGBM_GetLastError().decode())
            return found.value

        return score


class _Handle:
    """Something of the library, freed when nothing refers to it, before what it `needs`."""

    def __init__(self, pointer: ctypes.c_void_p, free: str, needs: _Handle | None = None) -> None:
        self.pointer = pointer
        self._free = getattr(_library(), free)
        self._needs = needs

    def __del__(self) -> None:
        self._free(self.pointer)


def _booster(content: bytes) -> tuple[_Handle, int]:
    pointer, rounds = ctypes.c_void_p(), ctypes.c_int()
    _call("LGBM_BoosterLoadModelFromString", content, ctypes.byref(rounds), ctypes.byref(pointer))
    return _Handle(pointer, "LGBM_BoosterFree"), rounds.value


def _call(function: str, *arguments: Any) -> None:
    library = _library()
    if getattr(library, function)(*arguments):
        raise CannotLoadError(library.LGBM_GetLastError().decode()[:200])


@cache
def _library() -> ctypes.CDLL:
    """The library of the package `lightgbm`, without importing the package."""
    found = find_spec("lightgbm")
    if found is None:
        raise missing_extra("lightgbm")
    folders = [Path(folder) for folder in found.submodule_search_locations or ()]
    files = [file for folder in folders for file in sorted(folder.glob("**/lib_lightgbm.*"))]
    if not files:
        raise missing_extra("lightgbm")
    library = ctypes.CDLL(str(files[0]))
    library.LGBM_GetLastError.restype = ctypes.c_char_p
    return library


@cache
def _parameter_names() -> frozenset[str]:
    """All parameters with their aliases, as the library tells them."""
    needed = ctypes.c_int64()
    room = 1 << 20
    text = ctypes.create_string_buffer(room)
    _call("LGBM_DumpParamAliases", ctypes.c_int64(room), ctypes.byref(needed), text)
    aliases: Mapping[str, Sequence[str]] = json.loads(text.value)
    return frozenset([*aliases, *(alias for names in aliases.values() for alias in names)])


@dataclass(frozen=True, slots=True)
class LightgbmAlgorithm:
    """Gradient-boosted trees by LightGBM."""

    name: str = "lightgbm"
    file: str = "model.txt"
    one_hot: bool = False

    @property
    def defaults(self) -> Mapping[str, object]:
        """The parameters where nothing is said."""
        return DEFAULTS

    def check(self, parameters: Mapping[str, object]) -> tuple[Issue, ...]:
        """What is wrong with the names of parameters."""
        known = _parameter_names() - {"early_stopping_round", "early_stopping_rounds"}
        return unknown_parameters(self.name, parameters, known)

    def fit(self, examples: Examples, parameters: Mapping[str, object], seed: int) -> Estimator:
        """Grow trees; how many is found on the watched rows, then all rows are learnt from."""
        try:
            import lightgbm
        except ModuleNotFoundError:
            raise missing_extra("lightgbm") from None
        given = dict(parameters)
        rounds: Any = None
        for name in ("n_estimators", "num_iterations", "num_boost_round"):
            rounds = given.pop(name, rounds)
        options = {**DEFAULTS, **given, **_FIXED, "seed": seed}

        def data(rows: np.ndarray | slice, like: Any = None) -> Any:
            labels = examples.labels[rows].astype(np.float32)
            return lightgbm.Dataset(examples.matrix[rows], labels, reference=like, params=options)

        try:
            if rounds is None and examples.early is not None and examples.watched is not None:
                early = data(examples.early)
                trial = lightgbm.train(
                    options,
                    early,
                    MOST_ROUNDS,
                    valid_sets=[data(examples.watched, early)],
                    callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
                )
                rounds = trial.best_iteration
            rounds = ROUNDS if rounds is None else rounds
            booster = lightgbm.train(options, data(slice(None)), int(rounds))
        except (ValueError, TypeError, lightgbm.basic.LightGBMError) as error:
            raise HeadwaterError(refused_value(self.name, error)) from error
        return self.load(booster.model_to_string().encode(), examples.matrix.shape[1])

    def load(self, content: bytes, width: int) -> Estimator:
        """Read its text."""
        if not content.startswith(b"tree\n") or b"\nend of trees\n" not in content:
            raise CannotLoadError(f"{self.file} is no model of LightGBM")
        try:
            estimator = LightgbmEstimator(content, width)
        except CannotLoadError as error:
            raise CannotLoadError(f"{self.file} cannot be read: {error}") from None
        if estimator.width != width:
            raise CannotLoadError(f"{self.file} is of {estimator.width} columns, not of {width}")
        return estimator
