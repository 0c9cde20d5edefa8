"""What is known of a model in use, over one span of time; kept in the ledger day by day.

New fields come last and have defaults: older notes stay readable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from headwater.learning.drift import Verdict
from headwater.learning.report import Decile, Figure

#: Where rows come from: requests that were answered, or scores and features of the batch side.
Origin = Literal["online", "batch"]
Severity = Literal["warning", "alarm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Answers of one version in one role."""

    version: int
    role: str  # champion | challenger | shadow
    answers: int
    statuses: Mapping[str, int]
    refused: int
    incomplete: int  # answers from a vector in which a feature was missing
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    mean_score: float | None = None

    def share(self, status: str) -> float:
        """The share of one status among all answers."""
        return self.statuses.get(status, 0) / self.answers if self.answers else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How far one column is from training: its PSI, and its shares by bin where they tell more."""

    column: str
    psi: float | None
    chance: float
    rows: int
    verdict: Verdict
    missing: float = 0.0
    bins: tuple[str, ...] = ()
    before: tuple[float, ...] = ()
    now: tuple[float, ...] = ()

    @property
    def most(self) -> tuple[str, float, float] | None:
        """The bin that moved most: its name, its share in training, its share now."""
        found = zip(self.bins, self.before, self.now, strict=True)
        return max(found, key=lambda each: abs(each[2] - each[1]), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """All columns of one version's rows against its training; `day` is that of batch rows."""

    origin: Origin
    version: int
    columns: tuple[Moved, ...]
    day: date | None = None

    @property
    def score(self) -> Moved | None:
        """The scores themselves."""
        return next((each for each in self.columns if each.column == "score"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Scores whose outcome is known since; the moments of the rows are `first` to `last`."""

    origin: Origin
    version: int
    rows: int
    positives: int
    first: date
    last: date
    auc: Figure
    calibration_error: Figure
    deciles: tuple[Decile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The newest batch scores."""

    day: date
    rows: int
    version: int
    late_text: str = ""  # against their objective
    on_time: bool | None = None  # None: without one


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that somebody should look at."""

    severity: Severity
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """One model over the span from `start` to `at`."""

    model: str
    at: datetime
    start: datetime
    published: int | None  # the version
    traffic: tuple[Traffic, ...] = ()
    movements: tuple[Movement, ...] = ()
    outcomes: tuple[Outcomes, ...] = ()
    batch: Batch | None = None
    findings: tuple[Finding, ...] = field(default=())

    @property
    def answers(self) -> int:
        """All answers that somebody got: those in shadow are not among them."""
        return sum(each.answers for each in self.traffic if each.role != "shadow")

    @property
    def worst(self) -> Severity | None:
        """The worst finding."""
        found = {each.severity for each in self.findings}
        return "alarm" if "alarm" in found else "warning" if found else None

    @property
    def champion(self) -> Traffic | None:
        """What the published version answered."""
        found = (each for each in self.traffic if each.role == "champion")
        return max(found, key=lambda each: each.answers, default=None)
