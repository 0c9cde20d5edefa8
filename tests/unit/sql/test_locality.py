"""Days that are proven apart are apart: written cases, and execution in parts."""

from __future__ import annotations

import pytest
from tests.unit.sql.random_days import check_many
from tests.unit.sql.schemas import ALIGNMENT, Case, read_cases

from headwater.sql import Alignment, Binder

WORDS = frozenset({*ALIGNMENT, "time"})
CASES = list(read_cases("alignment", WORDS))


@pytest.fixture(scope="module")
def binder() -> Binder:
    return Binder()


def shown(found: Alignment) -> str:
    if found.kind == "crosses":
        return f"crosses {found.line}:{found.column}: {found.reason}"
    return "aligned exactly" if found.exact_time else found.kind


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_written_cases(binder: Binder, case: Case) -> None:
    template = binder.bind(case.queries[0], ALIGNMENT, time="t")
    found = {name: shown(alignment) for name, alignment in template.alignment.items()}
    assert found | {"time": template.time_origin} == dict(case.expected)


def test_running_in_parts_equals_running_at_once() -> None:
    tried, aligned, wrong = check_many(seed=3, amount=40)
    assert wrong == []
    assert aligned > tried / 4


def test_without_a_time_everything_crosses(binder: Binder) -> None:
    template = binder.bind("select x from a, c", ALIGNMENT)
    assert {name: found.kind for name, found in template.alignment.items()} == {
        "a": "crosses",
        "c": "timeless",
    }
