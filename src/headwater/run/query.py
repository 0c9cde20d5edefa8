"""One Query step: inputs cut and shown, rows written, judged, compared with what they replace."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from typing import Protocol

from headwater.engines.codes import DATA_FILE_BROKEN
from headwater.engines.protocol import DayDigests, InputRelation, Latest, Session, Written
from headwater.errors import HeadwaterError
from headwater.graph.node import Node
from headwater.ids import ALL_TIME, DataInterval, IntervalMap, digest
from headwater.plan.should import input_key, read_span
from headwater.plan.state import Build, Contents, DataFile, Segment, State, schema_digest
from headwater.plan.steps import Query
from headwater.run.audit import Verdict, judge_rows
from headwater.run.context import Promises, RunContext, StepResult
from headwater.run.states import (
    Comparison,
    absolute,
    compare_days,
    inherit,
    input_files,
    replace_files,
)


class Producer(Protocol):
    """How a kind makes the rows of one interval."""

    def __call__(
        self, step: Query, node: Node, build: str, session: Session, context: RunContext
    ) -> tuple[Written, ...]:
        """Write the rows as data files; inputs are already shown to the session."""


def execute_query(
    step: Query,
    node: Node,
    context: RunContext,
    promises: Promises,
    produce: Producer,
    base: str = "",
) -> StepResult:
    """Build one interval of a node, or find a build of the same input key and take it again.

    `base` names the content that the build goes on from, where it reads more than its inputs: what
    comes out is as new as the two together.
    """
    state = context.states.get(node.id, State(node=node.id))
    state = replace(state, schema=node.schema, time=node.time)
    key = step_key(step, base)
    with context.engine.session() as session:
        known = None if step.anew else known_build(step, node, key, context)
        if known is not None:
            taken = take_build(known, step, node, state, session, context, base)
            # Publishing it again makes sure that vacuum has not marked it meanwhile.
            return taken if taken.identical else replace(taken, builds=(known,))
        build, verdict = make_build(step, node, key, context, promises, produce, session)
        if verdict.held:
            discard(build, context)
            return StepResult(
                state=state, outcomes=verdict.outcomes, issues=verdict.issues, held=True
            )
        result = take_build(build, step, node, state, session, context, base)
    if result.identical:
        discard(build, context)
    quarantined = sum(f.rows for f in build.files if f.part == "quarantined")
    notes = (f"{quarantined:,} rows quarantined",) if quarantined else ()
    return replace(
        result,
        builds=() if result.identical else (build,),
        outcomes=verdict.outcomes,
        issues=verdict.issues,
        reused=False,
        notes=notes,
    )


def discard(build: Build, context: RunContext) -> None:
    """Delete the files of a build that goes into no state and that the ledger never heard of."""
    for file in build.files:
        context.lake.absolute(file.path).unlink(missing_ok=True)


def step_key(step: Query, base: str = "") -> str:
    """The input key of a step: of its one entry, or of all where it covers several."""
    entries = step.expected.entries
    if len(entries) == 1:
        key = input_key(entries[0][1])
    else:
        key = digest([(str(i.start), str(i.end), input_key(c)) for i, c in entries])
    return digest(key, base) if base else key


def known_build(step: Query, node: Node, key: str, context: RunContext) -> Build | None:
    """A build of the same interval from the same inputs, if all its files are whole."""
    wanted = (node.id, key, step.interval)
    build = context.ledger.find_builds([wanted]).get(wanted)
    if build is None or build.schema != node.schema:
        return None
    damaged = any(context.lake.verify(file) is not None for file in build.files)
    return None if damaged else build


def input_relations(
    step: Query, node: Node, context: RunContext, hidden: frozenset[str] = frozenset()
) -> list[InputRelation]:
    """The inputs of a step as its SQL sees them: the right files, cut to what may be read."""
    nodes, zone = context.graph.nodes, context.clock.zone
    return [
        relation_of(
            edge.name, nodes[edge.node], context, read_span(edge, step.interval, zone), hidden
        )
        for edge in node.inputs
        if edge.mode != "previous"
    ]


def relation_of(
    name: str,
    upstream: Node,
    context: RunContext,
    span: DataInterval = ALL_TIME,
    hidden: frozenset[str] = frozenset(),
) -> InputRelation:
    """An upstream node's published rows in a span, under a name."""
    state = context.states.get(upstream.id)
    return show_relation(name, upstream, state, context, span, hidden)


