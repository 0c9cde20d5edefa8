"""What differs between two releases: definitions, schemas, rows by key, totals by column.

Rows are compared on the intervals where content keys differ. Totals are of all rows, so that a
share of them means what a reader takes it for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headwater.engines.protocol import Engine
from headwater.graph.node import Schema
from headwater.ids import DataInterval, NodeId
from headwater.lake import Lake
from headwater.plan.reasons import changed_definition
from headwater.plan.state import State
from headwater.project.metrics.moving import MetricMove, moved_metrics
from headwater.project.metrics.sides import DERIVED
from headwater.project.release_view import ReleaseView, read_body
from headwater.project.row_changes import RowComparison, Total, changed_intervals
from headwater.project.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChange:
    """A column that came, went or changed its type."""

    column: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDiff:
    """How one node differs.

    Rows are matched by key; without one a changed row is one removed and one added.
    """

    node: NodeId
    change: Literal["added", "removed", "changed", "definition only", "rebuilt, equal"]
    definition: tuple[str, ...] = ()  # changed columns, `rows` for the shape
    schema: tuple[SchemaChange, ...] = ()
    intervals: tuple[DataInterval, ...] = ()
    rows_added: int = 0
    rows_removed: int = 0
    rows_changed: int = 0
    totals: tuple[Total, ...] = ()
    has_rows: bool = True  # False: a definition alone, such as a dashboard


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDiff:
    """All nodes that differ from one release to another, in no order of importance.

    Metrics are told by their values; rollups follow from them, and are left out.
    """

    before: int | None
    after: int | None
    nodes: tuple[NodeDiff, ...] = ()
    metrics: tuple[MetricMove, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.nodes or self.metrics)


def compare_releases(workspace: Workspace, before: ReleaseView, after: ReleaseView) -> ReleaseDiff:
    """What a reader sees differently in `after`."""
    lake, engine = workspace.lake, workspace.engine
    names = sorted({*before.definitions, *after.definitions})
    found = [
        _compare_node(node, before, after, lake, engine)
        for node in names
        if node.kind not in DERIVED
        and (
            before.definitions.get(node) != after.definitions.get(node)
            or before.state_ids.get(node) != after.state_ids.get(node)
        )
    ]
    return ReleaseDiff(
        before=before.release.number if before.release else None,
        after=after.release.number if after.release else None,
        nodes=tuple(found),
        metrics=moved_metrics(workspace, before, after),
    )


def _compare_node(
    node: NodeId, before: ReleaseView, after: ReleaseView, lake: Lake, engine: Engine
) -> NodeDiff:
    old = before.states.get(node, State(node=node))
    new = after.states.get(node, State(node=node))
    old_body, new_body = read_body(before, node), read_body(after, node)
    has_rows = node in before.states or node in after.states
    if node not in before.definitions:
        return NodeDiff(node=node, change="added", rows_added=new.row_count, has_rows=has_rows)
    if node not in after.definitions:
        return NodeDiff(node=node, change="removed", rows_removed=old.row_count, has_rows=has_rows)
    definition = changed_definition(old_body.recipe, new_body.recipe)
    schema = _schema_changes(old.schema, new.schema)
    intervals = changed_intervals(old, new)
    if not intervals:
        equal = old.segments != new.segments
        change: Literal["definition only", "rebuilt, equal"] = (
            "rebuilt, equal" if equal else "definition only"
        )
        return NodeDiff(
            node=node, change=change, definition=definition, schema=schema, has_rows=has_rows
        )
    with engine.session() as session:
        key = new_body.key if new_body.key == old_body.key else ()
        rows = RowComparison(old, new, intervals, lake, session)
        added, removed, changed = rows.count_changes(key)
        return NodeDiff(
            node=node,
            change="changed",
            definition=definition,
            schema=schema,
            intervals=intervals,
            rows_added=added,
            rows_removed=removed,
            rows_changed=changed,
            totals=rows.totals(key),
        )


def _schema_changes(old: Schema, new: Schema) -> tuple[SchemaChange, ...]:
    before, after = dict(old), dict(new)
    return tuple(
        SchemaChange(column=name, before=before.get(name), after=after.get(name))
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    )
