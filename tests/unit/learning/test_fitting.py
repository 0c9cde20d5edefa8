"""From rows to a trained model; what is wrong with rows and specs is told with counts and names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.unit.learning.customers import COLUMNS, SPEC, customers, spec

from headwater.errors import HeadwaterError
from headwater.learning.fitting import fit
from headwater.learning.model import InputColumn, LearningSpec, Span, SplitSpec
from headwater.stats.ranking import auc, rank

ROWS = customers()
FOREST = "sklearn.ensemble.RandomForestClassifier"
SPECS = {
    "logistic": spec(algorithm="logistic", parameters={}),
    "xgboost": spec(parameters={}),
    "lightgbm": spec(algorithm="lightgbm", parameters={}),
    "forest": spec(algorithm="sklearn", estimator=FOREST, parameters={"n_estimators": 10}),
}


def with_column(name: str, values: object) -> pa.Table:
    at = ROWS.column_names.index(name)
    return ROWS.set_column(at, name, values)


def refused(rows: pa.Table, asked: LearningSpec) -> list[str]:
    with pytest.raises(HeadwaterError) as caught:
        fit(rows, asked)
    return [str(issue) for issue in caught.value.issues]


@pytest.mark.parametrize("asked", SPECS.values(), ids=SPECS)
def test_training_finds_what_is_there(asked: LearningSpec) -> None:
    trained = fit(ROWS, asked)
    test = trained.splits == "test"
    labels = ROWS.column("label").to_numpy()[test]
    scores = trained.model.score_table(ROWS.filter(pa.array(test)))
    found = auc(rank(labels, scores)).value
    assert found is not None
    assert found > 0.7
    assert trained.model.calibrator.method == "platt"
    assert [part.name for part in trained.parts] == ["train", "calibrate", "test"]
    assert [part.rows for part in trained.parts] == [420, 240, 240]
    assert trained.parts[0].entities == 60
    assert trained.parts[2].first == date(2011, 5, 1)
    assert np.count_nonzero(trained.splits == "") == 300
    assert list(trained.baselines) == ["majority", "recency", "logistic"]
    assert all(len(each) == 240 for each in trained.baselines.values())
    assert trained.recency == "days_since_order"
    assert [each.train_rows for each in trained.backtest] == [480, 720, 900]
    assert trained.warnings == ()


@pytest.mark.parametrize("asked", SPECS.values(), ids=SPECS)
def test_training_again_gives_the_same_bytes(asked: LearningSpec) -> None:
    first, second = fit(ROWS, asked, threads=1), fit(ROWS, asked, threads=2)
    assert first.model.estimator.dump() == second.model.estimator.dump()
    assert first.model.calibrator == second.model.calibrator


def test_the_number_of_trees_is_found_within_training() -> None:
    trained = fit(ROWS, SPECS["xgboost"])
    trees = trained.parameters["n_estimators"]
    assert isinstance(trees, int)
    assert 1 <= trees < 500
    assert trained.parameters["max_depth"] == 4
    # later rows have no part in it
    labels = ROWS.column("label").to_numpy().copy()
    labels[trained.splits == "test"] = ~labels[trained.splits == "test"]
    other = fit(with_column("label", pa.array(labels)), SPECS["xgboost"])
    assert other.model.estimator.dump() == trained.model.estimator.dump()
    assert other.model.calibrator == trained.model.calibrator


def test_the_seed_decides() -> None:
    one, two = fit(ROWS, SPEC), fit(ROWS, replace(SPEC, seed=1))
    assert one.model.estimator.dump() != two.model.estimator.dump()


def test_without_calibration_its_rows_train() -> None:
    trained = fit(ROWS, spec(calibration="none"))
    assert [part.name for part in trained.parts] == ["train", "test"]
    assert trained.model.calibrator.method == "none"


def test_isotonic_on_few_rows_is_doubted() -> None:
    trained = fit(ROWS, spec(calibration="isotonic"))
    assert "isotonic calibration on 240 rows; platt is safer below 1,000" in trained.warnings


def test_what_never_varies_is_told_and_keeps_its_place() -> None:
    rows = with_column("orders_90d", pa.array([3] * ROWS.num_rows))
    rows = rows.set_column(4, "orders_90d", pa.array([3] * ROWS.num_rows))
    trained = fit(rows, SPEC)
    assert trained.model.columns == COLUMNS
    assert trained.warnings == ("`orders_90d` never varies in the training rows, and is not used",)


def test_features_that_all_never_vary_are_refused() -> None:
    asked = spec(columns=(InputColumn(name="orders_90d", type="BIGINT"),))
    (said,) = refused(with_column("orders_90d", pa.nulls(ROWS.num_rows, pa.int64())), asked)
    assert said.startswith("E023 none of the 1 features varies in the 420 rows")


def test_a_recency_baseline_is_named_found_or_missed() -> None:
    assert fit(ROWS, spec(recency="orders_90d")).recency == "orders_90d"
    (said,) = refused(ROWS, spec(recency="order_90d"))
    assert said.startswith("E022 `recency: order_90d` is no feature with numbers")
    assert "did you mean `orders_90d`?" in said
    trained = fit(ROWS, spec(columns=COLUMNS[1:]))
    assert "recency" not in trained.baselines
    assert trained.warnings[0].startswith("there is no recency baseline: no feature is named")


def test_ten_rows_are_too_few() -> None:
    (said,) = refused(ROWS.slice(0, 10), SPEC)
    assert said.startswith("E020 there are 10 rows with labels")
    assert "training needs at least 50 rows and 10 of each class" in said


@pytest.mark.parametrize("value", [True, False])
def test_a_label_of_one_class_is_refused(value: bool) -> None:
    (said,) = refused(with_column("label", pa.array([value] * ROWS.num_rows)), SPEC)
    counts = "1,200 positive, 0 negative" if value else "0 positive, 1,200 negative"
    assert said.startswith(f"E020 there are 1,200 rows with labels: {counts}")


def test_parts_of_one_class_or_none_are_refused() -> None:
    labels = ROWS.column("label").to_numpy().copy()
    labels[-240:] = True
    (said,) = refused(with_column("label", pa.array(labels)), SPEC)
    assert said.startswith("E020 the part test has 240 rows: 240 positive, 0 negative")
    beyond = SplitSpec(test=Span(date(2020, 1, 1), date(2021, 1, 1)))
    assert refused(ROWS, spec(split=beyond))[0].startswith("E020 the part test has 0 rows")


def test_a_horizon_longer_than_the_rows_is_refused_with_counts() -> None:
    said = refused(ROWS, spec(horizon=timedelta(days=900)))
    assert said[0].startswith("E020 the part train has 0 rows")
    assert "for an embargo of 900 days" in said[0]


def test_columns_that_are_wrong_are_told_all_at_once() -> None:
    rows = ROWS.drop_columns(["country", "as_of"])
    said = refused(rows, spec(keys=("customr",), columns=(*COLUMNS, COLUMNS[0])))
    assert said[0] == "E022 the model has 2 features `days_since_order` · name each feature once"
    assert said[1].startswith("E022 the rows have 0 columns `as_of`")
    assert "did you mean `customer`?" in said[2]
    assert said[3].startswith("E022 the rows have no column `country`")


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        (
            "label",
            pa.array([1] * 1200),
            "E022 the column `label` is int64 · it has to be a boolean",
        ),
        (
            "as_of",
            pa.array(["x"] * 1200),
            "E022 the column `as_of` is string · it has to be a time",
        ),
        ("label", pa.array([None, True] * 600), "E020 `label` is null in 600 of 1,200 rows"),
        ("revenue", pa.array([np.inf] * 1200), "E023 `revenue` is infinite"),
        ("revenue", pa.array([True] * 1200), "E022 `revenue` is DECIMAL(18,2) for the model, and"),
    ],
)
def test_contents_that_are_wrong_are_told(name: str, values: Any, said: str) -> None:
    assert refused(with_column(name, values), SPEC)[0].startswith(said)


def test_a_model_without_features_is_refused() -> None:
    assert refused(ROWS, spec(columns=())) == [
        "E022 the model has no features · name feature views"
    ]
