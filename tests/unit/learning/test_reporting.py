"""The report of a training: figures, groups, explanations, all of the test rows."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics
from sklearn.datasets import load_breast_cancer
from tests.unit.learning.customers import COLUMNS, customers, spec

from headwater.errors import HeadwaterError
from headwater.learning.evaluation import evaluate
from headwater.learning.explaining import explain
from headwater.learning.fitting import Trained, fit
from headwater.learning.gates import DEFAULT_GATES
from headwater.learning.groups import groups_of
from headwater.learning.identity import codes_of, entities_of, match
from headwater.learning.model import InputColumn, LearningSpec, Profit, SplitSpec
from headwater.learning.profit import best_threshold
from headwater.learning.report import Figure, Leak, TrainingReport
from headwater.learning.reporting import from_json, report_of, to_json

SPEC = spec(
    gates=DEFAULT_GATES,
    groups=("country", "days_since_order"),
    profit=Profit(cost=2, gain=40, response=0.1),
)


@cache
def learnt() -> tuple[pa.Table, Trained, TrainingReport]:
    rows = customers()
    trained = fit(rows, SPEC, threads=1)
    return rows, trained, report_of(trained, rows, SPEC)


def part(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores of one part."""
    rows, trained, _ = learnt()
    own = rows.filter(pa.array(trained.splits == name))
    return own.column("label").to_numpy().astype(bool), trained.model.score_table(own)


def test_figures_of_a_public_data_set() -> None:
    """Breast cancer, split at random: every figure as scikit-learn has it."""
    data = load_breast_cancer()
    names = [name.replace(" ", "_") for name in data.feature_names[:8]]
    size = len(data.target)
    columns = {name: data.data[:, at] for at, name in enumerate(names)}
    at = np.datetime64("2011-01-01", "us") + np.arange(size)
    rows = pa.table({"id": np.arange(size), "as_of": at, "label": data.target == 1, **columns})
    spec = LearningSpec(
        algorithm="logistic",
        keys=("id",),
        columns=tuple(InputColumn(name=name, type="DOUBLE") for name in names),
        split=SplitSpec(mode="random", origins=1),
    )
    trained = fit(rows, spec, threads=1)
    report = report_of(trained, rows, spec)
    test = rows.filter(pa.array(trained.splits == "test"))
    labels, scores = test.column("label").to_numpy(), trained.model.score_table(test)
    expected = {
        "auc": metrics.roc_auc_score(labels, scores),
        "pr_auc": metrics.average_precision_score(labels, scores),
        "log_loss": metrics.log_loss(labels, scores),
        "brier": metrics.brier_score_loss(labels, scores),
    }
    found = {name: report.test.figures[name].value for name in expected}
    assert found == pytest.approx(expected, abs=1e-12)
    assert report.split_mode == "random"
    for figure in report.test.figures.values():
        assert figure.value is not None
        assert figure.low is not None
        assert figure.high is not None
        assert figure.low <= figure.value <= figure.high


def test_it_is_all_of_the_test_rows() -> None:
    _, trained, report = learnt()
    labels, scores = part("test")
    assert (report.test.rows, report.test.positives) == (len(labels), int(labels.sum()))
    assert report.test.figures["auc"].value == pytest.approx(metrics.roc_auc_score(labels, scores))
    assert set(report.baselines) == {"majority", "recency", "logistic"}
    assert report.baselines["majority"].figures["auc"].value == 0.5
    assert report.uncalibrated is not None
    assert report.calibration == trained.model.calibrator.method
    assert sum(each.rows for each in report.test.deciles) == len(labels)
    assert report.embargoed == int((trained.splits == "").sum())
    assert [gate.text for gate in report.gates] == [gate.text for gate in DEFAULT_GATES]
    assert len(report.backtest) == len(trained.backtest)


