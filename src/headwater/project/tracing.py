"""From a published node, a day or a column of it, down to the very files and rows beneath."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from headwater.clock import day_interval
from headwater.contracts.quoting import quote
from headwater.engines.protocol import Engine, InputRelation
from headwater.errors import Issue, UsageError, did_you_mean
from headwater.graph.node import ColumnRef, Input, ReadMode, Schema
from headwater.ids import ALL_TIME, DataInterval, NodeId
from headwater.lake import Lake
from headwater.plan.should import read_span
from headwater.plan.state import Build, DeliveryRecord, RuleOutcome, State
from headwater.project.metrics.valuing import TracedValue, reads_the_same_day, trace_value
from headwater.project.release_view import Body, ReleaseView, read_body
from headwater.project.workspace import Workspace
from headwater.semantics.asking import MetricQuery

if TYPE_CHECKING:
    from headwater.project.metrics.reader import MetricReader

SHOWN = "__headwater_traced"


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedBuild:
    """A build that a span consists of, and the release that first showed it."""

    build: Build
    release: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedDelivery:
    """A delivery beneath a span: how many of its rows lie there, and how many are published."""

    delivery: DeliveryRecord
    rows: int
    published: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedNode:
    """What stands on the span that is read of one node; `depth` 0 is the node asked about."""

    node: NodeId
    depth: int
    body: Body
    definition: str  # its hash in the ledger
    span: DataInterval
    rows: int
    builds: tuple[TracedBuild, ...]
    deliveries: tuple[TracedDelivery, ...] = ()
    columns: tuple[str, ...] = ()  # those that a traced column reads

    @property
    def outcomes(self) -> tuple[RuleOutcome, ...]:
        """What the rules measured on its builds."""
        return tuple(o for traced in self.builds for o in traced.build.outcomes)

    @property
    def breaches(self) -> tuple[RuleOutcome, ...]:
        """The rules that did not pass."""
        return tuple(o for o in self.outcomes if not o.passed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnStep:
    """Where one column comes from: what its values read, and what decides its rows."""

    node: NodeId
    column: str
    depth: int
    reads: tuple[ColumnRef, ...]
    shaped_by: tuple[ColumnRef, ...]
    unchanged: bool  # its values are passed through as they are


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A walk upstream, each node before what it reads."""

    target: NodeId
    release: int
    at: date | None
    nodes: tuple[TracedNode, ...]
    lineage: tuple[ColumnStep, ...] = field(default=())
    value: TracedValue | None = None  # of a metric, on the day asked about


def trace(
    workspace: Workspace,
    view: ReleaseView,
    node: NodeId,
    *,
    at: date | None = None,
    column: str | None = None,
    reader: MetricReader | None = None,
) -> Trace:
    """Everything beneath a node; on one local day of it, or beneath one column, where asked.

    Of a metric, `reader` tells how its number of the day came about. Codes E713 (not published),
    E714 (no such column).
    """
    zone = workspace.zone
    if node not in view.definitions or view.release is None:
        fix = did_you_mean(str(node), map(str, view.definitions))
        raise UsageError(Issue(code="E713", what=f"`{node}` is not published", fix=fix))
    bodies = _bodies(view, node)
    lineage = tuple(_lineage(node, column, bodies)) if column is not None else ()
    if reader is not None and column is None:
        bodies[node] = replace(bodies[node], inputs=_read_tables(reader, node.name))
    asked = day_interval(at, at, zone) if at is not None else ALL_TIME
    spans = _spans(node, asked, bodies, zone)
    read: dict[NodeId, set[str]] = {}
    for step in lineage:
        read.setdefault(step.node, set()).add(step.column)
    walk = _Walk(view, workspace.lake, workspace.engine)
    nodes = tuple(
        walk.visit(n, depth, span, bodies[n], tuple(sorted(read.get(n, ()))))
        for n, (depth, span) in spans.items()
        if column is None or n in read
    )
    return Trace(
        target=node,
        release=view.release.number,
        at=at,
        nodes=nodes,
        lineage=lineage,
        value=trace_value(reader, node.name, at) if reader is not None and at else None,
    )


def _bodies(view: ReleaseView, start: NodeId) -> dict[NodeId, Body]:
    """The released definitions of a node and of everything upstream."""
    found: dict[NodeId, Body] = {}
    queue = [start]
    while queue:
        node = queue.pop()
        if node not in found:
            found[node] = read_body(view, node)
            queue += [edge.node for edge in found[node].inputs]
    return found


def _read_tables(reader: MetricReader, name: str) -> tuple[Input, ...]:
    """The tables whose rows make a metric's number, rather than what is kept of them."""
    mode: ReadMode = "same_day" if reads_the_same_day(reader, name) else "whole"
    relations = reader.compile(MetricQuery(metrics=(name,)), "raw").relations
    return tuple(Input(node=node, name=called, mode=mode) for called, node in relations.items())


