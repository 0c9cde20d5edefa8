"""What is told of a version in a line."""

from __future__ import annotations

import pytest

from headwater.kinds.model.versions import gate_text
from headwater.learning.report import GateResult


def gate(text: str, left: float | None, right: float | None) -> GateResult:
    return GateResult(text=text, passed=False, left=left, right=right)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (gate("calibration_error <= 0.03", 0.0412, 0.03), "calibration_error <= 0.03 (0.041)"),
        (gate("calibration_error <= 0.03", 0.0304, 0.03), "calibration_error <= 0.03 (0.0304)"),
        (
            gate("auc > baseline.auc", 0.70001, 0.70002),
            "auc > baseline.auc (0.70001 against 0.70002)",
        ),
        (gate("leaks = 0", 1.0, 0.0), "leaks = 0 (1)"),
        (gate("rows > 5000", 4999.0, 5000.0), "rows > 5000 (4999)"),
        (gate("auc > 0.5", None, 0.5), "auc > 0.5 (–)"),
    ],
)
def test_a_gate_shows_enough_digits_to_see_how_it_was_decided(
    given: GateResult, shown: str
) -> None:
    assert gate_text(given) == shown
