"""One row and many score alike, to the last digit; from many threads; reasons add up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from tests.unit.learning.customers import COLUMNS, customers, spec, vectors

from headwater.learning import scorer as scoring
from headwater.learning.fitting import Trained, fit
from headwater.learning.model import LearningSpec

FOREST = "sklearn.ensemble.RandomForestClassifier"
BAYES = "sklearn.naive_bayes.GaussianNB"
SPECS = {
    "logistic": spec(algorithm="logistic", parameters={}),
    "xgboost": spec(calibration="isotonic"),
    "lightgbm": spec(algorithm="lightgbm"),
    "uncalibrated": spec(calibration="none"),
    "forest": spec(algorithm="sklearn", estimator=FOREST, parameters={"n_estimators": 5}),
    "bayes": spec(algorithm="sklearn", estimator=BAYES, parameters={}),
}


@cache
def trained(name: str) -> Trained:
    return fit(customers(), SPECS[name])


def strange(count: int) -> pa.Table:
    """Rows with missing values everywhere, far numbers and texts that training has not seen."""
    source = np.random.default_rng(9)

    def some(values: list[object] | np.ndarray) -> pa.Array:
        return pa.array(values, mask=source.random(count) < 0.3)

    names = np.array(["GB", "DE", "Atlantis", ""])
    return pa.table(
        {
            "days_since_order": some(source.normal(0, 1e4, count)),
            "orders_90d": some(source.integers(-(2**60), 2**60, count)),
            "revenue": some(source.normal(0, 1e30, count)),
            "is_member": some(source.random(count) < 0.5),
            "first_order": some(source.integers(0, 40_000, count).astype("datetime64[D]")),
            "country": some(names[source.integers(0, 4, count)]),
        }
    )


@pytest.mark.parametrize("name", SPECS)
def test_one_row_scores_as_in_a_table(name: str) -> None:
    model = trained(name).model
    count = 300 if name in ("forest", "bayes") else 3_000
    for rows in (customers(count=count // 10, months=10, seed=5), strange(count)):
        table = model.score_table(rows)
        assert [model.score_vector(vector) for vector in vectors(rows)] == table.tolist()
        assert ((table >= 0) & (table <= 1)).all()


@pytest.mark.parametrize("name", SPECS)
def test_many_threads_score_alike(name: str) -> None:
    model, rows = trained(name).model, customers(count=10, months=5)
    expected = model.score_table(rows).tolist()
    given = vectors(rows)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: [model.score_vector(each) for each in given], range(8)))
    assert all(each == expected for each in found)


def test_batches_do_not_change_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    model, rows = trained("xgboost").model, customers()
    whole = model.score_table(rows)
    added = model.contributions(rows)
    monkeypatch.setattr(scoring, "BATCH_ROWS", 7)
    assert model.score_table(rows).tolist() == whole.tolist()
    np.testing.assert_array_equal(model.contributions(rows), added)
    assert model.score_table(rows.slice(0, 0)).tolist() == []
    assert model.contributions(rows.slice(0, 0)).shape == (0, len(COLUMNS) + 1)


@pytest.mark.parametrize("name", [name for name in SPECS if name != "xgboost"])
def test_contributions_of_inputs_add_up_to_the_score(name: str) -> None:
    model, rows = trained(name).model, customers(count=3, months=10)
    found = model.contributions(rows)
    assert found.shape == (30, len(COLUMNS) + 1)
    scores = model.score_table(rows)
    np.testing.assert_allclose(found.sum(axis=1), np.log(scores / (1 - scores)), atol=1e-5)


def test_under_isotonic_calibration_contributions_add_up_to_the_log_odds_before() -> None:
    model, rows = trained("xgboost").model, customers(count=3, months=10)
    found = model.contributions(rows).sum(axis=1)
    np.testing.assert_allclose(found, model.margins(rows), atol=1e-5)


def test_reasons_are_the_largest_contributions_of_one_row() -> None:
    model, rows = trained("lightgbm").model, customers(count=1, months=1)
    (vector,) = vectors(rows)
    found = model.reasons(vector, 3)
    added = model.contributions(rows)[0, :-1]
    by_column = {column.name: each for column, each in zip(COLUMNS, added, strict=True)}
    assert [name for name, _ in found] == sorted(by_column, key=lambda n: -abs(by_column[n]))[:3]
    assert [by_column[name] for name, _ in found] == [added for _, added in found]


def test_a_linear_model_adds_the_parts_of_a_category_up() -> None:
    model = trained("logistic").model
    assert model.encoder.one_hot
    assert len(model.encoder.owners) == 10
    assert isinstance(SPECS["logistic"], LearningSpec)
