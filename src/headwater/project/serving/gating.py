"""What decides about a challenger: gates over figures of what it was asked. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, get_args

from headwater.errors import Issue, UsageError, did_you_mean

if TYPE_CHECKING:
    from headwater.project.serving.deploying import Deployment

#: Share of answers that raised; 95th percentile of the time of one; PSI of its scores against the
#: champion's over the same time; expected calibration error where outcomes are known.
Figure = Literal["errors", "p95_ms", "score_psi", "calibration_error"]
FIGURES: Final[tuple[Figure, ...]] = get_args(Figure)
_GATE: Final = re.compile(r"(\w+)\s*<=\s*(\d+(?:\.\d+)?)\s*(%?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingGate:
    """A figure, and the most that it may be: `errors <= 1%`."""

    figure: Figure
    most: float
    text: str

    def holds(self, value: float | None) -> bool:
        """Whether a figure meets it; one that is not known yet speaks against nothing."""
        return value is None or value <= self.most


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a challenger stands beside its champion, since it began."""

    requests: int  # answers that it was asked for
    champion_requests: int
    figures: Mapping[Figure, float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What follows, and why."""

    action: Literal["wait", "promote", "roll back"]
    text: str


def parse_gate(text: str) -> ServingGate:
    """A gate as written. Code E072.

    >>> parse_gate("errors <= 1%").most, parse_gate("p95_ms<=5").most
    (0.01, 5.0)
    """
    match = _GATE.fullmatch(text.strip())
    if match is None:
        fix = "write `errors <= 1%`, `p95_ms <= 5`, `score_psi <= 0.2`, `calibration_error <= 0.05`"
        raise UsageError(Issue(code="E072", what=f"`{text[:80]}` is no gate", fix=fix))
    for figure in FIGURES:
        if figure == match[1]:
            most = float(match[2]) / (100 if match[3] else 1)
            return ServingGate(figure=figure, most=most, text=text.strip())
    fix = did_you_mean(match[1], FIGURES, ", ".join(FIGURES))
    raise UsageError(Issue(code="E072", what=f"unknown figure `{match[1][:80]}`", fix=fix))


DEFAULT_GATES: Final = tuple(
    map(
        parse_gate,
        ("errors <= 1%", "p95_ms <= 5", "score_psi <= 0.2", "calibration_error <= 0.05"),
    )
)


def judge(deployment: Deployment, standing: Standing, wall: datetime) -> Verdict:
    """Roll back as soon as a gate fails; promote at the end; wait for enough requests.

    `wall` is the time by the machine's clock.
    """
    if standing.requests < deployment.min_requests:
        text = f"{standing.requests:,} of {deployment.min_requests:,} requests"
        return Verdict(action="wait", text=text)
    told = [
        (gate, value, f"{gate.text} (is {figure_text(gate.figure, value)})")
        for gate in deployment.gates
        if (value := standing.figures.get(gate.figure)) is not None
    ]
    broken = [text for gate, value, text in told if not gate.holds(value)]
    asked = f"{standing.requests:,} requests"
    if broken:
        return Verdict(action="roll back", text=", ".join((*broken, asked)))
    text = ", ".join((*(text for *_, text in told), asked))
    return Verdict(action="promote" if wall >= deployment.ends_at else "wait", text=text)


def figure_text(figure: Figure, value: float) -> str:
    """A figure as people read it.

    >>> figure_text("errors", 0.0125), figure_text("p95_ms", 0.81234)
    ('1.25%', '0.812')
    """
    return f"{value:.2%}" if figure == "errors" else f"{value:.3g}"
