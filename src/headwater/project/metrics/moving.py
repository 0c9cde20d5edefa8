"""Which metrics move from one release to another: by how much, when, and who reads them.

Asked before a promotion, this is what the promotion will restate.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from headwater.clock import Grain
from headwater.engines.protocol import Session
from headwater.ids import NodeId
from headwater.project.metrics.approving import Approval, approvals_of
from headwater.project.metrics.restating import SPOKEN, complete_until, counted, past_changes
from headwater.project.metrics.sides import DERIVED, Side
from headwater.project.metrics.values import ValueChange, compare_values, read_values
from headwater.project.release_view import ReleaseView
from headwater.project.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricMove:
    """How one metric differs. A change `meaning` says that no number moves with the meaning."""

    metric: str
    change: Literal["moved", "new", "removed", "meaning"]
    meaning_changed: bool = False
    approval: Approval | None = None  # of what it means afterwards
    moved: Mapping[Grain, int] = field(default_factory=dict)  # grain → periods that differ
    published: Mapping[Grain, int] = field(default_factory=dict)  # grain → periods on either side
    restated: Mapping[Grain, int] = field(default_factory=dict)  # grain → complete ones that differ
    changes: tuple[ValueChange, ...] = ()
    readers: tuple[NodeId, ...] = ()

    @property
    def grain(self) -> Grain | None:
        """The grain that speaks for the others."""
        counted = self.moved or self.published
        return next((grain for grain in SPOKEN if counted.get(grain)), None)

    def of_grain(self, grain: Grain | None) -> tuple[ValueChange, ...]:
        """The changes of one grain, oldest first."""
        return tuple(change for change in self.changes if change.slot.grain == grain)


def moved_metrics(
    workspace: Workspace, before: ReleaseView, after: ReleaseView
) -> tuple[MetricMove, ...]:
    """Every metric that is new, gone, means something else or has other values; by name."""
    sides = Side.of(before), Side.of(after)
    nodes = [
        node
        for node in sorted({*before.definitions, *after.definitions})
        if node.kind == "metric" and _may_differ(node, before, after)
    ]
    if not nodes:
        return ()
    approvals, readers = approvals_of(after), read_by(after, nodes)
    found: list[MetricMove] = []
    with workspace.engine.session() as session:
        for node in nodes:
            move = _move(workspace, node, before, sides, session)
            if move is not None:
                approval = approvals.get(node.name)
                found.append(replace(move, approval=approval, readers=readers[node]))
    return tuple(found)


def _may_differ(node: NodeId, before: ReleaseView, after: ReleaseView) -> bool:
    same = before.definitions.get(node) == after.definitions.get(node)
    return not same or before.state_ids.get(node) != after.state_ids.get(node)


def _move(
    workspace: Workspace,
    node: NodeId,
    before: ReleaseView,
    sides: tuple[Side, Side],
    session: Session,
) -> MetricMove | None:
    """What differs of one metric; None where only its words do."""
    old, new = sides
    values = read_values(new.states.get(node), workspace.lake, session)
    was = read_values(old.states.get(node), workspace.lake, session)
    published = Counter(slot.grain for slot in {*was, *values})
    if node not in old.records:
        return MetricMove(metric=node.name, change="new", published=published)
    if node not in new.records:
        return MetricMove(metric=node.name, change="removed", published=published)
    changes = compare_values(was, values)
    meaning_changed = old.meaning(node) != new.meaning(node)
    if not (changes or meaning_changed):
        return None
    assert before.release is not None
    past = past_changes(
        changes,
        complete_until(old, node, before.release, "definitions", workspace.zone),
        workspace.zone,
    )
    return MetricMove(
        metric=node.name,
        change="moved" if changes else "meaning",
        meaning_changed=meaning_changed,
        moved=counted(changes),
        published=published,
        restated=counted(past),
        changes=changes,
    )


def read_by(view: ReleaseView, nodes: Iterable[NodeId]) -> dict[NodeId, tuple[NodeId, ...]]:
    """What reads some nodes in a release, directly or through what is derived from them.

    Sources and tables read no metrics, so that theirs need not be looked at.
    """
    hashes = {
        node: name
        for node, name in view.definitions.items()
        if node.kind not in ("source", "table", "rollup")
    }
    records = view.ledger.definitions(hashes.values())
    reads = {
        node: [NodeId.parse(entry[0]) for entry in json.loads(records[name].body)["inputs"]]
        for node, name in hashes.items()
    }
    found: dict[NodeId, tuple[NodeId, ...]] = {}
    for start in nodes:
        reached, queue = {start}, [start]
        while queue:
            current = queue.pop()
            for reader, inputs in reads.items():
                if current in inputs and reader not in reached:
                    reached.add(reader)
                    queue += [reader] if reader.kind in DERIVED else []
        found[start] = tuple(sorted(reached - {start}))
    return found