def test_gains_are_of_the_same_rows() -> None:
    _, _, report = learnt()
    gain = report.gains["recency"]
    own, other = report.test.figures["auc"].value, report.baselines["recency"].figures["auc"].value
    assert own is not None
    assert other is not None
    assert gain.value == pytest.approx(own - other)
    assert set(report.gains) == {"majority", "recency", "logistic"}


def test_the_threshold_is_chosen_before_the_test() -> None:
    _, _, report = learnt()
    assert SPEC.profit is not None
    chosen = best_threshold(SPEC.profit, *part("calibrate"))
    labels, scores = part("test")
    contacted = scores >= chosen
    assert report.campaign is not None
    assert report.campaign.threshold == chosen
    assert report.campaign.contacted == contacted.sum()
    assert report.campaign.profit == pytest.approx(
        4 * (contacted & labels).sum() - 2 * contacted.sum()
    )


def test_the_published_version_is_compared() -> None:
    rows, trained, _ = learnt()
    report = report_of(trained, rows, SPEC, champion=trained.model)
    assert report.champion == report.test
    assert report.gains["champion"] == Figure(0.0, 0.0, 0.0)
    other = fit(rows, replace(SPEC, columns=COLUMNS[:3]), threads=1)
    lacking = rows.drop_columns(["country"])
    report = report_of(
        other, lacking, replace(SPEC, columns=COLUMNS[:3], groups=()), champion=trained.model
    )
    assert report.champion is None
    assert "`country`" in report.warnings[-1]


def test_leaks_hold_the_model() -> None:
    rows, trained, report = learnt()
    leak = Leak(check="freeze", feature="x", alarm=True, measured=1.0, limit=0.0, text="x")
    assert report.gates[-1].passed
    held = report_of(trained, rows, SPEC, leaks=[leak])
    assert held.leaks == (leak,)
    assert not held.passed


def test_the_same_training_gives_the_same_bytes() -> None:
    rows, trained, report = learnt()
    content = to_json(report)
    assert to_json(report_of(trained, rows, SPEC)) == content
    assert from_json(content) == report
    assert to_json(from_json(content)) == content


def test_importance_is_of_all_inputs() -> None:
    rows, trained, report = learnt()
    assert {each.feature for each in report.importance} == {column.name for column in COLUMNS}
    size = [each.contribution for each in report.importance]
    assert size == sorted(size, reverse=True)
    by_name = {each.feature: each.dependence for each in report.importance}
    assert report.importance[0].feature in {"days_since_order", "orders_90d"}
    days = [score for _, score in by_name["days_since_order"]]
    assert days[-1] > days[0] + 0.2  # who has not bought for long churns
    assert {value for value, _ in by_name["country"]} == {"GB", "DE", "FR", "IE"}
    assert {value for value, _ in by_name["is_member"]} == {0.0, 1.0}
    assert str(by_name["first_order"][0][0]).startswith("2008-")
    assert len(by_name["revenue"]) == 20
    assert explain(trained.model, rows.slice(0, 0), seed=0) == ()


def test_a_model_whose_contributions_are_sampled() -> None:
    rows = customers(months=15)
    other = spec(
        algorithm="sklearn",
        estimator="sklearn.naive_bayes.GaussianNB",
        parameters={},
        columns=COLUMNS[:2],
        split=SplitSpec(origins=1),
        recency="days_since_order",
    )
    trained = fit(rows, other, threads=1)
    found = explain(trained.model, rows.slice(0, 10), seed=1)
    assert {each.feature for each in found} == {"days_since_order", "orders_90d"}
    assert min(each.contribution for each in found) > 0.1


def test_dependence_is_the_mean_score_where_all_have_the_value() -> None:
    rows, trained, report = learnt()
    (orders,) = [each for each in report.importance if each.feature == "orders_90d"]
    test = rows.filter(pa.array(trained.splits == "test"))
    value, score = orders.dependence[1]
    at = test.column_names.index("orders_90d")
    given = test.set_column(at, "orders_90d", pa.array([int(value)] * test.num_rows))
    assert test.num_rows <= 500
    assert score == pytest.approx(trained.model.score_table(given).mean())