def _spans(
    start: NodeId, span: DataInterval, bodies: Mapping[NodeId, Body], zone: ZoneInfo
) -> dict[NodeId, tuple[int, DataInterval]]:
    """How much of each node is read, widest where it is read twice; nearest nodes first.

    The rows of a metric's tables are those of its own span, whatever else reads these tables.
    """
    found: dict[NodeId, tuple[int, DataInterval]] = {}
    counted = {edge.node for edge in bodies[start].inputs} if start.kind == "metric" else set()
    queue = [(start, 0, span)]
    while queue:
        node, depth, wanted = queue.pop(0)
        if node in found:
            if node in counted:
                continue
            before_depth, before = found[node]
            wider = DataInterval(min(before.start, wanted.start), max(before.end, wanted.end))
            if wider == before and depth <= before_depth:
                continue
            depth, wanted = max(depth, before_depth), wider
        found[node] = (depth, wanted)
        queue += [
            (edge.node, depth + 1, _read_span(edge, wanted, bodies, zone))
            for edge in bodies[node].inputs
            if edge.node != node
        ]
    return dict(sorted(found.items(), key=lambda entry: (entry[1][0], entry[0])))


def _read_span(
    edge: Input, span: DataInterval, bodies: Mapping[NodeId, Body], zone: ZoneInfo
) -> DataInterval:
    if bodies[edge.node].time is None:
        return ALL_TIME
    return span if edge.mode == "previous" else read_span(edge, span, zone)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Looks up what stands on one node's span."""

    view: ReleaseView
    lake: Lake
    engine: Engine

    def visit(
        self, node: NodeId, depth: int, span: DataInterval, body: Body, columns: tuple[str, ...]
    ) -> TracedNode:
        """The builds, rows and deliveries of the span."""
        state = self.view.states.get(node, State(node=node))
        window = span if state.time else ALL_TIME
        ids = list(dict.fromkeys(segment.build for _, segment in state.segments.within(window)))
        builds = self.view.ledger.builds(ids)
        shown = self.view.ledger.shown_in(ids)
        rows, deliveries = _count(state, span, self.lake, self.engine)
        return TracedNode(
            node=node,
            depth=depth,
            body=body,
            definition=self.view.definitions[node],
            span=span,
            rows=rows,
            builds=tuple(
                TracedBuild(build=builds[i], release=shown.get(i)) for i in ids if i in builds
            ),
            deliveries=deliveries,
            columns=columns,
        )


def _count(
    state: State, span: DataInterval, lake: Lake, engine: Engine
) -> tuple[int, tuple[TracedDelivery, ...]]:
    """The published rows of a span and, for a source, the deliveries that they came in."""
    whole = all(span.contains(f.interval) or not span.overlaps(f.interval) for f in state.files)
    if whole and not state.deliveries:
        rows = sum(f.rows for f in state.files if f.part == "rows" and span.overlaps(f.interval))
        return rows, ()
    with engine.session() as session:
        counts: dict[str, dict[bool, int]] = {}
        for published in (True, False):
            session.bind_inputs([_shown(state, span, lake, published=published)])
            name = quote("_file") if state.deliveries else "''"
            sql = f"SELECT {name} AS f, count(*) FROM {SHOWN} GROUP BY f"
            for file, count in session.fetch(sql):
                counts.setdefault(file, {})[published] = int(count)
    by_name = {d.name: d for d in state.deliveries}
    deliveries = tuple(
        TracedDelivery(
            delivery=by_name[name],
            rows=sum(parts.values()),
            published=parts.get(True, 0),
        )
        for name, parts in sorted(counts.items())
        if name in by_name
    )
    return sum(parts.get(True, 0) for parts in counts.values()), deliveries


def _shown(state: State, span: DataInterval, lake: Lake, *, published: bool) -> InputRelation:
    schema: Schema = state.schema
    if state.deliveries:
        schema = (*schema, ("_file", "VARCHAR"))
    files = [
        f for f in state.files if (f.part == "rows") == published and f.interval.overlaps(span)
    ]
    return InputRelation(
        name=SHOWN,
        schema=schema,
        files=tuple(lake.absolute(f.path) for f in files),
        uniform=False,
        time=state.time,
        cut=span if state.time and span != ALL_TIME else None,
    )


def _lineage(node: NodeId, column: str, bodies: Mapping[NodeId, Body]) -> Iterable[ColumnStep]:
    """Each column upstream once, nearest first."""
    seen: set[tuple[NodeId, str]] = set()
    queue = [(node, column, 0)]
    while queue:
        current, name, depth = queue.pop(0)
        if (current, name) in seen:
            continue
        seen.add((current, name))
        body = bodies[current]
        recipe = body.recipe
        if recipe is None:
            yield ColumnStep(
                node=current, column=name, depth=depth, reads=(), shaped_by=(), unchanged=False
            )
            continue
        made = recipe.columns.get(name)
        if made is None:
            fix = did_you_mean(name, recipe.columns, "columns: " + ", ".join(recipe.columns))
            what = f"{current} has no column `{name}`"
            raise UsageError(Issue(code="E714", what=what, fix=fix))
        reads = _columns(made.reads)
        yield ColumnStep(
            node=current,
            column=name,
            depth=depth,
            reads=reads,
            shaped_by=_columns(recipe.row_reads),
            unchanged=made.origin is not None,
        )
        named = {edge.name: edge.node for edge in body.inputs}
        queue += [
            (named[ref.relation], ref.column, depth + 1)
            for ref in reads
            if ref.relation in named and ref.column is not None
        ]


def _columns(reads: Iterable[ColumnRef]) -> tuple[ColumnRef, ...]:
    found = [ref for ref in reads if ref.column is not None]
    return tuple(sorted(found, key=lambda ref: (ref.relation, ref.column or "")))
