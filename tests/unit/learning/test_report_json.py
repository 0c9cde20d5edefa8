"""Reports → JSON → the same reports, as the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.errors import HeadwaterError
from headwater.learning.report import Evaluation, Figure, TrainingReport
from headwater.learning.report_json import from_json, to_json

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.text(max_size=8)
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), FLOATS, NAMES)
SIMPLE = TrainingReport(
    algorithm="logistic",
    parameters={"C": 1.0},
    seed=0,
    split_mode="time",
    parts=(),
    embargoed=0,
    test=Evaluation(rows=1, positives=0, figures={"auc": Figure(None)}),
    baselines={},
)


@pytest.fixture(autouse=True)
def finite_floats_and_short_texts() -> Iterator[None]:
    st.register_type_strategy(float, FLOATS)
    st.register_type_strategy(str, NAMES)
    yield
    st.register_type_strategy(float, st.floats())
    st.register_type_strategy(str, st.text())


@settings(max_examples=30, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    st.builds(
        TrainingReport,
        parameters=st.dictionaries(NAMES, PLAIN, max_size=3),
        search=st.just(()),
    )
)
def test_every_report_comes_back(report: TrainingReport) -> None:
    content = to_json(report)
    assert from_json(content) == report
    assert to_json(from_json(content)) == content


def test_keys_are_sorted_and_numbers_plain() -> None:
    figures = {
        "brier": Figure(float("nan"), -np.inf, np.inf),
        "auc": Figure(np.float64(0.1), 0.1 + 0.2, 1.0),
    }
    test = Evaluation(rows=int(np.int64(3)), positives=1, figures=figures)
    content = to_json(
        TrainingReport(
            algorithm="x",
            parameters={"depth": np.int64(3), "b": (1, 2)},
            seed=1,
            split_mode="time",
            parts=(),
            embargoed=0,
            test=test,
            baselines={},
        )
    )
    found = json.loads(content)["report"]
    assert list(found) == sorted(found)
    assert found["test"]["figures"]["auc"] == {"value": 0.1, "low": 0.30000000000000004, "high": 1}
    assert found["test"]["figures"]["brier"] == {"value": None, "low": None, "high": None}
    assert found["parameters"] == {"depth": 3, "b": [1, 2]}
    assert from_json(content).test.figures["brier"] == Figure(None)


def test_a_report_of_an_earlier_version_lacks_what_was_added_since() -> None:
    whole = json.loads(to_json(SIMPLE))
    del whole["report"]["gains"]
    assert from_json(json.dumps(whole).encode()) == SIMPLE


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole["report"].update(seed="zero"),
        lambda whole: whole["report"].update(seed=True),
        lambda whole: whole["report"].update(newer=1),
        lambda whole: whole["report"].update(parts={}),
        lambda whole: whole["report"].update(test=None),
        lambda whole: whole["report"].update(baselines=[]),
        lambda whole: whole["report"].pop("test"),
        lambda whole: whole["report"]["test"].update(figures={"auc": {"value": "high"}}),
        lambda whole: whole.update(format=99),
        lambda whole: whole.clear(),
    ],
)
def test_what_is_no_report_is_refused(damage: Callable[[Any], Any]) -> None:
    whole = json.loads(to_json(SIMPLE))
    damage(whole)
    with pytest.raises(HeadwaterError, match="E033"):
        from_json(json.dumps(whole).encode())


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", to_json(SIMPLE)[:200], b"[" * 100_000])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(HeadwaterError, match="E033"):
        from_json(content)
