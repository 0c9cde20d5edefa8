"""Gates: conditions on the figures of a training, without which a model is not published.

`auc > baseline.auc`, `calibration_error <= 0.03`, `leaks = 0`, `auc.low >= champion.auc - 0.01`,
`campaign.roi > 0`. A figure is one of the test rows, or another model's on the same rows:
`champion` is the version that is published now, `baseline.recency`, `baseline.logistic` and
`baseline.majority` are trained beside; `baseline` alone is recency, or majority where no feature
says how long ago. An evaluation without a figure has the figure of the other side.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping

from headwater.errors import HeadwaterError, Issue, Place, did_you_mean
from headwater.learning.model import Gate
from headwater.learning.report import Evaluation, GateResult, TrainingReport

FIGURES = ("auc", "pr_auc", "log_loss", "brier", "lift", "calibration_error")
BASELINES = ("recency", "logistic", "majority")
_CAMPAIGN = ("threshold", "contacted", "profit", "cost", "roi")
_COUNTS = ("rows", "positives")
_SYNONYMS = {"ece": "calibration_error", "leakage": "leaks", "none": "0"}
_OTHERS = ("baseline", *(f"baseline.{name}" for name in BASELINES), "champion")

_BOUNDED = FIGURES + tuple(f"{figure}.{bound}" for figure in FIGURES for bound in ("low", "high"))
#: Everything that a gate can name.
NAMES = (
    *_BOUNDED,
    *_COUNTS,
    *(f"{other}.{figure}" for other in _OTHERS for figure in _BOUNDED),
    *(f"campaign.{part}" for part in _CAMPAIGN),
    "leaks",
)

_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}
_GATE = re.compile(
    r"(?P<left>[\w.]+)\s*(?P<operator><=|>=|==|<|>|=|:)\s*"
    r"(?:(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)"
    r"|(?P<right>[a-z_][\w.]*)(?:\s*(?P<sign>[+-])\s*(?P<plus>\d+\.?\d*|\.\d+))?)",
    re.IGNORECASE,
)
_FIX = "such as `auc > baseline.auc`, `calibration_error <= 0.03`, `auc >= champion.auc - 0.01`"


def parse_gate(text: str, place: Place = Place()) -> Gate:
    """A gate as written; HeadwaterError with E030, or E031 where it names no figure.

    >>> gate = parse_gate("auc >= champion - 0.01")
    >>> gate.left, gate.operator, gate.right, gate.plus
    ('auc', '>=', 'champion.auc', -0.01)
    """
    found = _GATE.fullmatch(text.strip())
    if found is None or (found["operator"] == ":" and _known(found["left"]) != "leaks"):
        what = f"`{text}` is no condition on figures"
        raise HeadwaterError(Issue(code="E030", what=what, place=place, fix=_FIX))
    left, right = _known(found["left"]), _known(found["right"] or "")
    if right == "0":
        number, right = 0.0, ""
    else:
        number = float(found["number"] or 0.0)
    if left in _OTHERS and right in _BOUNDED:
        left = f"{left}.{right}"
    elif right in _OTHERS and left in _BOUNDED:
        right = f"{right}.{left}"
    wrong = [_unknown(name, text, place) for name in (left, right) if name and name not in NAMES]
    if wrong:
        raise HeadwaterError(*wrong)
    symbol = "=" if found["operator"] in {"==", ":"} else found["operator"]
    return Gate(
        text=text.strip(),
        left=left,
        operator=symbol,  # type: ignore[arg-type]  # the pattern knows no other
        right=right or number,
        plus=float((found["sign"] or "") + (found["plus"] or "0")),
        place=place,
    )


def judge(gates: Iterable[Gate], report: TrainingReport) -> tuple[GateResult, ...]:
    """Each gate with the numbers that it compared.

    A gate on the champion passes where nothing is published yet. One on a figure that could not be
    measured, as of test rows of one class, fails.
    """
    return tuple(_judge(gate, report) for gate in gates)


def _judge(gate: Gate, report: TrainingReport) -> GateResult:
    names = [name for name in (gate.left, gate.right) if isinstance(name, str)]
    left = _value(gate.left, report)
    right = _value(gate.right, report) if isinstance(gate.right, str) else gate.right
    if right is not None:
        right += gate.plus
    missing = [name for name in names if _value(name, report) is None]
    if report.champion is None and any(name.startswith("champion.") for name in names):
        passed, note = True, "there is no published version to compare with"
    elif left is None or right is None:
        passed, note = False, f"{' and '.join(missing)} could not be measured"
    else:
        passed = _COMPARED[gate.operator](left, right)
        is_blind = "leaks" in names and not report.audited
        note = "the audit for leaks is switched off" if is_blind else ""
    return GateResult(text=gate.text, passed=passed, left=left, right=right, note=note)


def _value(name: str, report: TrainingReport) -> float | None:
    """A figure by its full name."""
    if name == "leaks":
        return float(sum(leak.alarm for leak in report.leaks))
    first, _, rest = name.partition(".")
    if first == "campaign":
        return None if report.campaign is None else getattr(report.campaign, rest)
    if first == "champion":
        return _figure(report.champion, rest)
    if first != "baseline":
        return _figure(report.test, name)
    baseline, _, figure = rest.partition(".")
    if baseline in BASELINES:
        return _figure(report.baselines.get(baseline), figure)
    found = report.baselines.get("recency") or report.baselines.get("majority")
    return _figure(found, rest)


def _figure(evaluation: Evaluation | None, name: str) -> float | None:
    if evaluation is None:
        return None
    if name in _COUNTS:
        return float(evaluation.rows if name == "rows" else evaluation.positives)
    figure, _, bound = name.partition(".")
    found = evaluation.figures.get(figure)
    if found is None:
        return None
    return {"": found.value, "low": found.low, "high": found.high}[bound]


def _known(name: str) -> str:
    """A name with synonyms replaced, part by part."""
    return ".".join(_SYNONYMS.get(part, part) for part in name.casefold().split("."))


def _unknown(name: str, text: str, place: Place) -> Issue:
    return Issue(
        code="E031",
        what=f"the gate `{text}` asks for `{name}`, which is no figure of a training",
        place=place,
        fix=did_you_mean(name, NAMES, otherwise=f"figures are {', '.join(FIGURES)} and leaks"),
    )


#: What a model has to meet where its file declares no gates.
DEFAULT_GATES = tuple(
    parse_gate(text) for text in ("auc > baseline.auc", "calibration_error <= 0.03", "leaks = 0")
)
