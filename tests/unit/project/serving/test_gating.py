"""What follows from the figures of a challenger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from headwater.errors import UsageError
from headwater.project.serving.deploying import Deployment, parse_gates, parse_share, parse_span
from headwater.project.serving.gating import DEFAULT_GATES, Figure, Standing, judge, parse_gate

BEGAN = datetime(2024, 3, 1, tzinfo=UTC)
ENDS = BEGAN + timedelta(hours=1)
GOOD: dict[str, float | None] = {
    "errors": 0.0,
    "p95_ms": 1.0,
    "score_psi": 0.01,
    "calibration_error": None,
}
TRIED = Deployment(
    id="1", model="churn", version=8, champion=7, share=0.1, began_at=BEGAN, ends_at=ENDS, by="ann"
)


def standing(requests: int = 1_000, **figures: float | None) -> Standing:
    return Standing(
        requests=requests,
        champion_requests=9_000,
        figures=cast("dict[Figure, float | None]", GOOD | figures),
    )


@pytest.mark.parametrize(
    ("given", "wall", "action", "told"),
    [
        (standing(), BEGAN, "wait", "1,000 requests"),
        (standing(), ENDS, "promote", "errors <= 1% (is 0.00%)"),
        (standing(99), ENDS, "wait", "99 of 100 requests"),
        (standing(99, errors=1.0), ENDS, "wait", "99 of 100 requests"),
        (standing(errors=0.02), BEGAN, "roll back", "errors <= 1% (is 2.00%)"),
        (standing(p95_ms=7.0), BEGAN, "roll back", "p95_ms <= 5 (is 7)"),
        (standing(score_psi=0.3), ENDS, "roll back", "score_psi <= 0.2 (is 0.3)"),
        (standing(score_psi=None), ENDS, "promote", ""),
        (standing(calibration_error=0.06), ENDS, "roll back", "calibration_error"),
    ],
)
def test_verdicts(given: Standing, wall: datetime, action: str, told: str) -> None:
    verdict = judge(TRIED, given, wall)
    assert verdict.action == action
    assert told in verdict.text


def test_gates_that_are_given_take_the_place_of_their_own() -> None:
    gates = parse_gates(["p95_ms <= 50"])
    assert len(gates) == len(DEFAULT_GATES)
    tried = replace(TRIED, gates=gates)
    assert judge(tried, standing(p95_ms=40.0), ENDS).action == "promote"


@pytest.mark.parametrize("text", ["errors", "errors >= 1%", "errors <= x", "eror <= 1%", ""])
def test_gates_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="E072"):
        parse_gate(text)


@pytest.mark.parametrize("text", ["0", "100%", "1", "-5%", "x", "nan", "inf", ""])
def test_shares_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="E071"):
        parse_share(text)


@pytest.mark.parametrize("text", ["0h", "91d", "tomorrow", "", "99999999999999999y"])
def test_spans_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="E071"):
        parse_span(text)
