"""Rows with labels → a calibrated model, and what it has to be compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from headwater.learning.algorithms.protocol import Flags, Numbers
from headwater.learning.model import LearningSpec
from headwater.learning.report import SplitPart, Trial
from headwater.learning.scorer import Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestScores:
    """Rows after `origin`, scored by a model that was trained on what was known before it."""

    origin: date
    train_rows: int
    labels: Flags
    scores: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """All that a training found.

    `splits` says for each row `train`, `calibrate`, `test` or "" (embargoed, or beyond the spans).
    Baselines (`majority`, `recency` where there is one, `logistic`) are scores of the test rows,
    in their order.
    """

    model: Scorer
    uncalibrated: Scorer
    splits: npt.NDArray[np.str_]
    parts: tuple[SplitPart, ...]
    baselines: Mapping[str, Numbers]
    trials: tuple[Trial, ...]
    backtest: tuple[BacktestScores, ...]
    parameters: Mapping[str, object]  # all that were used, with the defaults
    recency: str  # the feature of that baseline; empty: there is none
    warnings: tuple[str, ...]


def fit(rows: pa.Table, spec: LearningSpec, *, threads: int = 2) -> Trained:
    """Train, calibrate and backtest; the same rows and spec give the same bytes."""
    raise NotImplementedError
