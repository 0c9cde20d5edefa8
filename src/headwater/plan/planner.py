"""Planning: a pure function of graph, ledger view, arrivals, time and request.

A build is stale exactly when the input key that it should have differs from the one it has. The run
loop calls `plan_node` for each node with the states as they really became, so that equal content
stops the wave; `make_plan` calls it with the states as they are expected to become.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from headwater.clock import Clock, Periods, local, local_midnight
from headwater.graph.graph import Graph
from headwater.graph.node import Node
from headwater.ids import ALL_TIME, DataInterval, IntervalMap, NodeId, digest, join_intervals
from headwater.plan.reasons import explain
from headwater.plan.should import expected_contents, in_whole_periods, input_key
from headwater.plan.state import Contents, Segment, State
from headwater.plan.steps import (
    Arrivals,
    LedgerView,
    Load,
    Plan,
    Query,
    Reason,
    Remove,
    Request,
    Step,
)

#: A backfill reads about so many rows at once, so that memory and temporary files stay bounded.
CHUNK_ROWS = 20_000_000


def make_plan(
    graph: Graph,
    view: LedgerView,
    arrivals: Mapping[NodeId, Arrivals],
    clock: Clock,
    request: Request,
) -> Plan:
    """All steps that bring the selected nodes up to date, upstream first."""
    states = dict(view.states)
    steps: list[Step] = []
    barred: list[NodeId] = []
    for node in graph.nodes.values():
        if not node.is_built:
            continue
        if request.selected is not None and node.id not in request.selected:
            continue
        if node.recipe is None:
            load = plan_load(node, view, arrivals.get(node.id, Arrivals()), request)
            if load is not None:
                steps.append(load)
                states[node.id] = _assume_loaded(node, states.get(node.id), load)
            continue
        found, rejected = plan_node(node, view, states, clock, request)
        steps += found
        if rejected:
            barred.append(node.id)
        if found:
            states[node.id] = _assume_built(node, states.get(node.id), found)
    return Plan(
        environment=request.environment,
        release=view.release,
        now=clock.now,
        steps=tuple(steps),
        barred=tuple(barred),
        removed=tuple(n for n in view.states if n not in graph.nodes),
    )


def plan_load(node: Node, view: LedgerView, arrivals: Arrivals, request: Request) -> Load | None:
    """The load of one source: new deliveries, or rows to be judged again."""
    state = view.states.get(node.id)
    deliveries = tuple(
        name
        for name, sha256 in arrivals.deliveries.items()
        if (node.id, delivery_key(name, sha256)) not in view.barred
    )
    recheck = (
        state is not None
        and bool(state.segments)
        and any(s.input_key != node.fingerprint for _, s in state.segments)
    )
    if not request.load and state is not None:
        deliveries = ()  # its news go out by a release of data
    gone = arrivals.gone if request.load else ()
    if not (deliveries or gone or recheck or node.id in request.full_refresh):
        return None
    if state is None or not state.segments:
        reason = Reason("new")
    elif recheck:
        reason = Reason("contract changed")
    elif deliveries:
        reason = Reason("new deliveries", _name_some(deliveries))
    elif gone:
        reason = Reason("deliveries gone", _name_some(gone))
    else:
        reason = Reason("full refresh")
    return Load(
        node=node.id,
        reason=reason,
        deliveries=deliveries,
        covers=arrivals.covers,
        recheck=recheck or node.id in request.full_refresh,
        anew=node.id in request.full_refresh,
    )


def delivery_key(name: str, sha256: str) -> str:
    """The key under which a rollback bars one delivery."""
    return digest("delivery", name, sha256)


def plan_node(
    node: Node,
    view: LedgerView,
    states: Mapping[NodeId, State],
    clock: Clock,
    request: Request,
) -> tuple[list[Step], bool]:
    """The steps of one built node, given its inputs' states; and whether a stale part is barred."""
    state = states.get(node.id, State(node=node.id))
    expected = expected_contents(node, states, clock.zone)
    if node.until_today:
        expected = IntervalMap(tuple(expected.within(_until_today(state, clock))))
    stale: list[tuple[DataInterval, Contents]] = []
    rejected = False
    for interval, contents in _stale_parts(node, state, expected, clock, request):
        if (node.id, input_key(contents)) in view.barred:
            rejected = True
        else:
            stale.append((interval, contents))
    if stale and any(i.mode == "previous" for i in node.inputs):
        tail = DataInterval(stale[0][0].start, ALL_TIME.end)
        stale = list(expected.within(tail))
    steps: list[Step] = [
        Remove(node=node.id, reason=Reason("upstream changed"), interval=gone)
        for gone in _surplus(state, expected)
    ]
    steps += [
        Query(
            node=node.id,
            reason=explain(node, chunk, view, states, clock.zone, request),
            interval=chunk,
            expected=IntervalMap(tuple(expected.within(chunk))),
            anew=_is_forced(node, chunk, request),
        )
        for chunk in _chunks(node, [interval for interval, _ in stale], states, clock)
    ]
    return steps, rejected


def _until_today(state: State, clock: Clock) -> DataInterval:
    """All days up to today; a clock that is set back takes none away that is there."""
    tomorrow = local(clock.now, clock.zone).date() + timedelta(days=1)
    end = local_midnight(tomorrow, clock.zone)
    hull = state.segments.hull
    return DataInterval(ALL_TIME.start, end if hull is None else max(end, hull.end))


