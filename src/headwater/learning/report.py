"""What a training found, frozen: it is kept with the model, shown on its card, read by gates.

All of it goes to JSON and back (`learning.report_json`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its interval of 95 % confidence; the bounds are None where there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPart:
    """One part of the rows: moments from `first` to `last`."""

    name: str  # train | calibrate | test
    rows: int
    positives: int
    entities: int
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Decile:
    """Rows of the test by predicted score, tenths in rising order."""

    number: int
    rows: int
    low: float
    high: float
    predicted: float  # mean
    observed: float  # share of positives
    lift: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """How well scores meet labels.

    Figures: `auc`, `pr_auc`, `log_loss`, `brier`, `lift` (of the top tenth), `calibration_error`
    (expected, by tenths).
    """

    rows: int
    positives: int
    figures: Mapping[str, Figure]
    deciles: tuple[Decile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEvaluation:
    """The same for the rows of one group."""

    column: str
    group: str
    rows: int
    positives: int
    auc: Figure
    calibration_error: Figure
    mean_score: float
    share_positive: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """The threshold that maximises the declared profit, and what it brings.

    It is chosen on the calibration rows, and all else is measured on the test rows. Without a
    threshold nobody is worth the cost of contacting.
    """

    threshold: float | None  # contact those who score as high
    contacted: int
    profit: float
    cost: float
    roi: float | None  # (incremental profit − cost) / cost
    profit_low: float | None = None  # its interval of 95 %
    profit_high: float | None = None
    curve: tuple[tuple[float, float], ...] = ()  # share contacted → profit


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """One finding of the leakage audit. `alarm` counts for the gate `leaks = 0`."""

    check: Literal[
        "availability", "freeze", "single_feature", "lagged", "missingness", "entity_overlap"
    ]
    feature: str
    alarm: bool
    measured: float | None
    limit: float | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """A feature's mean absolute contribution (SHAP, in log-odds), and its partial dependence.

    `dependence` is value, or category, → mean score.
    """

    feature: str
    contribution: float
    dependence: tuple[tuple[float | str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """One gate with the numbers that it compared."""

    text: str
    passed: bool
    left: float | None
    right: float | None
    note: str = ""  # why it passed or failed without comparing


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One combination of the search, by its mean log loss over the folds in time."""

    parameters: Mapping[str, object]
    log_loss: float
    auc: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestOrigin:
    """Trained on what was there before `origin`, tested on the period after it."""

    origin: date
    train_rows: int
    test_rows: int
    auc: Figure
    log_loss: Figure
    calibration_error: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceBins:
    """How a column was distributed in training, to compare later rows with (PSI).

    `edges` bound the bins of a number, `categories` name those of a text; shares are one a bin and
    one more for missing values (and, of texts, one for others before it).
    """

    column: str
    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    rows: int = 0  # that were counted


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingReport:
    """Everything that a model card shows of one training."""

    algorithm: str
    parameters: Mapping[str, object]
    seed: int
    split_mode: str  # `random` is marked wherever the model is shown
    parts: tuple[SplitPart, ...]
    embargoed: int  # rows in no part
    test: Evaluation  # of the calibrated model
    baselines: Mapping[str, Evaluation]  # majority, recency, logistic
    champion: Evaluation | None = None  # the version published now, on the same rows
    #: `majority`, `recency`, `logistic`, `champion` → by how much the AUC exceeds theirs
    gains: Mapping[str, Figure] = field(default_factory=dict)
    calibration: str = ""  # platt | isotonic | none
    uncalibrated: Evaluation | None = None
    groups: tuple[GroupEvaluation, ...] = ()
    campaign: Campaign | None = None
    importance: tuple[Importance, ...] = ()
    explained_by: str = ""  # `exact` (trees, linear) or `sampled`
    leaks: tuple[Leak, ...] = ()
    audited: bool = True
    gates: tuple[GateResult, ...] = ()
    search: tuple[Trial, ...] = ()
    backtest: tuple[BacktestOrigin, ...] = ()
    reference: tuple[ReferenceBins, ...] = ()  # of every feature, and of `score`
    environment: Mapping[str, str] = field(default_factory=dict)  # library → version
    warnings: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all gates were met."""
        return all(gate.passed for gate in self.gates)