def show_relation(
    name: str,
    upstream: Node,
    state: State | None,
    context: RunContext,
    span: DataInterval,
    hidden: frozenset[str],
) -> InputRelation:
    """The rows of one state of a node in a span, under a name; of changes, the latest of a key."""
    files = input_files(state, span)
    shown = (*upstream.schema, *((n, t) for n, t in upstream.hidden if n in hidden))
    schema = schema_digest(upstream.schema)
    change = upstream.latest
    return InputRelation(
        name=name,
        # What was landed last wins among changes of one moment, so that must be at hand.
        schema=shown if change is None else (*upstream.schema, *upstream.hidden),
        columns=() if change is None else tuple(column for column, _ in shown),
        latest=None
        if change is None
        else Latest(key=change.key, latest_by=change.latest_by, deleted=change.deleted),
        files=absolute(files, context),
        spans=tuple(f.interval for f in files),
        uniform=all(f.schema == schema for f in files),
        time=upstream.time,
        cut=None if span == ALL_TIME or upstream.time is None else span,
    )


def make_build(
    step: Query,
    node: Node,
    key: str,
    context: RunContext,
    promises: Promises,
    produce: Producer,
    session: Session,
) -> tuple[Build, Verdict]:
    """Run the definition and judge its rows; the result is not in any state yet."""
    began = time.perf_counter()
    build = uuid.uuid4().hex[:12]
    written = produce(step, node, build, session, context)
    verdict = judge_rows(node, build, step.interval, written, promises, session, context)
    record = Build(
        id=build,
        node=node.id,
        interval=step.interval,
        input_key=key,
        definition=context.definition_hashes.get(node.id, ""),
        run=context.run,
        reason=str(step.reason),
        rows=sum(f.rows for f in verdict.files if f.part == "rows"),
        started_at=context.clock.now,
        seconds=time.perf_counter() - began,
        schema=node.schema,
        contents=step.expected.entries[0][1] if step.expected else Contents("", {}),
        files=verdict.files,
        outcomes=verdict.outcomes,
    )
    return record, verdict


def take_build(
    build: Build,
    step: Query,
    node: Node,
    state: State,
    session: Session,
    context: RunContext,
    base: str,
) -> StepResult:
    """The state with a build in it.

    Where all rows are equal, none waits and no day is new (an empty one is equal to nothing), the
    old files stay, and only their input keys move on.
    """
    comparison = _compare(build.files, step, node, state, session, context)
    equal = comparison is not None and comparison.is_identical(node.column_names)
    beyond = IntervalMap(((step.interval, True),)).minus(state.segments)
    if equal and not beyond and not _sets_aside(build, step, state):
        segments = state.segments.overlay(_confirmed(step, state))
        return StepResult(
            state=replace(state, segments=segments), rows=build.rows, identical=True, reused=True
        )
    kept = any(edge.mode == "kept" for edge in node.inputs)
    segments = inherit(step.expected, build.id, state.segments, comparison, base, opaque=kept)
    return StepResult(
        state=replace(
            state,
            segments=state.segments.overlay(segments),
            files=replace_files(state, build.files, step.interval, node, session, context),
        ),
        rows=build.rows,
        reused=True,
    )


def _sets_aside(build: Build, step: Query, state: State) -> bool:
    """Whether rows of the interval are, or were, in quarantine or dropped."""
    return any(f.part != "rows" for f in build.files) or any(
        f.part != "rows" and f.interval.overlaps(step.interval) for f in state.files
    )


def _confirmed(step: Query, state: State) -> IntervalMap[Segment]:
    """The old segments under the input keys that they should have."""
    return IntervalMap.of(
        (piece, Segment(old.build, input_key(contents), old.contents))
        for interval, contents in step.expected
        for piece, old in state.segments.within(interval)
    )


def _compare(
    files: tuple[DataFile, ...],
    step: Query,
    node: Node,
    state: State,
    session: Session,
    context: RunContext,
) -> Comparison | None:
    """The rebuilt rows beside the old ones, day by day; None where there is nothing to compare."""
    if not state.segments.within(step.interval):
        return None
    known = set(context.states[node.id].schema)
    shared = tuple(column for column in node.schema if column in known)
    names = [name for name, _ in shared]
    if not shared:
        return None
    key = node.key if set(node.key) <= set(names) else ()
    before = input_files(state, step.interval)
    after = tuple(f for f in files if f.part == "rows")

    def digests(side: tuple[DataFile, ...]) -> DayDigests:
        return session.day_digests(
            absolute(side, context),
            schema=shared,
            columns=names if key else (),
            time=node.time,
            key=key,
            within=step.interval if node.time else None,
        )

    new = digests(after)
    try:
        old = digests(before)
    except HeadwaterError as error:
        if any(issue.code != DATA_FILE_BROKEN for issue in error.issues):
            raise
        return None  # a damaged file is replaced without being read
    return compare_days(old, new, names, key, step.interval, context.clock.zone)
