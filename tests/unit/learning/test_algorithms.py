"""Parameters and classes that are refused; what each library promises that scoring relies on."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
import pytest

from headwater.errors import HeadwaterError
from headwater.learning.algorithms.choosing import algorithm_of
from headwater.learning.algorithms.logistic import LogisticAlgorithm
from headwater.learning.algorithms.protocol import CannotLoadError, Examples
from headwater.learning.algorithms.sklearn import SklearnAlgorithm
from headwater.learning.algorithms.xgboost import XgboostAlgorithm, XgboostEstimator

NAMES = ("logistic", "xgboost", "lightgbm", "sklearn")
FOREST = "sklearn.ensemble.RandomForestClassifier"


def examples(rows: int = 300, width: int = 5) -> Examples:
    source = np.random.default_rng(0)
    matrix = source.normal(size=(rows, width))
    matrix[source.random(matrix.shape) < 0.1] = np.nan
    logits = np.nan_to_num(matrix[:, 0]) * 2 - np.nan_to_num(matrix[:, 1])
    return Examples(matrix=matrix, labels=source.random(rows) < 1 / (1 + np.exp(-logits)))


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("xgboost", {"max_dept": 3}, "xgboost has no parameter `max_dept` · did you mean `max_d"),
        ("lightgbm", {"learning_rat": 3}, "did you mean `learning_rate`?"),
        ("logistic", {"c": 3}, "did you mean `C`?"),
        ("sklearn", {"n_estimator": 3}, "did you mean `n_estimators`?"),
        ("xgboost", {"nthread": 8}, "`nthread` of xgboost cannot be set: one thread gives"),
        ("lightgbm", {"objective": "l2"}, "labels are true or false"),
        ("sklearn", {"random_state": 1}, "write `seed` beside `algorithm`"),
    ],
)
def test_parameters_are_known_by_name(name: str, parameters: dict[str, Any], said: str) -> None:
    (issue,) = algorithm_of(name, FOREST).check(parameters)
    assert issue.code == "E025"
    assert said in str(issue)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("xgboost", {"max_depth": -3}),
        ("xgboost", {"n_estimators": "many"}),
        ("lightgbm", {"num_leaves": 0}),
        ("logistic", {"C": -1.0}),
        ("sklearn", {"criterion": "guess"}),
    ],
)
def test_values_that_a_library_refuses_are_told(name: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(HeadwaterError, match=r"E025 .* refused its parameters"):
        algorithm_of(name, FOREST).fit(examples(), parameters, 0)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("sklearn.ensemble.RandomForrestClassifier", f"did you mean `{FOREST}`?"),
        ("sklearn.ensembl.RandomForestClassifier", f"did you mean `{FOREST}`?"),
        ("os.system", "`os.system` is no class of scikit-learn"),
        ("sklearn.linear_model.LinearRegression", "scikit-learn has no classifier"),
        ("sklearn.svm.LinearSVC", "gives no probabilities"),
        ("sklearn.ensemble._forest.RandomForestClassifier", "is no class of scikit-learn"),
        ("", "no `estimator` is named"),
    ],
)
def test_only_classifiers_with_probabilities_are_taken(path: str, said: str) -> None:
    (issue,) = SklearnAlgorithm(path).check({})
    assert issue.code == "E024"
    assert said in str(issue)


def test_a_class_without_probabilities_as_it_is_set_is_refused() -> None:
    with pytest.raises(HeadwaterError, match=r"E024 .* gives no probabilities as it is set"):
        algorithm_of("sklearn", "sklearn.linear_model.SGDClassifier").fit(examples(), {}, 0)


def test_a_class_that_cannot_be_kept_safely_is_refused() -> None:
    path = "sklearn.gaussian_process.GaussianProcessClassifier"
    with pytest.raises(HeadwaterError, match=r"E024 .* cannot be kept safely: .* not trusted"):
        algorithm_of("sklearn", path).fit(examples(80), {}, 0)


def test_an_unknown_algorithm_is_told_with_the_nearest() -> None:
    with pytest.raises(HeadwaterError, match=r"E024 .*did you mean `lightgbm`"):
        algorithm_of("lightgmb")


@pytest.mark.parametrize(
    "path",
    [
        "sklearn.ensemble.GradientBoostingClassifier",
        "sklearn.ensemble.HistGradientBoostingClassifier",
        "sklearn.naive_bayes.GaussianNB",
        "sklearn.neighbors.KNeighborsClassifier",
        "sklearn.neural_network.MLPClassifier",
    ],
)
def test_estimators_of_scikit_learn_are_kept_and_score_alike(path: str) -> None:
    data = examples()
    algorithm = SklearnAlgorithm(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a network that has not settled
        fitted = algorithm.fit(data, {}, 3)
        assert algorithm.fit(data, {}, 3).dump() == fitted.dump()
    read = algorithm_of("sklearn").load(fitted.dump(), data.matrix.shape[1])
    many = fitted.margins(data.matrix)
    assert read.margins(data.matrix).tolist() == many.tolist()
    assert [fitted.margin(row) for row in data.matrix.tolist()] == many.tolist()


@pytest.mark.parametrize("name", NAMES)
def test_contributions_add_up_to_the_margin(name: str) -> None:
    data = examples()
    few = {"n_estimators": 5} if name == "sklearn" else {}
    fitted = algorithm_of(name, FOREST).fit(data, few, 0)
    found = fitted.contributions(data.matrix[:10])
    assert found.shape == (10, 6)
    np.testing.assert_allclose(found.sum(axis=1), fitted.margins(data.matrix[:10]), atol=1e-5)
    assert fitted.is_exact == (name != "sklearn")
    again = fitted.contributions(data.matrix[:10])
    np.testing.assert_array_equal(found, again)


@pytest.mark.parametrize("name", NAMES)
def test_files_of_other_content_are_refused(name: str) -> None:
    algorithm = algorithm_of(name, FOREST)
    few = {} if name == "logistic" else {"n_estimators": 5}
    content = algorithm.fit(examples(), few, 0).dump()
    for broken in (b"", b"garbage", b"\x80\x04\x95pickle", content[: len(content) // 2], b"{}"):
        with pytest.raises(CannotLoadError):
            algorithm.load(broken, 5)
    with pytest.raises(CannotLoadError, match=r"is (not )?of "):
        algorithm.load(content, 4)


@pytest.mark.parametrize("package", ["xgboost", "lightgbm", "sklearn"])
def test_a_missing_package_is_told_with_what_installs_it(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    with pytest.raises(HeadwaterError, match=r"E026 .* pip install 'headwater\[ml\]'"):
        algorithm_of(package, FOREST).fit(examples(), {}, 0)


def test_the_fast_path_of_xgboost_is_what_its_python_interface_gives() -> None:
    data = examples()
    fitted = XgboostAlgorithm().fit(data, {}, 0)
    assert isinstance(fitted, XgboostEstimator)
    fast = fitted.margins(data.matrix)
    fitted._library = None  # as where the library's path is not told
    assert fitted.margins(data.matrix).tolist() == fast.tolist()
    assert [fitted.margin(row) for row in data.matrix.tolist()] == fast.tolist()


def test_a_logistic_is_that_of_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    data = examples()
    whole = Examples(matrix=np.nan_to_num(data.matrix), labels=data.labels)
    scaled = StandardScaler().fit_transform(whole.matrix)
    theirs = LogisticRegression().fit(scaled, whole.labels).decision_function(scaled)
    ours = LogisticAlgorithm().fit(whole, {}, 0).margins(whole.matrix)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