def _stale_parts(
    node: Node,
    state: State,
    expected: IntervalMap[Contents],
    clock: Clock,
    request: Request,
) -> list[tuple[DataInterval, Contents]]:
    window = ALL_TIME
    chained = any(i.mode == "previous" for i in node.inputs)  # a part of a chain is worth nothing
    if request.sample is not None and node.time and expected.hull is not None and not chained:
        newest = local(expected.hull.end - timedelta(microseconds=1), clock.zone).date()
        first = newest - request.sample + timedelta(days=1)
        window = DataInterval(local_midnight(first, clock.zone), ALL_TIME.end)
        window = in_whole_periods(node, window, clock.zone)
    stale: list[tuple[DataInterval, Contents]] = []
    for interval, contents in expected.within(window):
        wanted = input_key(contents)
        forced = node.id in request.full_refresh
        parts = _differing(state.segments, interval, wanted, forced)
        stale += [(part, contents) for part in parts]
        if request.period is not None and not forced:
            wide = in_whole_periods(node, request.period, clock.zone)
            asked = interval.intersect(wide) if node.time else interval
            if asked is not None:
                stale.append((asked, contents))
    return sorted(stale, key=lambda part: part[0])


def _is_forced(node: Node, interval: DataInterval, request: Request) -> bool:
    """Whether a rebuild was asked for, however fresh the interval is."""
    asked = request.period is not None and interval.overlaps(request.period)
    return node.id in request.full_refresh or asked


def _differing(
    segments: IntervalMap[Segment], interval: DataInterval, wanted: str, forced: bool
) -> list[DataInterval]:
    """The parts of an interval whose segment is missing or has another input key."""
    if forced:
        return [interval]
    current = segments.within(interval)
    if len(current) == 1 and current[0][0] == interval:
        return [] if current[0][1].input_key == wanted else [interval]
    fresh = IntervalMap.of((i, True) for i, s in current if s.input_key == wanted)
    return list(IntervalMap(((interval, True),)).minus(fresh).intervals)


def _surplus(state: State, expected: IntervalMap[Contents]) -> tuple[DataInterval, ...]:
    """What the state has beyond the domain; nothing while there is no input at all yet."""
    if not expected or state.segments.intervals == expected.intervals:
        return ()
    return state.segments.minus(expected).intervals


def _chunks(
    node: Node, stale: list[DataInterval], states: Mapping[NodeId, State], clock: Clock
) -> list[DataInterval]:
    """Neighbouring stale parts joined, and cut so that one step reads a bounded number of rows."""
    joined = list(join_intervals(stale))
    length = getattr(node.definition, "chunk", None)
    if any(i.mode == "previous" for i in node.inputs):
        length = timedelta(days=1)
    if node.time is None:
        return joined
    if length is not None:
        return [piece for part in joined for piece in _cut(part, length, clock)]
    return [piece for part in joined for piece in _cut_by_rows(node, part, states, clock)]


def _cut_by_rows(
    node: Node, interval: DataInterval, states: Mapping[NodeId, State], clock: Clock
) -> list[DataInterval]:
    """Whole local months, or the node's own periods, as many at once as read at most `CHUNK_ROWS`.

    Rows are counted by the files' own spans.
    """
    files = [
        file
        for edge in node.inputs
        if edge.mode in ("same_day", "period") and edge.node in states
        for file in states[edge.node].part("rows")
        if file.interval.overlaps(interval)
    ]
    if sum(file.rows for file in files) <= CHUNK_ROWS:
        return [interval]
    pieces: list[DataInterval] = []
    start, rows = interval.start, 0
    own = next((edge.periods for edge in node.inputs if edge.periods is not None), None)
    for period in (own or Periods("month")).cut(interval, clock.zone):
        more = sum(f.rows for f in files if period.start <= f.interval.start < period.end)
        if rows and rows + more > CHUNK_ROWS:
            pieces.append(DataInterval(start, period.start))
            start, rows = period.start, 0
        rows += more
    return [*pieces, DataInterval(start, interval.end)]


def _cut(interval: DataInterval, length: timedelta, clock: Clock) -> list[DataInterval]:
    pieces: list[DataInterval] = []
    start = interval.start
    while start < interval.end:
        day = local(start, clock.zone).date() + max(length, timedelta(days=1))
        end = min(local_midnight(day, clock.zone), interval.end)
        pieces.append(DataInterval(start, end))
        start = end
    return pieces


def _assume_loaded(node: Node, state: State | None, load: Load) -> State:
    """The state as a plan expects it after a load: the covered span gets a key of its own."""
    state = state or State(node=node.id, schema=node.schema, time=node.time)
    key = digest(load.deliveries, load.recheck, node.fingerprint)
    contents = Contents(rows=key, columns=dict.fromkeys(node.column_names, key))
    segment = Segment("expected", node.fingerprint, contents)
    span = (load.covers if node.time else ALL_TIME) or state.segments.hull
    if span is None:
        return state
    return replace(state, segments=state.segments.put(span, segment))


def _assume_built(node: Node, state: State | None, steps: list[Step]) -> State:
    """The state as a plan expects it after the steps: contents as they should be."""
    state = state or State(node=node.id, schema=node.schema, time=node.time)
    segments = state.segments
    for step in steps:
        if isinstance(step, Remove):
            segments = segments.without(step.interval)
        elif isinstance(step, Query):
            made = step.expected.map(lambda c: Segment("expected", input_key(c), c))
            segments = segments.overlay(made)
    return replace(state, segments=segments, schema=node.schema)


def _name_some(names: tuple[str, ...], limit: int = 3) -> str:
    if len(names) <= limit:
        return ", ".join(names)
    return f"{len(names)} files"