def test_reference_bins_are_of_features_and_scores() -> None:
    _, trained, report = learnt()
    assert [each.column for each in report.reference] == [*(c.name for c in COLUMNS), "score"]
    assert report.reference[0].rows == (trained.splits == "train").sum()
    assert report.reference[-1].rows == (trained.splits == "test").sum()
    assert len(report.reference[-1].edges) == 9


# --- groups


def test_groups_cover_the_rows() -> None:
    _, _, report = learnt()
    for column in SPEC.groups:
        groups = [each for each in report.groups if each.column == column]
        assert sum(each.rows for each in groups) == report.test.rows
        assert sum(each.positives for each in groups) == report.test.positives
    assert "missing" in {each.group for each in report.groups}


@pytest.mark.parametrize(
    ("values", "groups"),
    [
        (["b", "a", "b", None], ["b", "a", "missing"]),
        ([True, False, True, None], ["true", "false", "missing"]),
        ([1, 2, 2, 3], ["2", "1", "3"]),
        (list(range(100)), ["0 – 20", "20 – 40", "40 – 59", "59 – 79", "79 – 99"]),
        ([float(n) for n in range(0, 50_000, 500)][:6] + [None] * 3, None),
        ([f"n{n:02}" for n in range(30)], [*(f"n{n:02}" for n in range(20)), "others"]),
        ([0.0] * 90 + [float(n) for n in range(1, 21)], ["0 – 20"]),
        ([None, None], ["missing"]),
        ([1 + n / 1e9 for n in range(20)], ["1 – 1"]),
    ],
)
def test_how_values_are_grouped(values: list[object], groups: list[str] | None) -> None:
    found = list(groups_of(pa.chunked_array([values])))
    assert sum(mask.sum() for _, mask in found) == len(values)
    if groups is not None:
        assert [name for name, _ in found] == groups


# --- figures, and rows


def test_scores_that_are_no_probabilities_are_refused() -> None:
    labels = np.array([True, False])
    for scores in ([0.2, 1.2], [-0.1, 0.4], [0.5, float("nan")]):
        with pytest.raises(HeadwaterError, match="E032 1 of 2 scores"):
            evaluate(labels, np.array(scores))


def test_one_class_has_no_order_but_losses() -> None:
    found = evaluate(np.ones(5, bool), np.linspace(0.1, 0.9, 5))
    assert found.figures["auc"] == Figure(None)
    assert found.figures["log_loss"].value is not None
    nothing = evaluate(np.array([], bool), np.array([]))
    assert (nothing.rows, nothing.deciles) == (0, ())
    assert all(figure == Figure(None) for figure in nothing.figures.values())


def test_entities_by_all_their_keys() -> None:
    rows = pa.table({"shop": [1, 1, 2, 1], "id": ["a", "b", "a", "a"]})
    found = entities_of(rows, ["shop", "id"])
    assert found is not None
    assert found[0] == found[3]
    assert len(set(found.tolist())) == 3
    assert entities_of(rows.slice(0, 3), ["shop", "id"]) is None
    assert entities_of(rows, []) is None
    assert entities_of(rows.slice(0, 0), ["id"]) is None


def test_rows_are_found_again_in_any_order() -> None:
    rows = pa.table({"id": [5, 6, 5, 5], "at": [1, 1, 2, 1], "x": [0, 1, 2, 3]})
    others = pa.table({"at": [2, 1, 1, 9, 1], "id": pa.array([5, 5, 6, 5, 5], pa.int32())})
    assert match(rows, others, ["id", "at"]).tolist() == [2, 0, 1, -1, 3]
    assert match(rows.slice(0, 0), others, ["id", "at"]).tolist() == [-1] * 5
    assert codes_of(rows, ["id"]).tolist() == [0, 1, 0, 0]
