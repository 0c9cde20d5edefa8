"""The Load step: deliveries become landed rows, and those published, superseded, quarantined."""

from __future__ import annotations

import time as stopwatch
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import cast

from headwater.clock import day_interval, days_of
from headwater.contracts.definition import RowRule
from headwater.errors import Issue
from headwater.graph.node import Node
from headwater.ids import ALL_TIME, DataInterval, IntervalMap, digest
from headwater.kinds.source.carrying import (
    Earlier,
    carry_dropped,
    missing_files,
    rules_of_late_before,
)
from headwater.kinds.source.damage import is_damaged
from headwater.kinds.source.definition import InPlaceOrigin, SourceDefinition
from headwater.kinds.source.in_place import read_in_place
from headwater.kinds.source.intake import land, stay_stale
from headwater.kinds.source.judging import judge_load
from headwater.kinds.source.landing import Intake, show_landed, show_superseded
from headwater.kinds.source.lateness import first_open_day, late_rule, settle
from headwater.kinds.source.readers.model import Landed, LoadStamp
from headwater.kinds.source.recheck import recheck
from headwater.kinds.source.redelivery import Day, Decision, Mode, decide, mode_of
from headwater.kinds.source.retire import retire
from headwater.kinds.source.withdrawal import Withdrawal, find_withdrawal
from headwater.kinds.source.writing import LoadWriter
from headwater.plan.state import Build, Contents, DataFile, DeliveryRecord, Segment, State
from headwater.plan.steps import Load, Query
from headwater.run.context import Promises, Reckoning, RunContext, StepResult


def promises(node: Node) -> Promises:
    """What the contract enforces."""
    definition = cast("SourceDefinition", node.definition)
    rules = definition.contract.rules if definition.contract is not None else ()
    breach = definition.on_breach
    return Promises(rules=rules, hold=breach.action == "hold", group=breach.group)


def execute(step: Load | Query, node: Node, context: RunContext) -> StepResult:
    """Take in the step's deliveries; judge published and quarantined rows again where asked."""
    assert isinstance(step, Load)
    definition = cast("SourceDefinition", node.definition)
    empty = State(node=node.id, schema=node.schema, time=node.time)
    state = context.states.get(node.id, empty)
    if isinstance(definition.origin, InPlaceOrigin):
        return read_in_place(node, state, context)
    result = StepResult(state=state)
    earlier = Earlier(state=state, reread=step.recheck and _must_reread(step, node, state, context))
    if earlier.reread:
        state = empty
        known = tuple(d.name for d in earlier.state.deliveries)
        step = replace(step, deliveries=tuple(dict.fromkeys((*known, *step.deliveries))))
    elif step.recheck:
        result = recheck(node, state, context, promises(node))
        state = result.state
        earlier = Earlier(state=state)
    if result.held or (state.segments and not step.deliveries):
        return result
    loaded = _load(step, node, state, earlier, context)
    together = _join_groups(node, loaded, context)
    return replace(
        loaded,
        state=together.state,
        builds=(*result.builds, *loaded.builds, *together.builds),
        outcomes=(*result.outcomes, *loaded.outcomes),
        notes=(*result.notes, *loaded.notes, *together.notes),
        identical=loaded.identical and not result.builds,
    )


def _join_groups(node: Node, loaded: StepResult, context: RunContext) -> StepResult:
    """What belongs to a waiting row waits too, also where it came in another load."""
    held_to = promises(node)
    if loaded.held or not held_to.group or not loaded.state.part("quarantined"):
        return StepResult(state=loaded.state)
    return recheck(node, loaded.state, context, held_to)


def _must_reread(step: Load, node: Node, state: State, context: RunContext) -> bool:
    """Whether landed rows are of no use: other columns or types, or files that a refresh mends."""
    return state.schema != node.schema or (step.anew and is_damaged(node, state, context))


def _load(
    step: Load, node: Node, state: State, earlier: Earlier, context: RunContext
) -> StepResult:
    began = stopwatch.perf_counter()
    definition = cast("SourceDefinition", node.definition)
    build = uuid.uuid4().hex[:12]
    stamp = LoadStamp(load_id=build, loaded_at=context.clock.now)
    with context.staging(build) as folder, context.engine.session() as session:
        landed = land(step, node, state, folder, stamp, context)
        ended = _end_early(state, landed, missing_files(definition, earlier, landed))
        if ended is not None:
            return ended
        intake = show_landed(landed, node, session, definition.time)
        mode = mode_of(definition)
        decision, late = _decide(definition, mode, state, intake, context)
        withdrawal = find_withdrawal(node, definition.time, state, decision, session, context)
        show_superseded(decision, session)
        dropped = carry_dropped(node, earlier, intake, decision, mode, session, context)
        decision = replace(decision, dropped=dropped)
        late += rules_of_late_before(node, earlier, intake, session, context)
        judgement = judge_load(node, state, intake, decision, late, session, context)
        if judgement.held:
            return StepResult(
                state=state, outcomes=judgement.outcomes, issues=judgement.issues, held=True
            )
        files = LoadWriter(node, definition, build, session, context).write(
            intake, decision, judgement
        )
        if mode == "whole":
            state = State(node=node.id, schema=node.schema, time=node.time, cursor=state.cursor)
        kept = retire(node, definition.time, state, decision, build, session, context)
    new = replace(
        state,
        schema=node.schema,
        time=node.time,
        files=tuple(sorted([*kept, *files], key=lambda f: (f.part, f.interval, f.path))),
        segments=_segments(state, node, build, intake, decision, withdrawal, context),
        deliveries=_deliveries(state, landed, stamp),
        cursor=next((one.cursor for one in reversed(landed) if one.cursor), state.cursor),
    )
    record = replace(
        _record(step, node, new, landed, files, context),
        id=build,
        seconds=stopwatch.perf_counter() - began,
        outcomes=judgement.outcomes,
        load_ids=(build,),
    )
    return StepResult(
        state=new,
        builds=(record,),
        outcomes=judgement.outcomes,
        issues=(*judgement.issues, *(issue for one in landed for issue in one.issues)),
        rows=record.rows,
        reckoning=_reckoning(intake, files),
    )


