"""What is to be learnt, and how: the declared part of a model.

Rows are Arrow tables: the key columns of the entity, `as_of` (the moment of a row, a local
TIMESTAMP), `label` (BOOLEAN), and a column for each feature. Numbers, booleans and dates become
float64, texts become categories.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from headwater.errors import Place

Algorithm = Literal["logistic", "xgboost", "lightgbm", "sklearn", "python"]
CalibrationMethod = Literal["auto", "platt", "isotonic", "none"]
SplitMode = Literal["time", "random"]
#: Parts of the rows; rows whose label's horizon reaches into the next part are in none.
SPLITS = ("train", "calibrate", "test")

AS_OF, LABEL = "as_of", "label"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputColumn:
    """One input of a model."""

    name: str
    type: str  # DuckDB's, as trained on
    is_category: bool = False
    view: str = ""
    on_request: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open local days `[start, end)`."""

    start: date
    end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSpec:
    """Boundaries in time.

    Without spans the last fifth of the moments tests, and the fifth before it calibrates. A row
    trains only if its horizon ends before the next part begins (`embargo`).
    """

    mode: SplitMode = "time"
    train: Span | None = None  # None: everything before
    calibrate: Span | None = None
    test: Span | None = None
    embargo: timedelta = timedelta(0)  # at least the label's horizon; the reader sees to it
    origins: int = 3  # of the backtest


@dataclass(frozen=True, slots=True, kw_only=True)
class Profit:
    """A campaign: what contacting one costs, what one that is won gains, and how many respond."""

    cost: float
    gain: float
    response: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A condition that a model has to meet to be published: `auc > baseline.auc`."""

    text: str  # as written
    left: str  # a figure: `auc`, `calibration_error`, `leaks`, `baseline.auc`, `champion.auc`
    operator: Literal["<", "<=", ">", ">=", "="]
    right: str | float
    plus: float = 0.0  # added to the right side: `champion.auc - 0.01`
    place: Place = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningSpec:
    """Everything that decides what comes out of training on given rows."""

    algorithm: Algorithm = "xgboost"
    estimator: str = ""  # of `sklearn`: `sklearn.ensemble.RandomForestClassifier`
    function: str = ""  # of `python`: the module of the function, `models/churn.py`
    source: str = ""  # of `python`: a digest of what the function may do
    parameters: Mapping[str, object] = field(default_factory=dict)
    search: Mapping[str, tuple[object, ...]] = field(default_factory=dict)  # parameter → values
    trials: int = 20
    seed: int = 0
    keys: tuple[str, ...] = ()
    columns: tuple[InputColumn, ...] = ()
    horizon: timedelta = timedelta(0)
    split: SplitSpec = SplitSpec()
    calibration: CalibrationMethod = "auto"
    recency: str = ""  # the feature of the recency baseline; empty: one is found by its name
    groups: tuple[str, ...] = ()  # columns by which it is evaluated besides
    profit: Profit | None = None
    gates: tuple[Gate, ...] = ()
    leakage: bool = True  # whether the audit runs; off is marked on every page
