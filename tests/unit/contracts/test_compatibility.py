"""The table of changes as data: what each does to both sides, to readers and to the version."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from tests.unit.contracts.documents import contract, invoices

from headwater.contracts.changes import ChangeKind, changes, is_widening
from headwater.contracts.compatibility import Level, classify, raise_version, version_issues
from headwater.contracts.definition import Mode

A = "name: a, logicalType: integer"
KEPT = "name: z, logicalType: string"
NONE = ""


@dataclass(frozen=True, kw_only=True)
class Case:
    old: str
    new: str
    kind: ChangeKind
    backward: bool
    forward: bool
    breaks: bool = False
    old_quality: str = ""
    new_quality: str = ""


def _bounds(text: str) -> str:
    return f"{A}, logicalTypeOptions: {{{text}}}"


def _text(text: str) -> str:
    return f"name: a, logicalType: string, {text}"


def _own(text: str) -> str:
    return f"{{type: custom, engine: headwater, name: own, implementation: '{text}'}}"


K = ChangeKind
CASES = {
    "optional column added": Case(
        old=NONE, new=A, kind=K.COLUMN_ADDED, backward=True, forward=True),
    "required column added": Case(
        old=NONE, new=f"{A}, required: true", kind=K.COLUMN_ADDED, backward=False, forward=True),
    "optional column removed": Case(
        old=A, new=NONE, kind=K.COLUMN_REMOVED, backward=True, forward=True, breaks=True),
    "required column removed": Case(
        old=f"{A}, required: true", new=NONE, kind=K.COLUMN_REMOVED, backward=True, forward=False,
        breaks=True),
    "key column removed": Case(
        old=f"{A}, primaryKey: true", new=NONE, kind=K.COLUMN_REMOVED, backward=True,
        forward=False, breaks=True),
    "type widened": Case(
        old=f"{A}, physicalType: integer", new=A, kind=K.TYPE_WIDENED, backward=True,
        forward=False),
    "type narrowed": Case(
        old=A, new=f"{A}, physicalType: smallint", kind=K.TYPE_NARROWED, backward=False,
        forward=True, breaks=True),
    "type replaced": Case(
        old=A, new="name: a, logicalType: date", kind=K.TYPE_REPLACED, backward=False,
        forward=False, breaks=True),
    "date format": Case(
        old="name: a, logicalType: date, logicalTypeOptions: {format: dd/MM/yyyy}",
        new="name: a, logicalType: date", kind=K.TYPE_REPLACED, backward=False, forward=False,
        breaks=True),
    "physical name": Case(
        old=A, new=f"{A}, physicalName: Other", kind=K.ORIGIN_CHANGED, backward=True,
        forward=True),
    "made required": Case(
        old=A, new=f"{A}, required: true", kind=K.RULE_ADDED, backward=False, forward=True),
    "no longer required": Case(
        old=f"{A}, required: true", new=A, kind=K.RULE_REMOVED, backward=True, forward=False),
    "made unique": Case(
        old=A, new=f"{A}, unique: true", kind=K.RULE_ADDED, backward=False, forward=True),
    "minimum lowered": Case(
        old=_bounds("minimum: 0"), new=_bounds("minimum: -1"), kind=K.RULE_LOOSENED,
        backward=True, forward=False),
    "minimum raised": Case(
        old=_bounds("minimum: 0"), new=_bounds("minimum: 1"), kind=K.RULE_TIGHTENED,
        backward=False, forward=True),
    "minimum made exclusive": Case(
        old=_bounds("minimum: 0"), new=_bounds("exclusiveMinimum: 0"), kind=K.RULE_TIGHTENED,
        backward=False, forward=True),
    "maximum lowered": Case(
        old=_bounds("maximum: 10"), new=_bounds("maximum: 9"), kind=K.RULE_TIGHTENED,
        backward=False, forward=True),
    "length loosened": Case(
        old=_text("logicalTypeOptions: {maxLength: 3}"),
        new=_text("logicalTypeOptions: {maxLength: 4}"),
        kind=K.RULE_LOOSENED, backward=True, forward=False),
    "multiple of a multiple": Case(
        old=_bounds("multipleOf: 5"), new=_bounds("multipleOf: 10"), kind=K.RULE_TIGHTENED,
        backward=False, forward=True),
    "another pattern": Case(
        old=_text("logicalTypeOptions: {pattern: x}"),
        new=_text("logicalTypeOptions: {pattern: y}"),
        kind=K.RULE_REPLACED, backward=False, forward=False),
    "values added": Case(
        old=_text("quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: [x]}}]"),
        new=_text(
            "quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: [x, y]}}]"),
        kind=K.RULE_LOOSENED, backward=True, forward=False),
    "own condition weakened": Case(
        old=A, new=A, old_quality=_own("a > 0"), new_quality=_own("A > 0 OR a is null"),
        kind=K.RULE_LOOSENED, backward=True, forward=False),
    "own condition strengthened": Case(
        old=A, new=A, old_quality=_own("a > 0"), new_quality=_own("(a > 0) and a < 9"),
        kind=K.RULE_TIGHTENED, backward=False, forward=True),
    "count lowered": Case(
        old=A, new=A, old_quality="{metric: rowCount, mustBeGreaterThan: 100}",
        new_quality="{metric: rowCount, mustBeGreaterThan: 50}",
        kind=K.RULE_LOOSENED, backward=True, forward=False),
    "count raised": Case(
        old=A, new=A, old_quality="{metric: rowCount, mustBeGreaterThan: 100}",
        new_quality="{metric: rowCount, mustBeBetween: [150, 200]}",
        kind=K.RULE_TIGHTENED, backward=True, forward=True),
    "count added": Case(
        old=A, new=A, new_quality="{metric: rowCount, mustBeGreaterThan: 100}",
        kind=K.RULE_ADDED, backward=True, forward=True),
    "count removed": Case(
        old=A, new=A, old_quality="{metric: rowCount, mustBeGreaterThan: 100}",
        kind=K.RULE_REMOVED, backward=True, forward=False),
    "warning added": Case(
        old=A, new=A, new_quality="{metric: rowCount, mustBe: 1, severity: warning}",
        kind=K.WARNING_CHANGED, backward=True, forward=True),
    "words": Case(
        old=A, new=f"{A}, description: More.", kind=K.TEXT_CHANGED, backward=True, forward=True),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_change_is_what_the_table_says(name: str) -> None:
    case = CASES[name]
    old = contract(KEPT, *filter(None, [case.old]), quality=case.old_quality)
    new = contract(KEPT, *filter(None, [case.new]), quality=case.new_quality, version="1.0.1")
    found = changes(old, new)
    assert [(c.kind, c.backward, c.forward, c.breaks_readers) for c in found] == [
        (case.kind, case.backward, case.forward, case.breaks)
    ]
    verdicts = {mode: classify([old], new, mode).ok for mode in Mode}
    assert verdicts == {
        Mode.BACKWARD: case.backward,
        Mode.BACKWARD_TRANSITIVE: case.backward,
        Mode.FORWARD: case.forward,
        Mode.FORWARD_TRANSITIVE: case.forward,
        Mode.FULL: case.backward and case.forward,
        Mode.FULL_TRANSITIVE: case.backward and case.forward,
        Mode.NONE: True,
    }


def test_the_change_of_formats_is_backward_compatible() -> None:
    old = invoices()
    rule = _own("price >= 0 or invoice like ''A%''")
    new = invoices(
        (", logicalTypeOptions: {minimum: 0}", ""),
        ("version: 1.0.0", "version: 1.1.0"),
        ("  quality:\n", f"  quality:\n  - {rule}\n"),
    )
    result = classify([old], new)
    assert (result.ok, str(result), result.suggested_version) == (
        True, "backward compatible", "1.1.0",
    )  # fmt: skip
    assert version_issues([old], new) == []


def test_transitive_modes_ask_all_earlier_versions() -> None:
    first = contract(_bounds("minimum: 0, maximum: 5"))
    second = contract(_bounds("minimum: 0"), version="1.1.0")
    third = contract(_bounds("minimum: 0, maximum: 9"), version="2.0.0")
    fourth = contract(_bounds("minimum: 0, maximum: 8"), version="3.0.0")
    assert classify([first, second], third, Mode.BACKWARD).ok is False
    assert classify([third, first], replace(third, version="3.0.0"), Mode.BACKWARD).ok
    result = classify([second, third, first], fourth, Mode.BACKWARD_TRANSITIVE)
    assert [v.version for v in result.violations] == ["1.1.0", "2.0.0"]
    assert classify([second, third, first], fourth, Mode.BACKWARD).ok


def test_a_new_mode_does_not_excuse_the_change_that_comes_with_it() -> None:
    old = contract(A)
    new = contract(
        f"{A}, required: true",
        version="2.0.0",
        rest="customProperties: [{property: compatibility, value: NONE}]",
    )
    assert classify([old], new).mode is Mode.BACKWARD
    assert [issue.code for issue in version_issues([old], new)] == ["E608"]


@pytest.mark.parametrize(
    ("new", "version", "codes"),
    [
        (A, "1.0.0", []),
        (_bounds("minimum: -1"), "1.0.0", []),
        (f"{A}, description: More.", "1.0.0", ["W607"]),
        (f"{A}, description: More.", "1.0.1", []),
        (f"{A}, description: More.", "0.9.0", ["E607"]),
        (f"{A}, physicalName: B", "1.0.1", ["E607"]),
        (f"{A}, physicalName: B", "1.1.0", []),
        (f"{A}, required: true", "1.1.0", ["E608", "E607"]),
        (f"{A}, required: true", "2.0.0", ["E608"]),
    ],
)
def test_versions_are_raised_far_enough(new: str, version: str, codes: list[str]) -> None:
    old = contract(_bounds("minimum: -1") if "minimum" in new else A)
    issues = version_issues([old], contract(new, version=version))
    assert [issue.code for issue in issues] == codes
    assert all(issue.fix and issue.place.path for issue in issues)


def test_the_suggestion_follows_the_size_of_the_change() -> None:
    assert raise_version("1.2.3", Level.MAJOR) == "2.0.0"
    assert raise_version("1.2.3", Level.PATCH) == "1.2.4"
    removed = classify([contract(A, KEPT)], contract(KEPT, version="1.1.0"))
    assert removed.ok
    assert [c.columns for c in removed.breaking] == [("a",)]
    assert (removed.level, removed.suggested_version) == (Level.MAJOR, "2.0.0")
    assert classify([], contract(A)).ok
    assert str(classify([contract(A)], contract(A))) == "unchanged"


def test_a_rename_is_told_as_such() -> None:
    old = contract("name: a, logicalType: date, physicalName: Day")
    new = contract("name: b, logicalType: date, physicalName: Day", version="2.0.0")
    assert [str(c) for c in changes(old, new)] == [
        "column removed: a, now called b",
        "column added: b, optional",
    ]


@pytest.mark.parametrize(
    ("old", "new", "widens"),
    [
        ("INTEGER", "BIGINT", True),
        ("BIGINT", "INTEGER", False),
        ("UINTEGER", "INTEGER", False),
        ("UINTEGER", "BIGINT", True),
        ("INTEGER", "DOUBLE", True),
        ("BIGINT", "DOUBLE", False),
        ("DECIMAL(10,2)", "DECIMAL(12,2)", True),
        ("DECIMAL(10,2)", "DECIMAL(10,4)", False),
        ("INTEGER", "DECIMAL(12,2)", True),
        ("INTEGER", "DECIMAL(10,2)", False),
        ("DATE", "TIMESTAMP", True),
        ("TIMESTAMP", "TIMESTAMPTZ", False),
        ("INTEGER[]", "BIGINT[]", True),
        ("VARCHAR", "BIGINT", False),
        ("BIGINT", "VARCHAR", False),
    ],
)
def test_widening(old: str, new: str, widens: bool) -> None:
    assert is_widening(old, new) is widens
