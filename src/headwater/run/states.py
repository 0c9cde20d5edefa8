"""How a new build changes a state: which files it replaces, which contents it inherits.

A build replaces whole files. Where it covers part of an older file's interval, the rest of that
file is written anew. Days on which the rows come out equal keep their old content keys.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from headwater.clock import days_of, local_midnight
from headwater.engines.protocol import DayDigests, Session, Written
from headwater.graph.node import Node, Schema
from headwater.ids import ALL_TIME, DataInterval, IntervalMap, digest
from headwater.plan.should import input_key, salted
from headwater.plan.state import Contents, DataFile, Part, Segment, State, schema_digest
from headwater.run.context import RunContext

#: What quarantined and dropped rows carry besides: every rule that they broke.
BROKEN: Schema = (("_rules", "VARCHAR[]"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """For each part of a rebuilt interval, the columns (`""`: the rows) that came out equal.

    Without a key (`keyed`) nothing is known of a column alone: all are equal, or none counts as so.
    """

    equal: IntervalMap[frozenset[str]]
    keyed: bool = False

    def is_identical(self, columns: Sequence[str]) -> bool:
        """Whether nothing at all changed."""
        everything = frozenset(("", *columns))
        return all(everything <= equal for _, equal in self.equal)


def compare_days(
    old: DayDigests,
    new: DayDigests,
    columns: Sequence[str],
    key: Sequence[str],
    interval: DataInterval,
    zone: ZoneInfo,
) -> Comparison:
    """Which columns are equal on which days; a day without rows on both sides is wholly equal.

    With a key, columns are compared one by one and rows by the key; without one, all or nothing.
    """
    everything = frozenset(("", *columns))

    def equal_on(day: date | None) -> frozenset[str]:
        before, after = old.get(day, {}), new.get(day, {})
        if before.get("*", 0) != after.get("*", 0):
            return frozenset()
        if before.get("") == after.get(""):
            return everything
        same = {c for c in columns if key and c in before and before[c] == after.get(c)}
        return frozenset(same | {""} if same.issuperset(key) else same) if key else frozenset()

    if interval == ALL_TIME:
        whole = IntervalMap(((ALL_TIME, equal_on(None)),))
        return Comparison(equal=whole, keyed=bool(key))
    days = (
        (DataInterval(local_midnight(d, zone), local_midnight(d + timedelta(1), zone)), equal_on(d))
        for d in days_of(interval, zone)
    )
    return Comparison(equal=IntervalMap.of(days), keyed=bool(key))


def inherit(
    expected: IntervalMap[Contents],
    build: str,
    old: IntervalMap[Segment],
    comparison: Comparison | None,
    base: str = "",
    *,
    opaque: bool = False,
) -> IntervalMap[Segment]:
    """The segments of a new build: its own content keys, or the old ones where data are equal.

    `base` is content that the build goes on from, beyond its inputs. Where data differ though their
    keys do not (of an `opaque` build they may always), the keys become ones that nothing else has.
    """
    found: list[tuple[DataInterval, Segment]] = []
    for interval, wanted in expected:
        key = input_key(wanted)
        contents = salted(wanted, base) if base else wanted
        if comparison is None:
            found.append((interval, Segment(build, key, contents)))
            continue
        for part, equal in comparison.equal.within(interval):
            covered = old.within(part)
            for piece, segment in covered:
                exact = comparison.keyed or opaque or segment.contents == contents
                kept = _inherited(contents, segment.contents, equal, build if exact else "")
                found.append((piece, Segment(build, key, kept)))
            fresh = IntervalMap(((part, True),))
            for piece, _ in fresh.minus(IntervalMap.of((i, True) for i, _ in covered)):
                found.append((piece, Segment(build, key, contents)))
    return IntervalMap.of(found)


def _inherited(new: Contents, old: Contents, equal: frozenset[str], build: str) -> Contents:
    """New content keys, old ones for what is equal; `build` tells apart what only looks equal."""

    def key(name: str, fresh: str, before: str) -> str:
        if name in equal:
            return before
        return digest(fresh, build) if build and fresh == before else fresh

    return Contents(
        rows=key("", new.rows, old.rows),
        columns={
            name: key(name, fresh, old.columns[name]) if name in old.columns else fresh
            for name, fresh in new.columns.items()
        },
    )


def data_files(
    written: Sequence[Written], node: Node, build: str, context: RunContext, part: Part = "rows"
) -> tuple[DataFile, ...]:
    """What an engine wrote, as the ledger keeps it."""
    schema = schema_digest(node.schema)
    return tuple(
        DataFile(
            path=context.lake.relative(w.path),
            interval=w.interval or ALL_TIME,
            rows=w.rows,
            bytes=w.bytes,
            build=build,
            schema=schema,
            part=part,
        )
        for w in written
        if w.rows
    )


def replace_files(
    state: State,
    new: tuple[DataFile, ...],
    interval: DataInterval,
    node: Node,
    session: Session,
    context: RunContext,
    parts: tuple[Part, ...] = ("rows", "quarantined", "dropped"),
) -> tuple[DataFile, ...]:
    """A state's files after a build of `interval`; partly covered ones are written anew."""
    kept: list[DataFile] = []
    for file in state.files:
        if file.part not in parts or not file.interval.overlaps(interval):
            kept.append(file)
        elif not interval.contains(file.interval):
            kept += _rest(file, interval, state, node, session, context)
    return tuple(sorted([*kept, *new], key=lambda f: (f.part, f.interval, f.path)))


def _rest(
    file: DataFile,
    interval: DataInterval,
    state: State,
    node: Node,
    session: Session,
    context: RunContext,
) -> tuple[DataFile, ...]:
    """The rows of a file outside of an interval, in new files of the same build and part."""
    written = session.rewrite_without(
        [context.lake.absolute(file.path)],
        schema=node.schema if file.part == "rows" else (*node.schema, *BROKEN),
        time=node.time or "",
        interval=interval,
        target=context.target(node.id, f"{file.build}-{uuid.uuid4().hex[:8]}", file.part),
    )
    files = data_files(written, node, file.build, context, file.part)
    return tuple(replace(f, schema=file.schema) for f in files)


def remove_interval(node: Node, interval: DataInterval, context: RunContext) -> State:
    """The state without anything on an interval."""
    state = context.states[node.id]
    with context.engine.session() as session:
        files = replace_files(state, (), interval, node, session, context)
    return replace(state, files=files, segments=state.segments.without(interval))


def input_files(state: State | None, interval: DataInterval) -> tuple[DataFile, ...]:
    """The published files of a state that may hold rows of an interval."""
    if state is None:
        return ()
    return tuple(f for f in state.files if f.part == "rows" and f.interval.overlaps(interval))


def absolute(files: Sequence[DataFile], context: RunContext) -> tuple[Path, ...]:
    """Where data files lie."""
    return tuple(context.lake.absolute(f.path) for f in files)
