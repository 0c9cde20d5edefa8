"""The audit for leaks: whether a model knows what nobody could know when it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from headwater.learning.fitting import Trained
from headwater.learning.model import LearningSpec
from headwater.learning.report import Leak


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on the audit alarms."""

    single_auc: float = 0.95  # of one feature alone
    apart_auc: float = 0.90  # the same, where it is also …
    apart_by: float = 0.15  # … so far above any other feature
    missing_auc: float = 0.75  # of whether a feature is missing
    missing_gap: float = 0.5  # between the shares of positives with and without it, surely
    lagged_drop: float = 0.02  # of the model's AUC on features of a day earlier, surely


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """How well one source says what was loaded when; counts as `run.known.KnownHistory` has them.

    `is_told`: load times are known at all; `is_used`: the training set was computed by them.
    """

    source: str
    is_told: bool = True
    is_used: bool = True
    corrections: int = 0  # stretches of days that later loads replaced
    merged: int = 0  # those of them that a change of definitions took over
    missing_files: int = 0  # files of replaced content that vacuum took


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the audit may have besides the rows; a check without its own is left out.

    `lagged` are the same rows in the same order with features as of a day earlier. `frozen` are the
    rows with `at` up to `cut`, in any order, computed anew from data that end at `cut`.
    """

    lagged: pa.Table | None = None
    frozen: pa.Table | None = None
    cut: datetime | None = None
    availability: tuple[Availability, ...] = ()


def audit_rows(
    rows: pa.Table,
    trained: Trained,
    spec: LearningSpec,
    evidence: Evidence = Evidence(),
    limits: Limits = Limits(),
) -> tuple[Leak, ...]:
    """What the audit found, alarms first."""
    raise NotImplementedError
