"""A changed contract over what is there already: rows leave quarantine, others go into it.

Only the days whose rows change get new content keys, so that nothing else downstream is touched.
"""

from __future__ import annotations

import time as stopwatch
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import cast

from headwater.clock import local_midnight
from headwater.contracts.definition import RowRule, Severity
from headwater.contracts.quoting import quote
from headwater.contracts.relation import Relation
from headwater.contracts.sql import broken_rows_sql, good_rows_sql
from headwater.engines.protocol import InputRelation, Session
from headwater.graph.node import Node, Schema
from headwater.ids import ALL_TIME, DataInterval, digest
from headwater.kinds.source.bind import META
from headwater.kinds.source.definition import SourceDefinition
from headwater.kinds.source.judging import row_and_dataset_rules
from headwater.kinds.source.landing import QUARANTINE, day_sql
from headwater.kinds.source.redelivery import Day
from headwater.plan.state import Build, Contents, DataFile, Part, Segment, State
from headwater.run.context import Promises, RunContext, StepResult
from headwater.run.states import absolute, data_files

KEPT, WAITING = "__headwater_kept", "__headwater_waiting"


def recheck(node: Node, state: State, context: RunContext, promises: Promises) -> StepResult:
    """Judge published and quarantined rows by the rules as they are now."""
    began = stopwatch.perf_counter()
    definition = cast(SourceDefinition, node.definition)
    rules = [
        rule
        for rule in row_and_dataset_rules(definition)
        if isinstance(rule, RowRule) and rule.severity is Severity.ERROR
    ]
    build = uuid.uuid4().hex[:12]
    confirmed = state.segments.map(lambda s: replace(s, input_key=node.fingerprint))
    with context.engine.session() as session:
        judging = _Judging(node, definition.time, rules, promises.group, session, context)
        judging.show(state)
        days = judging.changed_days()
        if not days:
            return StepResult(state=replace(state, segments=confirmed), identical=True)
        released, broken = judging.moved()
        files = judging.rewrite(state, days, build)
    segments = confirmed
    for day in days:
        span = _span(day, node, context)
        before = confirmed.at(span.start)
        key = digest(before.contents.rows if before else "", "rules", node.fingerprint)
        contents = Contents(rows=key, columns={})
        segments = segments.put(span, Segment(build, node.fingerprint, contents))
    new = replace(state, files=files, segments=segments)
    made = tuple(f for f in files if f.build == build)
    record = Build(
        id=build,
        node=node.id,
        interval=segments.hull or ALL_TIME,
        input_key=digest(build),
        definition=context.definition_hashes.get(node.id, ""),
        run=context.run,
        reason="contract changed",
        rows=sum(f.rows for f in made if f.part == "rows"),
        started_at=context.clock.now,
        seconds=stopwatch.perf_counter() - began,
        schema=node.schema,
        contents=Contents(rows=digest(build), columns={}),
        files=made,
    )
    note = f"{released:,} rows replayed, {broken:,} quarantined, {len(days):,} days reopened"
    return StepResult(state=new, builds=(record,), rows=record.rows, notes=(note,))


def _span(day: Day, node: Node, context: RunContext) -> DataInterval:
    if day is None or node.time is None:
        return ALL_TIME
    zone = context.clock.zone
    return DataInterval(local_midnight(day, zone), local_midnight(day + timedelta(days=1), zone))


class _Judging:
    """The published rows and those in quarantine, side by side in one session."""

    def __init__(
        self,
        node: Node,
        time: str | None,
        rules: list[RowRule],
        group: tuple[str, ...],
        session: Session,
        context: RunContext,
    ) -> None:
        self.node, self.time, self.session, self.context = node, time, session, context
        self.rows: Schema = (*node.schema, *META)
        columns = ", ".join(quote(name) for name, _ in self.rows)
        both = (
            f"SELECT {columns}, FALSE AS _waits FROM {KEPT} UNION ALL "
            f"SELECT {columns}, TRUE FROM {WAITING} WHERE _raw IS NULL"
        )
        relation = Relation.query(both, order=("_file", "_row"))
        self.broken = broken_rows_sql(rules, relation, group)
        self.good = good_rows_sql(rules, relation, group)

    def show(self, state: State) -> None:
        """Bind both parts; rows that could not be read stay in quarantine."""
        parts = ((KEPT, "rows", self.rows), (WAITING, "quarantined", (*self.rows, *QUARANTINE)))
        self.session.bind_inputs(
            [
                InputRelation(
                    name=name,
                    schema=schema,
                    files=absolute([f for f in state.files if f.part == part], self.context),
                    uniform=False,
                )
                for name, part, schema in parts
            ]
        )

    def changed_days(self) -> list[Day]:
        """The days on which a row moves in either direction."""
        day = day_sql(self.time)
        sql = (
            f"SELECT {day} AS day FROM ({self.broken}) WHERE NOT _waits UNION "
            f"SELECT {day} FROM ({self.good}) WHERE _waits"
        )
        return sorted((row[0] for row in self.session.fetch(sql)), key=lambda d: (d is None, d))

    def moved(self) -> tuple[int, int]:
        """How many rows leave quarantine, and how many go into it."""
        released = self.session.fetch(f"SELECT count(*) FROM ({self.good}) WHERE _waits")
        broken = self.session.fetch(f"SELECT count(*) FROM ({self.broken}) WHERE NOT _waits")
        return int(released[0][0]), int(broken[0][0])

    def rewrite(self, state: State, days: list[Day], build: str) -> tuple[DataFile, ...]:
        """The files with both parts written anew where a file reaches into a changed day."""
        spans = [_span(day, self.node, self.context) for day in days]
        touched = [
            f
            for f in state.files
            if f.part in ("rows", "quarantined") and any(f.interval.overlaps(s) for s in spans)
        ]
        kept = [f for f in state.files if f not in touched]
        names = {f.path for f in touched}
        narrowed = replace(state, files=tuple(f for f in state.files if f.path in names))
        self.show(narrowed)
        columns = ", ".join(quote(name) for name, _ in self.rows)
        waiting = (
            f"SELECT {columns}, CAST(NULL AS VARCHAR) AS _raw, _rules FROM ({self.broken}) "
            f"UNION ALL SELECT {columns}, _raw, _rules FROM {WAITING} WHERE _raw IS NOT NULL"
        )
        rows = self._write(f"SELECT {columns} FROM ({self.good})", self.rows, build, "rows")
        quarantined = self._write(waiting, (*self.rows, *QUARANTINE), build, "quarantined")
        everything = [*kept, *rows, *quarantined]
        return tuple(sorted(everything, key=lambda f: (f.part, f.interval, f.path)))

    def _write(self, select: str, schema: Schema, build: str, part: Part) -> tuple[DataFile, ...]:
        written = self.session.write_query(
            select,
            schema=schema,
            time=self.time,
            keep=None,
            target=self.context.target(self.node.id, build, part),
            sort=(self.time, "_file", "_row") if self.time else ("_file", "_row"),
        )
        return data_files(written, self.node, build, self.context, part)
