"""What the ledger keeps of a version beside its files: enough to list and to compare versions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from headwater.definitions.codec import codec_of
from headwater.features.model import FeatureSet
from headwater.learning.report import Evaluation, Figure, GateResult, TrainingReport

if TYPE_CHECKING:
    from headwater.ledger import Version

#: Figures that are told of a version, in this order.
FIGURES: Final = ("auc", "pr_auc", "log_loss", "brier", "lift", "calibration_error")
REPORT: Final = "report.json"
_GATES: Final = codec_of(tuple[GateResult, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One training in short; the whole report lies with the model.

    `views` are the feature views that it was trained on, with the digests of their meaning, and
    `columns` what it reads, with their types.
    """

    digest: str  # of what scores: equal models have equal ones
    algorithm: str
    figures: Mapping[str, Figure]
    baselines: Mapping[str, float | None]  # their auc
    gates: tuple[GateResult, ...]
    leaks: int
    audited: bool = True
    split_mode: str = "time"
    rows: int = 0
    positives: int = 0
    parameters: Mapping[str, object] = field(default_factory=dict)
    seed: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    training_set: str = ""  # digest of its content keys
    views: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[GateResult, ...]:
        """The gates that it does not meet."""
        return tuple(gate for gate in self.gates if not gate.passed)

    @property
    def mark(self) -> str:
        """What has to stand wherever the model is shown."""
        marks = ["random split"] if self.split_mode == "random" else []
        marks += [] if self.audited else ["not audited for leaks"]
        return ", ".join(marks)


def model_digest(files: Mapping[str, bytes]) -> str:
    """A hash of everything that scores; the report differs with what it is compared to."""
    total = hashlib.sha256()
    for name in sorted(files):
        if name not in (REPORT, "manifest.json"):
            total.update(f"{name}\0{len(files[name])}\0".encode())
            total.update(files[name])
    return total.hexdigest()[:24]


def facts_of(
    report: TrainingReport,
    files: Mapping[str, bytes],
    sets: Sequence[FeatureSet],
    columns: Mapping[str, str],
    training_set: str,
) -> Facts:
    """A training in short."""
    return Facts(
        digest=model_digest(files),
        algorithm=report.algorithm,
        figures={n: report.test.figures[n] for n in FIGURES if n in report.test.figures},
        baselines={name: _auc(found) for name, found in report.baselines.items()},
        gates=report.gates,
        leaks=sum(leak.alarm for leak in report.leaks),
        audited=report.audited,
        split_mode=report.split_mode,
        rows=sum(part.rows for part in report.parts) + report.embargoed,
        positives=sum(part.positives for part in report.parts),
        parameters=report.parameters,
        seed=report.seed,
        environment=report.environment,
        warnings=report.warnings,
        training_set=training_set,
        views={each.view: each.digest for each in sets},
        columns=dict(columns),
    )


def write_facts(facts: Facts) -> str:
    """JSON text for the ledger."""
    return json.dumps(codec_of(Facts).write(facts), separators=(",", ":"), default=str)


def read_facts(version: Version) -> Facts:
    """What `write_facts` wrote, with the gates by which the version was judged last."""
    found: Facts = codec_of(Facts).read(json.loads(version.body))
    if not version.judgement:
        return found
    return replace(found, gates=_GATES.read(json.loads(version.judgement)))


def write_gates(gates: tuple[GateResult, ...]) -> str:
    """JSON text of a judgement, for the ledger."""
    return json.dumps(_GATES.write(gates), separators=(",", ":"))


def summary(facts: Facts) -> str:
    """A training in one line.

    `auc 0.79 [0.77, 0.81]  baseline.recency 0.74   calibration 0.021   leaks 0   → gates passed`.
    """
    parts = [f"auc {interval_text(facts.figures.get('auc'))}"]
    base = "recency" if "recency" in facts.baselines else "majority"
    if base in facts.baselines:
        parts[0] += f"  baseline.{base} {number_text(facts.baselines[base])}"
    error = facts.figures.get("calibration_error")
    parts.append(f"calibration {number_text(error.value if error else None, 3)}")
    parts.append(f"leaks {facts.leaks}" if facts.audited else "leaks not looked for")
    parts += [facts.mark.upper()] if facts.mark else []
    parts.append(f"→ {verdict(facts)}")
    return "   ".join(parts)


def verdict(facts: Facts) -> str:
    """`gates passed`, or the first that failed."""
    failed = facts.failed
    if not facts.gates:
        return "no gates"
    if not failed:
        return "gates passed"
    more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
    return f"failed {gate_text(failed[0])}{more}"


def gate_text(gate: GateResult) -> str:
    """A gate with the numbers that it compared: `calibration_error <= 0.03 (0.041)`."""
    left, right = _apart(gate.left, gate.right)
    is_written = gate.right is None or f"{gate.right:g}" in gate.text
    numbers = [left] if is_written else [left, right]
    note = f", {gate.note}" if gate.note else ""
    return f"{gate.text} ({' against '.join(numbers)}{note})"


def _apart(left: float | None, right: float | None) -> tuple[str, str]:
    """Two numbers with as many digits as show which is greater.

    >>> _apart(0.0304, 0.03), _apart(0.0300004, 0.03), _apart(0.0, 0.0)
    (('0.0304', '0.0300'), ('0.0300004', '0.0300000'), ('0', '0'))
    """
    texts = ("", "")
    for digits in range(3, 17):
        texts = (_gate_number(left, digits), _gate_number(right, digits))
        if left is None or right is None or left == right or float(texts[0]) != float(texts[1]):
            break
    return texts


def _gate_number(value: float | None, digits: int) -> str:
    """As `number_text`; 0 and 1 are counts of leaks."""
    return f"{value:.0f}" if value in (0.0, 1.0) else number_text(value, digits)


def interval_text(figure: Figure | None, digits: int = 2) -> str:
    """`0.79 [0.77, 0.81]`."""
    if figure is None:
        return "–"
    text = number_text(figure.value, digits)
    if figure.low is None or figure.high is None:
        return text
    return f"{text} [{number_text(figure.low, digits)}, {number_text(figure.high, digits)}]"


def number_text(value: float | None, digits: int = 2) -> str:
    """A figure; counts without decimals."""
    if value is None:
        return "–"
    return f"{value:.0f}" if float(value).is_integer() and abs(value) > 1 else f"{value:.{digits}f}"


def _auc(evaluation: Evaluation) -> float | None:
    found = evaluation.figures.get("auc")
    return found.value if found is not None else None