def _record(
    step: Load,
    node: Node,
    new: State,
    landed: Sequence[Landed],
    files: tuple[DataFile, ...],
    context: RunContext,
) -> Build:
    """What `trace` will show of the load."""
    shas = [one.delivery.sha256 for one in landed]
    return Build(
        id="",
        node=node.id,
        interval=new.segments.hull or ALL_TIME,
        input_key=digest(shas, node.fingerprint),
        definition=context.definition_hashes.get(node.id, ""),
        run=context.run,
        reason=str(step.reason),
        rows=sum(f.rows for f in files if f.part == "rows"),
        started_at=context.clock.now,
        seconds=0.0,
        schema=node.schema,
        contents=Contents(rows=digest(shas), columns={}),
        files=files,
    )


def _end_early(state: State, landed: list[Landed], missing: Sequence[Issue]) -> StepResult | None:
    """The result where nothing is to be published: refused, stale, or nothing new."""
    refused = [issue for one in landed for issue in one.issues if issue.is_error]
    if refused or missing:
        return StepResult(state=state, issues=(*refused, *missing), held=True)
    if not landed:
        return StepResult(state=state, identical=True)
    return stay_stale(state, landed)


def _decide(
    definition: SourceDefinition, mode: Mode, state: State, intake: Intake, context: RunContext
) -> tuple[Decision, tuple[RowRule, ...]]:
    """What becomes of the rows of each day, and the rule that late ones break."""
    days = intake.days_in_order()
    covered: frozenset[Day] = frozenset()
    if mode != "whole":
        covered = _covered_days(state, definition.time, context)
    known = frozenset(d.name for d in state.deliveries)
    decision = decide(mode, days, covered, known)
    first_open = first_open_day(definition, state, mode, context.clock)
    if first_open is None:
        return decision, ()
    settled = settle(decision, first_open, mode, days, covered, known)
    return settled, (late_rule(definition, first_open),)


def _covered_days(state: State, time: str | None, context: RunContext) -> frozenset[Day]:
    """The days on which a state holds rows."""
    if not state.segments:
        return frozenset()
    if time is None or state.segments.hull == ALL_TIME:
        return frozenset({None})
    return frozenset(day for i, _ in state.segments for day in days_of(i, context.clock.zone))


def _segments(
    state: State,
    node: Node,
    build: str,
    intake: Intake,
    decision: Decision,
    withdrawal: Withdrawal,
    context: RunContext,
) -> IntervalMap[Segment]:
    """The segments after a load.

    A day's content key is chained from the deliveries that made it, one by one, so that it does not
    matter in how many loads they came.
    """
    hashes = {one.delivery.name: one.delivery.sha256 for one in intake.landed}
    seed = digest("source", node.schema, intake.time or "")
    changed: dict[DataInterval, list[str]] = {}
    restarted: set[DataInterval] = set()
    for day, names in decision.touched.items():
        interval = _interval_of(day, node, context)
        if interval is None:
            continue
        changed.setdefault(interval, []).extend(hashes[name] for name in names)
        if day in decision.retired_days:
            restarted.add(interval)
    for day in withdrawal.thinned if node.time else withdrawal.thinned | withdrawal.emptied:
        interval = _interval_of(day, node, context)
        if interval is not None and interval not in changed:
            changed[interval] = ["withdrawn", *(hashes[n] for n in sorted(decision.retired_names))]
    found: list[tuple[DataInterval, Segment]] = []
    for interval, chain in changed.items():
        before = None if interval in restarted else state.segments.at(interval.start)
        key = before.contents.rows if before is not None else seed
        for link in chain:
            key = digest(key, link)
        found.append((interval, Segment(build, node.fingerprint, Contents(rows=key, columns={}))))
    segments = state.segments.overlay(IntervalMap.of(found))
    if node.time is not None:
        emptied = (_interval_of(day, node, context) for day in withdrawal.emptied)
        segments = segments.minus(IntervalMap.of((i, True) for i in emptied if i is not None))
    return segments.map(lambda s: replace(s, input_key=node.fingerprint))


def _interval_of(day: Day, node: Node, context: RunContext) -> DataInterval | None:
    """A local day; all time where readers see no time; None for rows that wait without one."""
    if node.time is None:
        return ALL_TIME
    return day_interval(day, day, context.clock.zone) if day is not None else None


def _deliveries(
    state: State, landed: Iterable[Landed], stamp: LoadStamp
) -> tuple[DeliveryRecord, ...]:
    known = {d.name: d for d in state.deliveries}
    for one in landed:
        known[one.delivery.name] = DeliveryRecord(
            name=one.delivery.name,
            sha256=one.delivery.sha256,
            load_id=stamp.load_id,
            delivered=one.delivered,
            order=len(known),
        )
    return tuple(known.values())


def _reckoning(intake: Intake, files: Iterable[DataFile]) -> Reckoning:
    rows = {"rows": 0, "superseded": 0, "quarantined": 0, "dropped": 0}
    for file in files:
        rows[file.part] += file.rows
    return Reckoning(
        delivered=intake.delivered,
        published=rows["rows"],
        superseded=rows["superseded"],
        quarantined=rows["quarantined"],
        dropped=rows["dropped"],
    )
