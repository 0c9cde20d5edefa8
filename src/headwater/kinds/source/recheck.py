"""Rows judged again by the rules as they are now: some leave quarantine, others go into it.

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
from headwater.contracts.sql import broken_rows_sql
from headwater.engines.protocol import InputRelation, Session
from headwater.errors import Issue
from headwater.graph.node import Node, Schema
from headwater.ids import ALL_TIME, DataInterval, digest
from headwater.kinds.source.bind import META
from headwater.kinds.source.definition import SourceDefinition
from headwater.kinds.source.judging import row_and_dataset_rules
from headwater.kinds.source.landing import QUARANTINE, day_sql
from headwater.kinds.source.lateness import still_late_rule
from headwater.kinds.source.redelivery import Day
from headwater.plan.state import Build, Contents, DataFile, Part, RuleOutcome, Segment, State
from headwater.run.context import Promises, RunContext, StepResult
from headwater.run.lateness import IS_LATE
from headwater.run.states import absolute, data_files

KEPT, WAITING, VERDICT = "__headwater_kept", "__headwater_waiting", "__headwater_verdict"
#: What tells a landed row from all others.
ROW = ("_load_id", "_file", "_row")


def recheck(node: Node, state: State, context: RunContext, promises: Promises) -> StepResult:
    """Judge published and quarantined rows again. Code E610 where a breach holds the node."""
    began = stopwatch.perf_counter()
    definition = cast("SourceDefinition", node.definition)
    rules = [
        rule
        for rule in (*row_and_dataset_rules(definition), still_late_rule(definition))
        if isinstance(rule, RowRule) and rule.severity is Severity.ERROR
    ]
    build = uuid.uuid4().hex[:12]
    confirmed = state.segments.map(lambda s: replace(s, input_key=node.fingerprint))
    with context.engine.session() as session:
        judging = _Judging(node, definition.time, session, context)
        judging.judge(state, rules, promises.group)
        outcomes = judging.outcomes(rules)
        released, broken = judging.moved()
        if broken and promises.hold:
            issue = _held(node, broken, outcomes)
            return StepResult(state=state, outcomes=outcomes, issues=(issue,), held=True)
        moves = judging.moves()
        if not moves:
            if confirmed != state.segments:
                state = replace(state, segments=confirmed)
            return StepResult(state=state, outcomes=outcomes, identical=True)
        files = judging.rewrite(state, list(moves), build)
    segments = confirmed
    for day, moved in moves.items():
        span = _span(day, node, context)
        before = confirmed.at(span.start)
        key = digest(before.contents.rows if before else "", "rules", moved)
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
        reason="judged again",
        rows=sum(f.rows for f in made if f.part == "rows"),
        started_at=context.clock.now,
        seconds=stopwatch.perf_counter() - began,
        schema=node.schema,
        contents=Contents(rows=digest(build), columns={}),
        files=made,
        outcomes=outcomes,
    )
    note = f"{released:,} rows replayed, {broken:,} quarantined, {len(moves):,} days reopened"
    return StepResult(
        state=new, builds=(record,), outcomes=outcomes, rows=record.rows, notes=(note,)
    )


def _held(node: Node, broken: int, outcomes: tuple[RuleOutcome, ...]) -> Issue:
    named = ", ".join(outcome.text for outcome in outcomes if not outcome.passed)
    return Issue(
        code="E610",
        what=f"{node.id}: {broken:,} published rows break the rules as they are now ({named})",
        place=node.definition.place,
        fix="mend the rule, or let rows go: `on_breach: quarantine`",
    )


def _span(day: Day, node: Node, context: RunContext) -> DataInterval:
    if day is None or node.time is None:
        return ALL_TIME
    zone = context.clock.zone
    return DataInterval(local_midnight(day, zone), local_midnight(day + timedelta(days=1), zone))


class _Judging:
    """The published rows and those in quarantine, side by side in one session.

    Rows are judged once, all of them, because groups and keys reach over days; the verdict is kept
    in a temporary table, by which only the files of changed days are written anew.
    """

    def __init__(self, node: Node, time: str | None, session: Session, context: RunContext) -> None:
        self.node, self.time, self.session, self.context = node, time, session, context
        self.rows: Schema = (*node.schema, *META)

    def judge(self, state: State, rules: list[RowRule], group: tuple[str, ...]) -> None:
        """Fill `VERDICT` with the broken rows. Of equal keys the published row stays published."""
        self._show(state)
        columns = ", ".join(quote(name) for name, _ in self.rows)
        both = (
            f"SELECT {columns}, FALSE AS _waits, FALSE AS _late FROM {KEPT} UNION ALL "
            f"SELECT {columns}, TRUE, {IS_LATE} FROM {WAITING} WHERE _raw IS NULL"
        )
        relation = Relation.query(both, order=("_waits", "_file", "_row"), typed=True)
        broken = broken_rows_sql(rules, relation, group)
        row = ", ".join(ROW)
        self.session.fetch(
            f"CREATE OR REPLACE TEMP TABLE {VERDICT} AS "
            f"SELECT {row}, {day_sql(self.time)} AS day, _waits, _rules FROM ({broken})"
        )

    def outcomes(self, rules: list[RowRule]) -> tuple[RuleOutcome, ...]:
        """How many rows break each rule now."""
        broken = f"SELECT unnest(_rules) AS rule FROM {VERDICT}"
        query = f"SELECT rule, count(*) FROM ({broken}) GROUP BY 1"
        counts = {rule: int(count) for rule, count in self.session.fetch(query)}
        return tuple(
            RuleOutcome(
                rule=rule.name,
                severity=str(rule.severity),
                passed=rule.name not in counts,
                failed_rows=counts.get(rule.name, 0),
                measured=float(counts.get(rule.name, 0)),
                text=f"{rule.name}: {counts.get(rule.name, 0):,} rows",
            )
            for rule in rules
        )

    def moves(self) -> dict[Day, str]:
        """The days on which a row moves in either direction, each with a hash of these rows."""
        day = day_sql(self.time)
        found = self.session.fetch(
            "SELECT day, md5(string_agg(row, ',' ORDER BY row)) FROM ("
            f"SELECT day, concat_ws(':', 'out', _file, _row) AS row FROM {VERDICT} "
            f"WHERE NOT _waits UNION ALL SELECT {day}, concat_ws(':', 'in', _file, _row) "
            f"FROM ({self._released()})) GROUP BY day ORDER BY day"
        )
        return dict(found)

    def moved(self) -> tuple[int, int]:
        """How many rows leave quarantine, and how many go into it."""
        released = self.session.fetch(f"SELECT count(*) FROM ({self._released()})")
        broken = self.session.fetch(f"SELECT count(*) FROM {VERDICT} WHERE NOT _waits")
        return int(released[0][0]), int(broken[0][0])

    def _released(self) -> str:
        """The waiting rows that break nothing any more."""
        return (
            f"SELECT * FROM {WAITING} w ANTI JOIN {VERDICT} v USING ({', '.join(ROW)}) "
            "WHERE w._raw IS NULL"
        )

    def rewrite(self, state: State, days: list[Day], build: str) -> tuple[DataFile, ...]:
        """The files with both parts written anew where a file reaches into a changed day."""
        spans = [_span(day, self.node, self.context) for day in days]
        touched = {
            f.path
            for f in state.files
            if f.part in ("rows", "quarantined") and any(f.interval.overlaps(s) for s in spans)
        }
        self._show(replace(state, files=tuple(f for f in state.files if f.path in touched)))
        columns = ", ".join(quote(name) for name, _ in self.rows)
        landed = (
            f"SELECT {columns} FROM {KEPT} UNION ALL "
            f"SELECT {columns} FROM {WAITING} WHERE _raw IS NULL"
        )
        same = f"USING ({', '.join(ROW)})"
        good = f"SELECT {columns} FROM ({landed}) ANTI JOIN {VERDICT} {same}"
        waiting = (
            f"SELECT {columns}, CAST(NULL AS VARCHAR) AS _raw, _rules "
            f"FROM ({landed}) JOIN {VERDICT} {same} "
            f"UNION ALL SELECT {columns}, _raw, _rules FROM {WAITING} WHERE _raw IS NOT NULL"
        )
        schema = (*self.rows, *QUARANTINE)
        files = [f for f in state.files if f.path not in touched]
        files += self._write(good, self.rows, build, "rows")
        if self.time is None:
            files += self._write(waiting, schema, build, "quarantined")
        else:
            at = quote(self.time)
            timed = f"SELECT * FROM ({waiting}) WHERE {at} IS NOT NULL"
            untimed = f"SELECT * FROM ({waiting}) WHERE {at} IS NULL"
            files += self._write(timed, schema, build, "quarantined")
            files += self._write(untimed, schema, build, "quarantined", timed=False)
        return tuple(sorted(files, key=lambda f: (f.part, f.interval, f.path)))

    def _show(self, state: State) -> None:
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

    def _write(
        self, select: str, schema: Schema, build: str, part: Part, *, timed: bool = True
    ) -> tuple[DataFile, ...]:
        time = self.time if timed else None
        written = self.session.write_query(
            select,
            schema=schema,
            time=time,
            keep=None,
            target=self.context.target(self.node.id, build if timed else f"{build}-untimed", part),
            sort=(time, "_file", "_row") if time else ("_file", "_row"),
        )
        return data_files(written, self.node, build, self.context, part)
