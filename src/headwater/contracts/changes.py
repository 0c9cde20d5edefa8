"""What changed between two versions of a contract, and whom it can break.

Confluent's words, for data: BACKWARD means that who reads with the new contract can read data
written under the old one; FORWARD, that who reads with the old contract can read data written under
the new one; FULL, both. The transitive modes ask this of all earlier versions, not of the last one.
A third question those modes do not ask: a query written against the old columns must still bind.
`breaks_readers` answers it, and column lineage then finds who such readers are.

| change | backward | forward | breaks readers | why |
|---|---|---|---|---|
| optional column added | yes | yes | no | old rows hold NULL |
| required column added | no | yes | no | old rows have no value for it |
| optional column removed | yes | yes | yes | they get NULL by Avro's rule; SQL does not bind |
| required column removed | yes | no | yes | old readers rely on a value |
| type widened (INTEGER → BIGINT) | yes | no | no | new values may not fit the old type |
| type narrowed (BIGINT → INTEGER) | no | yes | yes | old values may not fit the new type |
| type replaced (VARCHAR → DATE) | no | no | yes | neither reads the other |
| physical name changed | yes | yes | no | only the loader sees it |
| row rule added or tightened | no | yes | no | old rows may break it, and be quarantined |
| row rule removed or loosened | yes | no | no | new rows may hold what the old rule kept out |
| dataset rule added or tightened | yes | yes | no | it judges later loads only |
| dataset rule removed or loosened | yes | no | no | readers lose a promise |
| warning added, changed or removed | yes | yes | no | it decides nothing |
| words: descriptions, owners, tags | yes | yes | no | nothing is enforced by them |

A renamed column is one removed and one added. `required` and the other options of a column are row
rules, and so changes of rules; those of a column that comes or goes are part of that one change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from headwater.contracts.conditions import Castable, NotNull
from headwater.contracts.definition import (
    Contract,
    ContractColumn,
    DatasetRule,
    RowRule,
    Severity,
)
from headwater.contracts.implication import dataset_implies, implied_by_any
from headwater.errors import Place


class ChangeKind(StrEnum):
    """What happened."""

    COLUMN_ADDED = "column added"
    COLUMN_REMOVED = "column removed"
    TYPE_WIDENED = "type widened"
    TYPE_NARROWED = "type narrowed"
    TYPE_REPLACED = "type replaced"
    ORIGIN_CHANGED = "physical name changed"
    RULE_ADDED = "rule added"
    RULE_REMOVED = "rule removed"
    RULE_TIGHTENED = "rule tightened"
    RULE_LOOSENED = "rule loosened"
    RULE_REPLACED = "rule replaced"
    WARNING_CHANGED = "warning changed"
    TEXT_CHANGED = "text changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change; `columns` are those of the old contract that it is about."""

    kind: ChangeKind
    what: str
    backward: bool = True
    forward: bool = True
    breaks_readers: bool = False
    columns: tuple[str, ...] = ()
    rule: str = ""
    place: Place = Place()

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


