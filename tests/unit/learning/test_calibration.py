"""Calibration against scikit-learn's, and the same for one row."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from headwater.learning.calibration import Calibrator, fit_calibrator
from headwater.learning.model import CalibrationMethod
from headwater.stats.calibration import log_losses


def scored(rows: int, seed: int = 0, *, steps: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds that are twice too sure (or should be steps), and labels."""
    source = np.random.default_rng(seed)
    true = source.normal(size=rows)
    shares = np.where(true > 0, 0.6, 0.1) if steps else 1 / (1 + np.exp(-true))
    return 2 * true + 1, source.random(rows) < shares


def test_platt_is_that_of_scikit_learn() -> None:
    margins, labels = scored(800)
    base = LogisticRegression(C=1e6).fit(margins[:, None], labels)
    theirs = CalibratedClassifierCV(FrozenEstimator(base), method="sigmoid")
    theirs.fit(margins[:, None], labels)
    ours = fit_calibrator(base.decision_function(margins[:, None]), labels, "platt", seed=0)
    found = ours.probabilities(base.decision_function(margins[:, None]))
    expected = theirs.predict_proba(margins[:, None])[:, 1]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_platt_mends_what_is_too_sure() -> None:
    margins, labels = scored(20_000)
    found = fit_calibrator(margins, labels, "platt", seed=0)
    assert found.slope == pytest.approx(0.5, abs=0.02)
    assert found.intercept == pytest.approx(-0.5, abs=0.05)


@pytest.mark.parametrize("method", ["none", "platt", "isotonic"])
def test_one_margin_gives_what_many_give(method: CalibrationMethod) -> None:
    margins, labels = scored(3_000)
    found = fit_calibrator(margins, labels, method, seed=0)
    asked = np.concatenate([margins, [-1e9, 1e9, 0.0, -750.0]])
    many = found.probabilities(asked)
    assert [found.probability(float(margin)) for margin in asked] == many.tolist()
    assert ((many >= 0) & (many <= 1)).all()


def test_auto_takes_isotonic_only_where_it_is_better_and_there_is_enough() -> None:
    straight, stepped = scored(4_000), scored(4_000, steps=True)
    assert fit_calibrator(*straight, "auto", seed=0).method == "platt"
    assert fit_calibrator(*stepped, "auto", seed=0).method == "isotonic"
    margins, labels = stepped
    assert fit_calibrator(margins[:900], labels[:900], "auto", seed=0).method == "platt"


def test_isotonic_is_never_certain() -> None:
    margins = np.linspace(-3, 3, 100)
    found = fit_calibrator(margins, margins > 0, "isotonic", seed=0)
    losses = log_losses(np.array([True, False]), found.probabilities(np.array([-9.0, 9.0])))
    assert losses.tolist() == pytest.approx([np.log(102)] * 2)


def test_separated_and_equal_margins_have_an_answer() -> None:
    margins = np.linspace(-3, 3, 100)
    apart = fit_calibrator(margins, margins > 0, "platt", seed=0)
    assert np.isfinite([apart.slope, apart.intercept]).all()
    equal = fit_calibrator(np.full(100, 7.0), np.arange(100) < 25, "platt", seed=0)
    assert equal.probability(7.0) == pytest.approx(0.25, abs=0.02)
    assert Calibrator().probability(0.0) == 0.5
