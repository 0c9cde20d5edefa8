"""Restatements: published numbers of past periods that a release changes, each with its cause.

They are found when a release of `prod` is about to be published, and recorded with it in one
transaction: one note of the ledger for each metric.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from headwater.clock import Grain, local, local_midnight
from headwater.engines.protocol import Session
from headwater.ids import MIN_TIME, DataInterval, NodeId
from headwater.ledger import Ledger, Note, Publication, Release, ReleaseSort
from headwater.plan.state import State
from headwater.project.metrics.causes import (
    Cause,
    CountRows,
    RowChange,
    find_cause,
    find_differences,
)
from headwater.project.metrics.sides import Side
from headwater.project.metrics.values import (
    Slot,
    ValueChange,
    compare_values,
    read_values,
    was_complete,
)
from headwater.project.release_view import ReleaseView
from headwater.project.row_changes import RowComparison
from headwater.project.workspace import Workspace
from headwater.semantics.asking import Number
from headwater.semantics.completeness import settled_until
from headwater.semantics.metric import GRAINS, Window, WindowUnit

#: The sort of note by which a restatement is kept.
RESTATEMENT = "restatement"

#: So many periods of a grain are written into a note; the states of both releases hold them all.
LISTED = 36
#: The grain that speaks for the others: the first of these that was restated.
SPOKEN: tuple[Grain, ...] = (
    "month", "quarter", "year", "week", "day", "hour", "fiscal_quarter", "fiscal_year"
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """What one release changed of one metric's published past."""

    metric: str
    cause: Cause
    detail: str = ""
    counts: Mapping[Grain, int] = field(default_factory=dict)  # grain → how many periods
    changes: tuple[ValueChange, ...] = ()  # at most `LISTED` of a grain, the oldest
    release: int | None = None  # None: not published yet
    at: datetime | None = None
    author: str = ""

    @property
    def grain(self) -> Grain | None:
        """The grain that speaks for the others."""
        return next((grain for grain in SPOKEN if self.counts.get(grain)), None)

    @property
    def periods(self) -> int:
        """How many periods of that grain were restated."""
        return self.counts.get(self.grain, 0) if self.grain is not None else 0

    def of_grain(self, grain: Grain | None) -> tuple[ValueChange, ...]:
        """The listed changes of one grain."""
        return tuple(change for change in self.changes if change.slot.grain == grain)


def read_restatements(ledger: Ledger, metric: str | None = None) -> tuple[Restatement, ...]:
    """All that were recorded, of one metric or of all; oldest first."""
    node = None if metric is None else NodeId("metric", metric)
    return tuple(map(decode, ledger.notes(sort=RESTATEMENT, node=node)))


def restated_in(ledger: Ledger, release: int) -> tuple[Restatement, ...]:
    """What one release restated."""
    return tuple(map(decode, ledger.notes(sort=RESTATEMENT, release=release)))


def last_restatements(ledger: Ledger, until: int) -> dict[str, Restatement]:
    """The newest restatement of each metric, up to a release; metric → restatement."""
    notes = ledger.notes(sort=RESTATEMENT)
    newest = {note.node: note for note in notes if (note.release or 0) <= until}
    return {found.metric: found for found in map(decode, newest.values())}


def publication_notes(
    workspace: Workspace,
    before: ReleaseView,
    draft: Publication,
    states: Mapping[NodeId, State] | None = None,
) -> tuple[Note, ...]:
    """The restatements that a publication, with `states` that were built, brings with it."""
    after = Side.of(before, {**draft.states, **(states or {})}, draft.definitions)
    return _notes(workspace, before, after, draft.sort)


def rollback_notes(workspace: Workspace, now: ReleaseView, then: ReleaseView) -> tuple[Note, ...]:
    """The restatements of going back to an earlier release."""
    return _notes(workspace, now, Side.of(then), "rollback")


def _notes(
    workspace: Workspace, before: ReleaseView, after: Side, sort: ReleaseSort
) -> tuple[Note, ...]:
    at, author = workspace.clock.now, workspace.author
    return tuple(
        encode(replace(each, at=at, author=author))
        for each in find_restatements(workspace, before, after, sort)
    )


