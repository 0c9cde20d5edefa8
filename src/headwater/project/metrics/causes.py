"""Why a published number changed from one release to the next.

A release of `prod` changes either data or definitions, so that the cause follows from what differs
between the two sides; a promotion may bring both, and is then `mixed` until it is replayed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal
from zoneinfo import ZoneInfo

from headwater.ids import DataInterval, NodeId
from headwater.plan.reasons import days_text
from headwater.plan.state import State
from headwater.project.metrics.sides import DERIVED, Side
from headwater.project.metrics.values import ValueChange
from headwater.project.row_changes import changed_intervals

#: `new data` and `first value` change a number without restating it: its period was not over, or
#: had no value. `recomputed` is a number that changed although nothing that it reads did.
Cause = Literal[
    "definition",
    "upstream logic",
    "source data changed",
    "late arrivals",
    "mixed",
    "rollback",
    "recomputed",
    "new data",
    "first value",
]

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """How the published rows of a source differ on days that were published before."""

    added: int = 0
    gone: int = 0  # or changed: a changed row is one gone and one added


#: Compares the rows of two states of a source on some days.
CountRows = Callable[[State, State, tuple[DataInterval, ...]], RowChange]


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """What differs beneath one metric, from one release to the next."""

    meaning: bool = False
    logic: tuple[str, ...] = ()  # nodes above whose definition changed
    late: tuple[str, ...] = ()  # sources that got rows on days published before, in words
    rewritten: tuple[str, ...] = ()  # sources of which such rows changed or went away, in words
    new_days: tuple[str, ...] = ()  # sources that have new days
    is_rollback: bool = False

    @property
    def definitions(self) -> tuple[str, ...]:
        """What changed of the definitions, in words."""
        return (*(["its meaning"] if self.meaning else []), *self.logic)


def find_cause(found: Differences) -> tuple[Cause, str]:
    """The cause of a restatement, and its detail.

    >>> find_cause(Differences(logic=("table.sales",)))
    ('upstream logic', 'table.sales')
    >>> find_cause(Differences(meaning=True, late=("source.orders: 12 rows added",)))
    ('mixed', 'its meaning; source.orders: 12 rows added')
    """
    data = (*found.rewritten, *found.late)
    detail = "; ".join(", ".join(_some(part)) for part in (found.definitions, data) if part)
    if found.is_rollback:
        return "rollback", detail
    if found.definitions and data:
        return "mixed", detail
    if found.meaning:
        return "definition", detail
    if found.logic:
        return "upstream logic", detail
    if data:
        return "source data changed" if found.rewritten else "late arrivals", detail
    if found.new_days:
        return "source data changed", f"new days of {', '.join(_some(found.new_days))} reach back"
    return "recomputed", "nothing that it reads differs"


def cause_of_change(
    change: ValueChange, found: Differences, *, was_complete: bool
) -> tuple[Cause, str]:
    """The cause of any change: of a period that was not over, mostly that its data came in."""
    if change.before is None:
        return "first value", ""
    if was_complete or found.is_rollback:
        return find_cause(found)
    data = (*found.rewritten, *found.late, *found.new_days)
    if not found.definitions:
        return "new data", ", ".join(_some(data))
    return find_cause(replace(found, late=data, rewritten=()))


def _some(names: Iterable[str]) -> list[str]:
    listed = list(names)
    more = len(listed) - _MOST_NAMED
    return [*listed[:_MOST_NAMED], f"{more} more"] if more > 0 else listed


def find_differences(
    metric: NodeId,
    before: Side,
    after: Side,
    zone: ZoneInfo,
    count_rows: CountRows,
    *,
    is_rollback: bool = False,
) -> Differences:
    """What lies beneath a metric on both sides, compared."""
    shared = sorted(before.upstream(metric) & after.upstream(metric))
    own = before.meaning(metric) != after.meaning(metric)
    logic = [
        str(node)
        for node in shared
        if node.kind not in DERIVED
        and before.records[node].fingerprint != after.records[node].fingerprint
    ]
    if not own:
        parts = (node for node in shared if node.kind == "metric")
        logic += [str(n) for n in parts if before.meaning(n) != after.meaning(n)]
    found = Differences(meaning=own, logic=tuple(logic), is_rollback=is_rollback)
    for node in shared:
        if node.kind != "source" or node not in before.states or node not in after.states:
            continue
        old, new = before.states[node], after.states[node]
        if str(node) in logic and _deliveries(old) == _deliveries(new):
            continue  # the same rows, judged by another contract
        found = _with_source(found, node, old, new, zone, count_rows)
    return found


def _deliveries(state: State) -> frozenset[tuple[str, str]]:
    return frozenset((delivery.name, delivery.sha256) for delivery in state.deliveries)


def _with_source(
    found: Differences, node: NodeId, old: State, new: State, zone: ZoneInfo, count_rows: CountRows
) -> Differences:
    """What became of a source's data beside what is known already."""
    changed = changed_intervals(old, new)
    if not changed:
        return found
    hull = old.segments.hull
    cuts = (each.intersect(hull) for each in changed if hull is not None)
    past = tuple(cut for cut in cuts if cut is not None)
    rows = count_rows(old, new, past) if past else RowChange()
    if not (rows.added or rows.gone):
        return replace(found, new_days=(*found.new_days, str(node)))
    days = ", ".join(_some([days_text(each, zone) for each in past]))
    counts = [f"{_rows(rows.gone)} changed or gone"] if rows.gone else []
    counts += [f"{_rows(rows.added)} added"] if rows.added else []
    said = f"{node}: {', '.join(counts)} in {days}"
    if rows.gone:
        return replace(found, rewritten=(*found.rewritten, said))
    return replace(found, late=(*found.late, said))


def _rows(number: int) -> str:
    return f"{number:,} row{'s' * (number != 1)}"
