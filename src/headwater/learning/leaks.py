"""What the audit for leaks goes by: limits, and the evidence that it may have besides the rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on the audit alarms.

    A measured figure alarms where it reaches its limit, and the lower bound of its interval lies
    no further than `slack` below: a few rows prove nothing.
    """

    single_auc: float = 0.95  # of one feature alone
    apart_auc: float = 0.90  # the same, where it is also …
    apart_by: float = 0.15  # … so far above any other feature
    slack: float = 0.05
    missing_auc: float = 0.75  # of whether a feature is missing
    missing_gap: float = 0.5  # the least gap between shares of positives with and without it
    lagged_drop: float = 0.02  # the least drop of the AUC on features of a day earlier
    untold: float = 0.5  # share of the corrections whose load time cannot be told


LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """How well one source says what was loaded when; counts as `run.known.KnownHistory` has them.

    `is_told`: its load times are known at all; `is_used`: the rows were computed by them.
    """

    source: str
    is_told: bool = True
    is_used: bool = True
    corrections: int = 0  # stretches of days that later loads replaced
    merged: int = 0  # those of them that a change of definitions took over
    missing_files: int = 0  # files of replaced content that vacuum took


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was computed for the audit; a check without its evidence is left out.

    `lagged` has features as of a day earlier. `frozen` has them computed anew from data that end at
    `cut`, for moments up to it. Both have the keys, `at` and the features of rows that were trained
    or tested on, all of them or a sample, in any order.
    """

    lagged: pa.Table | None = None
    frozen: pa.Table | None = None
    cut: datetime | None = None
    availability: tuple[Availability, ...] = ()


NO_EVIDENCE = Evidence()