def changes(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Everything that changed: columns first, then rules, then words."""
    found = [*_column_changes(old, new), *_row_rule_changes(old, new)]
    found += [*_dataset_changes(old, new), *_warning_changes(old, new)]
    if old.text_fingerprint != new.text_fingerprint and not found:
        what = "descriptions, owners, tags or names of rules"
        found.append(Change(kind=ChangeKind.TEXT_CHANGED, what=what, place=new.place))
    return tuple(found)


# Columns


def _column_changes(old: Contract, new: Contract) -> Iterator[Change]:
    for column in old.columns:
        if new.column(column.name) is None:
            yield _removed(column, old, new)
    for column in new.columns:
        before = old.column(column.name)
        if before is None:
            yield _added(column, new)
            continue
        if (before.type, before.format) != (column.type, column.format):
            yield _retyped(before, column)
        if before.physical_name != column.physical_name:
            what = f"{column.name} is read from `{column.physical_name}`"
            yield Change(
                kind=ChangeKind.ORIGIN_CHANGED,
                what=f"{what}, before from `{before.physical_name}`",
                columns=(before.name,),
                place=column.place,
            )


def _is_required(column: ContractColumn, contract: Contract) -> bool:
    return any(
        isinstance(rule.condition, NotNull)
        and rule.condition.column == column.name
        and rule.severity is Severity.ERROR
        for rule in contract.row_rules
    )


def _removed(column: ContractColumn, old: Contract, new: Contract) -> Change:
    heir = next(
        (c for c in new.columns
         if c.physical_name == column.physical_name and old.column(c.name) is None),
        None,
    )  # fmt: skip
    return Change(
        kind=ChangeKind.COLUMN_REMOVED,
        what=f"{column.name}, now called {heir.name}" if heir else column.name,
        forward=not _is_required(column, old),
        breaks_readers=True,
        columns=(column.name,),
        place=heir.place if heir else new.place,
    )


def _added(column: ContractColumn, new: Contract) -> Change:
    required = _is_required(column, new)
    return Change(
        kind=ChangeKind.COLUMN_ADDED,
        what=f"{column.name}, {'required' if required else 'optional'}",
        backward=not required,
        place=column.place,
    )


_INTEGERS: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_UNSIGNED: Final = ("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")
_TIMES: Final = ("DATE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP")
_DIGITS: Final = dict(zip(_INTEGERS, (3, 5, 10, 19, 39), strict=True))
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)\Z")


def _retyped(before: ContractColumn, after: ContractColumn) -> Change:
    old, new = before.type, after.type
    if old == new:
        kind, what = ChangeKind.TYPE_REPLACED, f"{after.name}: another date format"
    else:
        kind = ChangeKind.TYPE_REPLACED
        what = f"{after.name}: {old or 'any type'} → {new or 'any type'}"
    if old is not None and new is not None and old != new:
        if is_widening(old, new):
            kind = ChangeKind.TYPE_WIDENED
        elif is_widening(new, old):
            kind = ChangeKind.TYPE_NARROWED
    return Change(
        kind=kind,
        what=what,
        backward=kind is ChangeKind.TYPE_WIDENED,
        forward=kind is ChangeKind.TYPE_NARROWED,
        breaks_readers=kind is not ChangeKind.TYPE_WIDENED,
        columns=(before.name,),
        place=after.place,
    )


def is_widening(old: str, new: str) -> bool:
    """Whether every value of `old` is, exactly, a value of `new`.

    >>> is_widening("INTEGER", "BIGINT"), is_widening("DECIMAL(12,4)", "DECIMAL(12,2)")
    (True, False)
    """
    for ladder in (_INTEGERS, _UNSIGNED, _TIMES, ("FLOAT", "DOUBLE")):
        if old in ladder and new in ladder:
            return ladder.index(old) <= ladder.index(new)
    if old in _UNSIGNED and new in _INTEGERS:
        return _INTEGERS.index(new) > _UNSIGNED.index(old)
    own, other = _digits(old), _digits(new)
    if own is not None and other is not None:
        return own[0] <= other[0] and own[1] <= other[1]
    if new in ("DOUBLE", "FLOAT") and old in _INTEGERS:
        return _DIGITS[old] <= (15 if new == "DOUBLE" else 7)
    return old.endswith("[]") and new.endswith("[]") and is_widening(old[:-2], new[:-2])


def _digits(type_name: str) -> tuple[int, int] | None:
    """Digits before and after the point that a whole or decimal type holds."""
    if type_name in _DIGITS:
        return _DIGITS[type_name], 0
    match = _DECIMAL.match("DECIMAL(18,3)" if type_name == "DECIMAL" else type_name)
    return (int(match[1]) - int(match[2]), int(match[2])) if match else None


# Rules


def _shared_rules(contract: Contract, other: Contract) -> list[RowRule]:
    """The error rules over columns that both contracts have; types are compared as such."""
    return [
        rule
        for rule in contract.row_rules
        if rule.severity is Severity.ERROR
        and not isinstance(rule.condition, Castable)
        and all(other.column(name) is not None for name in rule.columns)
    ]


def _row_rule_changes(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = _shared_rules(old, new), _shared_rules(new, old)
    old_conditions = [rule.condition for rule in before]
    new_conditions = [rule.condition for rule in after]
    gone = [r for r in before if r.meaning not in {a.meaning for a in after}]
    fresh = [r for r in after if r.meaning not in {b.meaning for b in before}]
    paired: set[str] = set()
    for rule in fresh:
        backward = implied_by_any(old_conditions, rule.condition)
        twin = next((r for r in gone if r.name not in paired and _same_subject(r, rule)), None)
        if twin is None:
            kind = ChangeKind.RULE_ADDED
            yield _rule_change(kind, rule.name, rule, backward, True, rule.place)
            continue
        paired.add(twin.name)
        forward = implied_by_any(new_conditions, twin.condition)
        kind = _direction(backward, forward)
        what = rule.name if rule.name == twin.name else f"{twin.name} → {rule.name}"
        yield _rule_change(kind, what, rule, backward, forward, rule.place)
    for rule in gone:
        if rule.name not in paired:
            forward = implied_by_any(new_conditions, rule.condition)
            yield _rule_change(ChangeKind.RULE_REMOVED, rule.name, rule, True, forward, new.place)


def _same_subject(old: RowRule | DatasetRule, new: RowRule | DatasetRule) -> bool:
    """Whether a rule that went and one that came are best told as one change."""
    if old.name == new.name:
        return True
    if isinstance(old, DatasetRule) or isinstance(new, DatasetRule):
        same_type = isinstance(old, DatasetRule) and isinstance(new, DatasetRule)
        return same_type and old.metric == new.metric and old.columns == new.columns  # type: ignore[union-attr]
    kind = old.name.split(" ")[0].replace("exclusiveM", "m") == new.name.split(" ")[0].replace(
        "exclusiveM", "m"
    )
    return old.columns == new.columns and type(old.condition) is type(new.condition) and kind


def _direction(backward: bool, forward: bool) -> ChangeKind:
    if backward != forward:
        return ChangeKind.RULE_LOOSENED if backward else ChangeKind.RULE_TIGHTENED
    return ChangeKind.RULE_REPLACED


def _rule_change(
    kind: ChangeKind,
    what: str,
    rule: RowRule | DatasetRule,
    backward: bool,
    forward: bool,
    place: Place,
) -> Change:
    return Change(
        kind=kind,
        what=what,
        backward=backward,
        forward=forward,
        columns=rule.columns,
        rule=rule.name,
        place=place,
    )


def _dataset_changes(old: Contract, new: Contract) -> Iterator[Change]:
    """Dataset rules of severity error; those over columns that came or went are told by these."""
    before = [r for r in old.dataset_rules if r.severity is Severity.ERROR]
    after = [r for r in new.dataset_rules if r.severity is Severity.ERROR]
    gone = [r for r in before if r.meaning not in {a.meaning for a in after}]
    fresh = [r for r in after if r.meaning not in {b.meaning for b in before}]
    paired: set[str] = set()
    for rule in fresh:
        twin = next((r for r in gone if r.name not in paired and _same_subject(r, rule)), None)
        if twin is None:
            yield _rule_change(ChangeKind.RULE_ADDED, rule.name, rule, True, True, rule.place)
            continue
        paired.add(twin.name)
        forward = any(dataset_implies(each, twin) for each in after)
        kind = _direction(dataset_implies(twin, rule), forward)
        what = f"{rule.name}: {twin.threshold} → {rule.threshold}"
        yield _rule_change(kind, what, rule, True, forward, rule.place)
    for rule in gone:
        if rule.name not in paired:
            forward = any(dataset_implies(each, rule) for each in after)
            yield _rule_change(ChangeKind.RULE_REMOVED, rule.name, rule, True, forward, new.place)


def _warning_changes(old: Contract, new: Contract) -> Iterator[Change]:
    def warnings(contract: Contract) -> dict[tuple[str, ...], RowRule | DatasetRule]:
        return {r.meaning: r for r in contract.rules if r.severity is Severity.WARNING}

    before, after = warnings(old), warnings(new)
    for meaning in before.keys() ^ after.keys():
        rule = after.get(meaning) or before[meaning]
        place = rule.place if meaning in after else new.place
        yield _rule_change(ChangeKind.WARNING_CHANGED, rule.name, rule, True, True, place)
