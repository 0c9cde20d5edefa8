"""What a training says and what it may see, worked out with numpy and scikit-learn alone."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    roc_auc_score,
)
from tests.unit.learning.customers import customers, spec

from headwater.learning.fitting import Trained, fit
from headwater.learning.model import LearningSpec, Profit, Span, SplitSpec
from headwater.learning.reporting import report_of

ROWS = customers(100)
HORIZON = timedelta(days=90)
SPANS = SplitSpec(
    calibrate=Span(date(2010, 10, 1), date(2011, 1, 1)),
    test=Span(date(2011, 5, 1), date(2011, 9, 1)),
    embargo=HORIZON,
    origins=1,
)
PROFIT = Profit(cost=2, gain=40, response=0.1)
SEARCH = {"max_depth": (2, 3), "learning_rate": (0.05, 0.2)}
ASKED = {
    "xgboost": spec(parameters={}, search=SEARCH, split=SPANS, profit=PROFIT),
    "lightgbm": spec(algorithm="lightgbm", parameters={}, search=SEARCH, split=SPANS),
    "logistic": spec(algorithm="logistic", parameters={}, split=SPANS),
}


@pytest.fixture(scope="module")
def xgboost() -> Trained:
    """One training."""
    return fit(ROWS, ASKED["xgboost"])


def parts_by_hand() -> np.ndarray:
    """The part of each row, a row at a time."""
    parts = []
    for at in ROWS["as_of"].to_pylist():
        known = (at + HORIZON).date()  # everything before that day was seen
        if date(2011, 5, 1) <= at.date() < date(2011, 9, 1):
            parts.append("test")
        elif date(2010, 10, 1) <= at.date() < date(2011, 1, 1):
            parts.append("calibrate" if known <= date(2011, 5, 1) else "")
        else:
            parts.append("train" if known <= date(2010, 10, 1) else "")
    return np.array(parts)


def changed(inside: np.ndarray) -> pa.Table:
    """The rows with other labels and features in a part."""
    labels, recency = ROWS["label"].to_numpy(), ROWS["days_since_order"].to_numpy()
    orders, places = ROWS["orders_90d"].to_numpy(), ROWS["country"].to_pylist()
    other = [f"elsewhere {n % 7}" if hit else place
             for n, (hit, place) in enumerate(zip(inside, places, strict=True))]  # fmt: skip
    return (
        ROWS.set_column(2, "label", pa.array(np.where(inside, ~labels, labels)))
        .set_column(3, "days_since_order", pa.array(np.where(inside, -7 * recency, recency)))
        .set_column(4, "orders_90d", pa.array(np.where(inside, 1000 - orders, orders)))
        .set_column(ROWS.column_names.index("country"), "country", pa.array(other))
    )


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_later_rows_teach_nothing(asked: LearningSpec) -> None:
    parts = parts_by_hand()
    trained = fit(ROWS, asked)
    assert trained.splits.tolist() == parts.tolist()
    model = trained.model
    tested = fit(changed((parts == "test") | (parts == "")), asked)
    assert tested.model.estimator.dump() == model.estimator.dump()
    assert tested.model.encoder.encodings == model.encoder.encodings
    assert tested.model.calibrator == model.calibrator
    assert tested.trials == trained.trials
    calibrated = fit(changed(parts == "calibrate"), asked)
    assert calibrated.model.estimator.dump() == model.estimator.dump()
    assert calibrated.trials == trained.trials
    assert calibrated.model.calibrator != model.calibrator


def tenths(labels: np.ndarray, scores: np.ndarray) -> list[tuple[int, float, float]]:
    """Rows, mean score and share of positives of each tenth; equal scores lie at their middle."""
    rising, tenth = sorted(scores.tolist()), {}
    for score in set(rising):
        middle = rising.index(score) + rising.count(score) / 2
        tenth[score] = min(int(10 * middle / len(rising)), 9)
    of_row = np.array([tenth[score] for score in scores.tolist()])
    return [
        (int(inside.sum()), scores[inside].mean(), labels[inside].mean())
        for number in sorted(set(of_row.tolist()))
        for inside in [of_row == number]
    ]


def lift(labels: np.ndarray, scores: np.ndarray) -> float:
    """Positives among the highest tenth over all; a score at its border counts in proportion."""
    left, found = len(labels) / 10, 0.0
    for score in sorted(set(scores.tolist()), reverse=True):
        inside = scores == score
        share = min(1.0, left / inside.sum())
        found, left = found + share * labels[inside].sum(), left - share * inside.sum()
        if left <= 0:
            break
    return float(found / (len(labels) / 10) / labels.mean())


def test_figures_are_those_of_scikit_learn(xgboost: Trained) -> None:
    report = report_of(xgboost, ROWS, ASKED["xgboost"])
    parts, scores = parts_by_hand(), xgboost.model.score_table(ROWS)
    all_labels = ROWS["label"].to_numpy()
    labels, test = all_labels[parts == "test"], scores[parts == "test"]
    divided = tenths(labels, test)
    by_hand = {
        "auc": roc_auc_score(labels, test),
        "pr_auc": average_precision_score(labels, test),
        "log_loss": log_loss(labels, test),
        "brier": brier_score_loss(labels, test),
        "calibration_error": sum(n * abs(p - y) for n, p, y in divided) / len(labels),
        "lift": lift(labels, test),
    }
    told = {name: figure.value for name, figure in report.test.figures.items()}
    assert told == pytest.approx(by_hand, abs=1e-12)
    assert [(d.rows, d.predicted, d.observed) for d in report.test.deciles] == [
        pytest.approx(each, abs=1e-12) for each in divided
    ]


def test_a_campaign_is_chosen_on_calibration_rows_and_measured_on_test_rows(
    xgboost: Trained,
) -> None:
    asked = ASKED["xgboost"]
    parts, scores = parts_by_hand(), xgboost.model.score_table(ROWS)
    labels = ROWS["label"].to_numpy()

    def profit(part: str, threshold: float) -> float:
        contacted = labels[(parts == part) & (scores >= threshold)]
        return float(0.1 * 40 * contacted.sum() - 2 * len(contacted))

    candidates = sorted(set(scores[parts == "calibrate"].tolist()), reverse=True)
    best = max(candidates, key=lambda threshold: profit("calibrate", threshold))
    campaign = report_of(xgboost, ROWS, asked).campaign
    assert campaign is not None
    assert campaign.threshold == best
    contacted = int(((parts == "test") & (scores >= best)).sum())
    assert campaign.contacted == contacted
    assert campaign.profit == pytest.approx(profit("test", best))
    assert campaign.roi == pytest.approx(profit("test", best) / (2 * contacted))
    elsewhere = changed(parts == "test")
    other = report_of(xgboost, elsewhere, asked).campaign
    assert other is not None
    assert other.threshold == best
    assert other.profit != campaign.profit
