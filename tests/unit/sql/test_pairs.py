"""Which columns a change touches: every written case, and every constant that can be changed."""

from __future__ import annotations

import pytest
from tests.unit.sql.schemas import (
    FUNCTIONS,
    MUTATIONS,
    PAIRS,
    Case,
    Relations,
    changed,
    mutations,
    read_cases,
)

from headwater.sql import Binder, Read, fingerprint

WORDS = frozenset({"upstream", "changes"})
CASES = list(read_cases("pairs", WORDS))


@pytest.fixture(scope="module")
def binder() -> Binder:
    return Binder(FUNCTIONS)


def columns_of(
    binder: Binder, sql: str, relations: Relations, changed_read: Read | None
) -> dict[str, str]:
    template = binder.bind(sql, relations)
    keys = {changed_read: "changed"} if changed_read else {}
    return dict(fingerprint(template, lambda read: keys.get(read, "as before")).columns)


def touched(binder: Binder, case: Case) -> tuple[set[str], set[str]]:
    """The columns that change, and those that should."""
    before, after = case.queries[0], case.queries[-1]
    relations, read = changed(PAIRS, case.get("upstream"))
    old = columns_of(binder, before, PAIRS, None)
    new = columns_of(binder, after, relations, read)
    common = old.keys() & new.keys()
    expected = case.get("changes")
    wanted = {"none": set[str](), "all": set(common)}.get(expected, set(expected.split(", ")))
    return {name for name in common if old[name] != new[name]}, wanted


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_exactly_the_touched_columns_change(binder: Binder, case: Case) -> None:
    found, wanted = touched(binder, case)
    assert found == wanted


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 110
    assert len(list(mutations())) == 122


@pytest.mark.parametrize(("first", "second"), list(mutations())[:-1])
def test_one_changed_constant_changes_a_column(binder: Binder, first: str, second: str) -> None:
    one, other = (columns_of(binder, sql, MUTATIONS, None) for sql in (first, second))
    assert list(one.values()) != list(other.values())


def test_a_changed_name_changes_a_name_alone(binder: Binder) -> None:
    first, second = list(mutations())[-1]
    one, other = (columns_of(binder, sql, MUTATIONS, None) for sql in (first, second))
    assert one.keys() != other.keys()
    assert list(one.values()) == list(other.values())
