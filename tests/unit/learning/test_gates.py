"""Gates: how they are written, what they compare, and what they say where they cannot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headwater.errors import HeadwaterError, Place
from headwater.learning.gates import DEFAULT_GATES, NAMES, judge, parse_gate
from headwater.learning.report import Campaign, Evaluation, Figure, Leak, TrainingReport


def evaluation(auc: float | None, error: float = 0.02) -> Evaluation:
    spread = (None, None) if auc is None else (auc - 0.05, auc + 0.05)
    figures = {
        "auc": Figure(auc, *spread),
        "calibration_error": Figure(error, 0.0, error + 0.01),
        "log_loss": Figure(0.4, 0.3, 0.5),
    }
    return Evaluation(rows=500, positives=120, figures=figures)


REPORT = TrainingReport(
    algorithm="xgboost",
    parameters={},
    seed=0,
    split_mode="time",
    parts=(),
    embargoed=0,
    test=evaluation(0.80),
    baselines={
        "majority": evaluation(0.5),
        "recency": evaluation(0.74),
        "logistic": evaluation(0.79),
    },
)
CHAMPION = replace(REPORT, champion=evaluation(0.805))
ALARM = Leak(check="freeze", feature="x", alarm=True, measured=1.0, limit=0.0, text="x differs")


def passes(text: str, report: TrainingReport = REPORT) -> bool:
    (result,) = judge([parse_gate(text)], report)
    return result.passed


@pytest.mark.parametrize(
    ("text", "left", "operator", "right", "plus"),
    [
        ("auc > baseline.auc", "auc", ">", "baseline.auc", 0.0),
        ("auc > baseline", "auc", ">", "baseline.auc", 0.0),
        ("auc.low>baseline.logistic", "auc.low", ">", "baseline.logistic.auc.low", 0.0),
        ("AUC >= champion.auc - 0.01", "auc", ">=", "champion.auc", -0.01),
        ("auc >= champion + .005", "auc", ">=", "champion.auc", 0.005),
        ("ece <= 0.03", "calibration_error", "<=", 0.03, 0.0),
        ("baseline.ece > 1e-3", "baseline.calibration_error", ">", 0.001, 0.0),
        ("leakage: none", "leaks", "=", 0.0, 0.0),
        ("leaks == 0", "leaks", "=", 0.0, 0.0),
        ("champion < auc", "champion.auc", "<", "auc", 0.0),
        ("campaign.roi > 0", "campaign.roi", ">", 0.0, 0.0),
    ],
)
def test_gates_as_written(
    text: str, left: str, operator: str, right: str | float, plus: float
) -> None:
    gate = parse_gate(text, Place("models/churn.yml", 7))
    assert (gate.left, gate.operator, gate.right, gate.plus) == (left, operator, right, plus)
    assert gate.text == text
    assert gate.place.line == 7


@pytest.mark.parametrize(
    "text", ["", "auc", "auc >", "> 0.5", "auc is good", "auc > 0.5 + x", "auc: 0.7", "1 < 2 3"]
)
def test_what_is_no_condition(text: str) -> None:
    with pytest.raises(HeadwaterError, match="E030") as raised:
        parse_gate(text, Place("models/churn.yml", 7))
    assert raised.value.issues[0].place.line == 7


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("acu > 0.7", "did you mean `auc`?"),
        ("auc > baseline.logistics.auc", "did you mean `baseline.logistic.auc`?"),
        ("calibration_eror <= 0.03", "did you mean `calibration_error`?"),
        ("auc > champignon.auc", "did you mean `champion.auc`?"),
    ],
)
def test_an_unknown_figure_is_told_with_the_nearest(text: str, near: str) -> None:
    with pytest.raises(HeadwaterError, match="E031") as raised:
        parse_gate(text, Place("models/churn.yml", 7))
    assert raised.value.issues[0].fix == near


def test_every_name_can_be_asked_for() -> None:
    report = replace(
        CHAMPION,
        campaign=Campaign(threshold=0.5, contacted=10, profit=20.0, cost=20.0, roi=1.0),
    )
    for name in NAMES:
        (result,) = judge([parse_gate(f"{name} > -1")], report)
        has = name.split(".")[-1] in {"pr_auc", "brier", "lift"} or ".pr_auc." in f".{name}."
        has = has or ".brier." in f".{name}." or ".lift." in f".{name}."
        assert result.passed is not has, name  # of the figures that this report lacks


def test_figures_are_compared() -> None:
    assert passes("auc > baseline.auc")
    assert passes("auc > baseline.logistic.auc")
    assert not passes("auc.low > baseline.logistic.auc")
    assert passes("calibration_error <= 0.02")
    assert not passes("calibration_error < 0.02")
    assert passes("log_loss.high = 0.5")
    assert passes("rows >= 500")
    assert not passes("auc > champion.auc", CHAMPION)
    assert passes("auc >= champion.auc - 0.01", CHAMPION)
    (result,) = judge([parse_gate("auc >= champion.auc - 0.01")], CHAMPION)
    assert result.right == pytest.approx(0.795)


def test_the_baseline_is_recency_or_else_majority() -> None:
    baselines = {"majority": evaluation(0.5)}
    assert passes("auc > baseline.auc", replace(REPORT, baselines=baselines))
    assert not passes("auc > baseline.recency.auc", replace(REPORT, baselines=baselines))


def test_without_a_champion_its_gates_pass_and_say_so() -> None:
    (result,) = judge([parse_gate("auc > champion.auc")], REPORT)
    assert result.passed
    assert result.right is None
    assert result.note == "there is no published version to compare with"


def test_what_could_not_be_measured_fails() -> None:
    (result,) = judge([parse_gate("auc > 0.5")], replace(REPORT, test=evaluation(None)))
    assert not result.passed
    assert result.note == "auc could not be measured"
    assert not passes("campaign.roi > 0")


def test_leaks_are_alarms() -> None:
    quiet = replace(ALARM, alarm=False)
    assert passes("leaks = 0", replace(REPORT, leaks=(quiet,)))
    assert not passes("leaks = 0", replace(REPORT, leaks=(quiet, ALARM)))
    (result,) = judge([parse_gate("leaks = 0")], replace(REPORT, audited=False))
    assert result.passed
    assert result.note == "the audit for leaks is switched off"


def test_the_defaults() -> None:
    assert [gate.text for gate in DEFAULT_GATES] == [
        "auc > baseline.auc",
        "calibration_error <= 0.03",
        "leaks = 0",
    ]
    assert all(result.passed for result in judge(DEFAULT_GATES, REPORT))
