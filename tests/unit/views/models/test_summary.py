"""What a card says of a training is what the training found."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.views.models.example import evaluation, report

from headwater.learning.report import Campaign, Figure, Leak
from headwater.semantics.formats import NumberFormat, parse_format
from headwater.views.models.summary import summary_of, warnings_of

GBP: NumberFormat = parse_format("gbp")


def said(**changed: object) -> str:
    first, rest = summary_of(report(**changed), GBP)
    return f"{first} {rest}".replace("\u00a0", " ")


def test_a_good_training() -> None:
    text = said()
    assert "On 4,312 rows of May 2011 to September 2011" in text
    assert "its AUC is 0.792 (0.773–0.810)." in text
    assert "better than recency alone (0.741)" in text
    assert "not clearly better than logistic (0.778)" in text
    assert "off by 2.1 points" in text
    assert "£1,940" in text
    assert "raised no alarm. All 3 gates passed." in text
    assert warnings_of(report()) == ()


def test_the_difference_on_the_same_rows_decides() -> None:
    sure = {"logistic": Figure(0.014, 0.006, 0.022), "recency": Figure(0.05, -0.01, 0.11)}
    text = said(gains=sure)
    assert "better than logistic (0.778)" in text
    assert "clearly better than logistic" not in text
    assert "not clearly better than recency alone" in text


def test_what_is_worse_is_called_so() -> None:
    assert "no better than recency alone (0.741)" in said(test=evaluation(0.72))
    assert "no better than chance" in said(test=evaluation(0.51))


def test_rows_of_one_class_tell_nothing() -> None:
    nothing = replace(evaluation(0.7), figures={"auc": Figure(None)}, deciles=())
    text = said(test=nothing)
    assert "of one class: nothing is told" in text
    assert "better than" not in text


def test_marks_of_a_random_split_a_missing_audit_and_leaks() -> None:
    alarm = Leak(
        check="single_feature", feature="cancelled", alarm=True, measured=0.99, limit=0.95, text=""
    )
    found = report(split_mode="random", audited=False, leaks=(alarm,))
    assert len(warnings_of(found)) == 3
    assert "likely better than the truth" in summary_of(found, GBP)[0]
    assert "The leakage audit was switched off." in summary_of(found, GBP)[1]
    assert "raised 1 alarm: cancelled." in said(leaks=(alarm,))


def test_a_campaign_that_pays_nobody() -> None:
    best = Campaign(threshold=None, contacted=0, profit=0.0, cost=0.0, roi=None)
    assert "no threshold makes a profit" in said(campaign=best)


def test_failed_gates_are_named() -> None:
    gates = report().gates
    text = said(gates=(replace(gates[0], passed=False), *gates[1:]))
    assert "1 of 3 gates failed: auc > baseline.auc." in text
    assert "It has no gates." in said(gates=())
