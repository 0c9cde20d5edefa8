"""What differs between two releases: definitions, schemas, rows by key, totals by column.

Rows are compared on the intervals where content keys differ. Totals are of all rows, so that a
share of them means what a reader takes it for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from headwater.contracts.quoting import quote
from headwater.engines.protocol import Engine, InputRelation, Session
from headwater.graph.node import Schema
from headwater.ids import ALL_TIME, DataInterval, IntervalMap, NodeId, join_intervals
from headwater.lake import Lake
from headwater.plan.reasons import changed_definition
from headwater.plan.state import State, schema_digest
from headwater.project.release_view import ReleaseView, read_body
from headwater.run.states import input_files

OLD, NEW = "__headwater_old", "__headwater_new"
ALL_OLD, ALL_NEW = "__headwater_all_old", "__headwater_all_new"
NUMERIC = ("DECIMAL", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UBIGINT", "UINTEGER", "DOUBLE")


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChange:
    """A column that came, went or changed its type."""

    column: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The sum of one numeric column over all rows of each side."""

    column: str
    before: Decimal | float | int
    after: Decimal | float | int

    @property
    def difference(self) -> Decimal | float | int:
        """After minus before."""
        return self.after - self.before  # type: ignore[operator]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDiff:
    """All nodes that differ from one release to another, in no order of importance."""

    before: int | None
    after: int | None
    nodes: tuple[NodeDiff, ...] = ()


def compare_releases(
    before: ReleaseView, after: ReleaseView, lake: Lake, engine: Engine
) -> ReleaseDiff:
    """What a reader sees differently in `after`."""
    names = sorted({*before.definitions, *after.definitions})
    found = [
        _compare_node(node, before, after, lake, engine)
        for node in names
        if before.definitions.get(node) != after.definitions.get(node)
        or before.state_ids.get(node) != after.state_ids.get(node)
    ]
    return ReleaseDiff(
        before=before.release.number if before.release else None,
        after=after.release.number if after.release else None,
        nodes=tuple(found),
    )


def changed_intervals(before: State, after: State) -> tuple[DataInterval, ...]:
    """Where the published contents of two states differ."""
    old = before.segments.map(lambda s: s.contents)
    new = after.segments.map(lambda s: s.contents)
    found: list[DataInterval] = []
    for mine, other in ((old, new), (new, old)):
        for interval, contents in mine:
            same = IntervalMap.of((i, True) for i, c in other.within(interval) if c == contents)
            found += IntervalMap(((interval, True),)).minus(same).intervals
    return join_intervals(found)


def _compare_node(
    node: NodeId, before: ReleaseView, after: ReleaseView, lake: Lake, engine: Engine
) -> NodeDiff:
    old = before.states.get(node, State(node=node))
    new = after.states.get(node, State(node=node))
    old_body, new_body = read_body(before, node), read_body(after, node)
    if node not in before.definitions:
        return NodeDiff(node=node, change="added", rows_added=new.row_count)
    if node not in after.definitions:
        return NodeDiff(node=node, change="removed", rows_removed=old.row_count)
    definition = changed_definition(old_body.recipe, new_body.recipe)
    schema = _schema_changes(old.schema, new.schema)
    intervals = changed_intervals(old, new)
    if not intervals:
        equal = old.segments != new.segments
        change: Literal["definition only", "rebuilt, equal"] = (
            "rebuilt, equal" if equal else "definition only"
        )
        return NodeDiff(node=node, change=change, definition=definition, schema=schema)
    with engine.session() as session:
        key = new_body.key if new_body.key == old_body.key else ()
        rows = _Rows(old, new, intervals, lake, session)
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


class _Rows:
    """The rows of both sides on the intervals that differ, shown to a session."""

    def __init__(
        self,
        old: State,
        new: State,
        intervals: Sequence[DataInterval],
        lake: Lake,
        session: Session,
    ) -> None:
        self.session = session
        self.old, self.new = dict(old.schema), dict(new.schema)
        self.shared = [name for name in self.new if name in self.old]
        hull = DataInterval(intervals[0].start, intervals[-1].end)
        session.bind_inputs(
            [
                _shown(OLD, old, hull, lake),
                _shown(NEW, new, hull, lake),
                _shown(ALL_OLD, old, ALL_TIME, lake),
                _shown(ALL_NEW, new, ALL_TIME, lake),
            ]
        )

    def count_changes(self, key: Sequence[str]) -> tuple[int, int, int]:
        """Rows added, removed and changed."""
        if key and set(key) <= set(self.shared):
            return self._by_key(key)
        columns = ", ".join(map(quote, self.shared))
        one, two = f"SELECT {columns} FROM {OLD}", f"SELECT {columns} FROM {NEW}"
        sql = f"SELECT (SELECT count(*) FROM ({two} EXCEPT ALL {one})), "
        sql += f"(SELECT count(*) FROM ({one} EXCEPT ALL {two}))"
        added, removed = self.session.fetch(sql)[0]
        return int(added), int(removed), 0

    def _by_key(self, key: Sequence[str]) -> tuple[int, int, int]:
        on = " AND ".join(f"o.{quote(k)} IS NOT DISTINCT FROM n.{quote(k)}" for k in key)
        values = [name for name in self.shared if name not in key]
        differs = " OR ".join(f"o.{quote(v)} IS DISTINCT FROM n.{quote(v)}" for v in values)
        sql = (
            "SELECT count(*) FILTER (WHERE o._there IS NULL), "
            "count(*) FILTER (WHERE n._there IS NULL), "
            f"count(*) FILTER (WHERE o._there AND n._there AND ({differs or 'FALSE'})) "
            f"FROM (SELECT *, TRUE AS _there FROM {OLD}) o "
            f"FULL JOIN (SELECT *, TRUE AS _there FROM {NEW}) n ON {on}"
        )
        added, removed, changed = self.session.fetch(sql)[0]
        return int(added), int(removed), int(changed)

    def totals(self, key: Sequence[str]) -> tuple[Total, ...]:
        """The sums of numeric columns over the whole node, where the two sides differ."""
        names = [
            name
            for name in self.shared
            if name not in key
            and self.old[name].startswith(NUMERIC)
            and self.new[name].startswith(NUMERIC)
        ]
        if not names:
            return ()
        sums = ", ".join(f"coalesce(sum({quote(name)}), 0)" for name in names)
        sides = (ALL_OLD, ALL_NEW)
        before, after = (self.session.fetch(f"SELECT {sums} FROM {side}")[0] for side in sides)
        return tuple(
            Total(column=name, before=b, after=a)
            for name, b, a in zip(names, before, after, strict=True)
            if b != a
        )


def _shown(name: str, state: State, span: DataInterval, lake: Lake) -> InputRelation:
    files = input_files(state, span)
    schema = schema_digest(state.schema)
    return InputRelation(
        name=name,
        schema=state.schema,
        files=tuple(lake.absolute(f.path) for f in files),
        spans=tuple(f.interval for f in files),
        uniform=all(f.schema == schema for f in files),
        time=state.time,
        cut=span if state.time and span != ALL_TIME else None,
    )