def find_restatements(
    workspace: Workspace, before: ReleaseView, after: Side, sort: ReleaseSort
) -> Iterator[Restatement]:
    """What differs of every metric that is published on both sides, in its past periods."""
    if before.release is None:
        return
    old = Side.of(before)
    moved = [
        node
        for node in sorted(old.states)
        if node.kind == "metric" and node in after.states and _differ(old, after, node)
    ]
    if not moved:
        return
    with workspace.engine.session() as session:
        count_rows = row_counter(workspace, session)
        for node in moved:
            values = (read_values(s.states[node], workspace.lake, session) for s in (old, after))
            until = complete_until(old, node, before.release, sort, workspace.zone)
            changes = past_changes(compare_values(*values), until, workspace.zone)
            if changes:
                found = find_differences(
                    node,
                    old,
                    after,
                    workspace.zone,
                    count_rows,
                    is_rollback=sort == "rollback",
                )
                cause, detail = find_cause(found)
                yield Restatement(
                    metric=node.name,
                    cause=cause,
                    detail=detail,
                    counts=counted(changes),
                    changes=listed(changes),
                )


def _differ(before: Side, after: Side, node: NodeId) -> bool:
    one, other = before.states[node], after.states[node]
    return one is not other and one.segments != other.segments


def complete_until(
    side: Side, node: NodeId, release: Release, new: ReleaseSort, zone: ZoneInfo
) -> datetime:
    """Periods that end later were not complete in a release: by its data, and by its clock.

    Nor were those, where new data come, whose last events had not had their time to convert.
    """
    data_until = side.data_until(node)
    until = release.created_at if data_until is None else min(data_until, release.created_at)
    settles = side.settles_after(node) if new == "data" else ()
    if not settles:
        return until
    if "ever" in settles:
        return MIN_TIME
    windows = (text.split() for text in settles)
    found = [Window(int(count), cast("WindowUnit", unit)) for count, unit in windows]
    return local_midnight(settled_until(local(until, zone).date(), found), zone)


def past_changes(
    changes: Iterable[ValueChange], until: datetime, zone: ZoneInfo
) -> tuple[ValueChange, ...]:
    """Those that restate: there was a value, and its period was complete."""
    return tuple(
        each for each in changes if each.before is not None and was_complete(each.slot, until, zone)
    )


def row_counter(workspace: Workspace, session: Session) -> CountRows:
    """Compares the rows of two states of a source; once, however many metrics read it."""
    known: dict[tuple[NodeId, int, int], RowChange] = {}

    def count(old: State, new: State, days: tuple[DataInterval, ...]) -> RowChange:
        key = (old.node, id(old), id(new))
        if key not in known:
            rows = RowComparison(old, new, days, workspace.lake, session)
            added, gone, _ = rows.count_changes(())
            known[key] = RowChange(added=added, gone=gone)
        return known[key]

    return count


def counted(changes: Iterable[ValueChange]) -> dict[Grain, int]:
    """How many values of each grain, the longest periods first."""
    found = Counter(change.slot.grain for change in changes)
    return {grain: found[grain] for grain in reversed(GRAINS) if found[grain]}


def listed(changes: Sequence[ValueChange]) -> tuple[ValueChange, ...]:
    """The oldest changes of each grain, as many as a note holds."""
    seen: Counter[str] = Counter()
    kept: list[ValueChange] = []
    for change in changes:
        if seen[change.slot.grain] < LISTED:
            kept.append(change)
        seen[change.slot.grain] += 1
    return tuple(kept)


def encode(restatement: Restatement) -> Note:
    """A restatement as a note; the release is filled in when it is published."""
    assert restatement.at is not None
    counts = ", ".join(
        f"{n:,} {grain.replace('_', ' ')}{'s' * (n != 1)}"
        for grain, n in restatement.counts.items()
    )
    data = {
        "cause": restatement.cause,
        "detail": restatement.detail,
        "counts": dict(restatement.counts),
        "changes": [
            [c.slot.grain, str(c.slot.period), c.slot.step, _write(c.before), _write(c.after)]
            for c in restatement.changes
        ],
    }
    detail = f" ({restatement.detail})" if restatement.detail else ""
    return Note(
        sort=RESTATEMENT,
        node=NodeId("metric", restatement.metric),
        text=f"{counts}: {restatement.cause}{detail}",
        at=restatement.at,
        author=restatement.author,
        release=restatement.release,
        data=json.dumps(data, separators=(",", ":")),
    )


def decode(note: Note) -> Restatement:
    """What `encode` wrote."""
    data = json.loads(note.data)
    assert note.node is not None
    return Restatement(
        metric=note.node.name,
        cause=data["cause"],
        detail=data["detail"],
        counts=data["counts"],
        changes=tuple(
            ValueChange(
                slot=Slot(grain, date.fromisoformat(period), step),
                before=_read(before),
                after=_read(after),
            )
            for grain, period, step, before, after in data["changes"]
        ),
        release=note.release,
        at=note.at,
        author=note.author,
    )


def _write(value: Number | None) -> Any:
    """Decimals are text, so that they come back digit for digit."""
    return str(value) if isinstance(value, Decimal) else value


def _read(value: Any) -> Number | None:
    return Decimal(value) if isinstance(value, str) else value
