"""The rows of a load in data files: published, superseded, quarantined, each in exactly one."""

from __future__ import annotations

from pathlib import Path

from headwater.contracts.quoting import literal, quote
from headwater.contracts.relation import Surroundings
from headwater.contracts.sql import broken_rows_sql, good_rows_sql
from headwater.engines.protocol import InputRelation, Session, Written
from headwater.errors import HeadwaterError, Issue
from headwater.graph.node import Node, Schema
from headwater.kinds.source.bind import META
from headwater.kinds.source.definition import SourceDefinition
from headwater.kinds.source.judging import Judgement
from headwater.kinds.source.landing import (
    LANDED,
    QUARANTINE,
    REJECTED,
    Intake,
    day_sql,
    dropped_sql,
    fresh_relation,
    fresh_sql,
)
from headwater.kinds.source.redelivery import Decision
from headwater.plan.state import DataFile, Part
from headwater.run.context import RunContext
from headwater.run.states import data_files

#: A landed file of at least this size is published as it is, if all of its rows are.
ADOPT_BYTES = 4 * 2**20
#: More rows than these are written as they come: sorting them would take their weight in memory.
SORTED_ROWS = 2_000_000
BROKEN, GOOD, WRITTEN = "__headwater_broken", "__headwater_good", "__headwater_written"


class LoadWriter:
    """Writes one load; `time` is the source's own, also where its readers see no time."""

    def __init__(
        self,
        node: Node,
        definition: SourceDefinition,
        build: str,
        session: Session,
        context: RunContext,
    ) -> None:
        self.node = node
        self.time = definition.time
        self.group = definition.on_breach.group
        self.build = build
        self.session = session
        self.context = context
        self.sorts = True
        self.rows: Schema = (*node.schema, *META)

    def write(
        self, intake: Intake, decision: Decision, judgement: Judgement
    ) -> tuple[DataFile, ...]:
        """All parts of the load, reckoned against what was delivered."""
        self.sorts = intake.delivered <= SORTED_ROWS
        relation = fresh_relation(self.time, decision)
        around = Surroundings(existing=judgement.existing)
        broken = broken_rows_sql(judgement.broken, relation, self.group, around)
        good = good_rows_sql(judgement.broken, relation, self.group, around)
        adopted = self._adoptable(intake, decision, judgement, broken)
        published: tuple[DataFile, ...] = ()
        if any(path not in adopted for one in intake.landed for path in one.rows):
            names = {p: one.delivery.name for one in intake.landed for p in one.rows}
            left_out = sorted({names[p] for p in adopted})
            published = self._write("rows", _not_from(good, left_out), self.rows)
        quarantined = self._quarantine(broken, decision, judgement)
        superseded: tuple[DataFile, ...] = ()
        if decision.superseded:
            both = " UNION ALL ".join(
                f"SELECT {', '.join(quote(n) for n, _ in self.rows)} FROM "
                f"({fresh_sql(name, self.time, decision, superseded=True)})"
                for name in (LANDED, REJECTED)
            )
            superseded = self._write("superseded", both, self.rows)
        dropped = self._drop(decision)
        # Moved at the end: whatever is written reads all that has landed.
        files = (*published, *self._adopt(adopted), *quarantined, *superseded, *dropped)
        self._reckon(intake, files, adopted)
        return files

    def _drop(self, decision: Decision) -> tuple[DataFile, ...]:
        """The rows that were dropped before and came again."""
        if not decision.dropped:
            return ()
        landed = f"(SELECT *, CAST(NULL AS VARCHAR) AS _raw FROM {LANDED})"
        own = ", ".join(f"l.{quote(name)}" for name, _ in self.rows)
        parts = [dropped_sql(name, own, self.time, decision) for name in (landed, REJECTED)]
        return self._write_with_rules("dropped", " UNION ALL ".join(parts))

    def _quarantine(
        self, broken: str, decision: Decision, judgement: Judgement
    ) -> tuple[DataFile, ...]:
        columns = ", ".join(quote(name) for name, _ in self.rows)
        parts = []
        if judgement.broken:
            parts.append(f"SELECT {columns}, CAST(NULL AS VARCHAR) AS _raw, _rules FROM ({broken})")
        rejected = fresh_sql(REJECTED, self.time, decision)
        parts.append(f"SELECT {columns}, _raw, _rules FROM ({rejected})")
        return self._write_with_rules("quarantined", " UNION ALL ".join(parts))

    def _write_with_rules(self, part: Part, select: str) -> tuple[DataFile, ...]:
        """Rows that carry the rules they broke; those without a time in files of their own."""
        schema = (*self.rows, *QUARANTINE)
        if self.time is None:
            return self._write(part, select, schema)
        timed = f"SELECT * FROM ({select}) WHERE {quote(self.time)} IS NOT NULL"
        untimed = f"SELECT * FROM ({select}) WHERE {quote(self.time)} IS NULL"
        return (
            *self._write(part, timed, schema),
            *self._write(part, untimed, schema, timed=False),
        )

    def _order(self, *, timed: bool) -> tuple[str, ...]:
        """By time and delivery, so that a day's rows lie together; large loads come in order."""
        if not self.sorts:
            return ()
        return (self.time, "_file", "_row") if self.time and timed else ("_file", "_row")

    def _write(
        self, part: Part, select: str, schema: Schema, *, timed: bool = True
    ) -> tuple[DataFile, ...]:
        suffix = "" if timed else "-untimed"
        written = self.session.write_query(
            select,
            schema=schema,
            time=self.time if timed else None,
            keep=None,
            target=self.context.target(self.node.id, self.build + suffix, part),
            sort=self._order(timed=timed),
        )
        return data_files(written, self.node, self.build, self.context, part)

    def _adoptable(
        self, intake: Intake, decision: Decision, judgement: Judgement, broken: str
    ) -> list[Path]:
        """Large landed files all of whose rows are published: they need no second writing."""
        large = [
            (one.delivery.name, path)
            for one in intake.landed
            for path in one.rows
            if path.stat().st_size >= ADOPT_BYTES
        ]
        if not large:
            return []
        touched = {name for name, _ in (*decision.superseded, *decision.dropped)}
        if judgement.broken:
            touched |= {
                row[0] for row in self.session.fetch(f"SELECT DISTINCT _file FROM ({broken})")
            }
        whole = {
            one.delivery.name
            for one in intake.landed
            if one.delivery.name not in touched
            and all(path.stat().st_size >= ADOPT_BYTES for path in one.rows)
        }
        return [path for name, path in large if name in whole]

    def _adopt(self, paths: list[Path]) -> tuple[DataFile, ...]:
        written = []
        target = self.context.target(self.node.id, self.build + "-landed", "rows")
        for number, path in enumerate(paths):
            name = f"__headwater_adopted_{number}"
            self.session.bind_inputs([InputRelation(name=name, schema=self.rows, files=(path,))])
            day = day_sql(self.time)
            sql = f"SELECT count(*), min({day}), max({day}) FROM {name}"
            rows, first, last = self.session.fetch(sql)[0]
            place = target(first.strftime("%Y-%m") if first else None, number)
            place.parent.mkdir(parents=True, exist_ok=True)
            size = path.stat().st_size
            path.replace(place)
            interval = None
            if first is not None:
                from headwater.clock import day_interval

                interval = day_interval(first, last, self.context.clock.zone)
            written.append(Written(path=place, rows=rows, bytes=size, interval=interval))
        return data_files(written, self.node, self.build, self.context)

    def _reckon(self, intake: Intake, files: tuple[DataFile, ...], adopted: list[Path]) -> None:
        """Delivered = published + superseded + quarantined + dropped; by hash too. E612."""
        if sum(f.rows for f in files) != intake.delivered:
            self._refuse(
                f"{intake.delivered:,} rows delivered, {sum(f.rows for f in files):,} kept"
            )
        if adopted:
            return  # moved, not written: the same bytes
        paths = tuple(self.context.lake.absolute(f.path) for f in files)
        self.session.bind_inputs([InputRelation(name=WRITTEN, schema=self.rows, files=paths)])
        columns = ", ".join(quote(name) for name, _ in self.rows)
        both = f"SELECT {columns} FROM {LANDED} UNION ALL SELECT {columns} FROM {REJECTED}"
        total = f"SELECT count(*), sum(hash({columns})::HUGEINT) FROM"
        before = self.session.fetch(f"{total} ({both})")[0]
        after = self.session.fetch(f"{total} {WRITTEN}")[0]
        if before != after:
            self._refuse(f"the rows kept are not those delivered ({before[0]:,}, {after[0]:,})")

    def _refuse(self, what: str) -> None:
        raise HeadwaterError(
            Issue(
                code="E612",
                what=f"{self.node.id}: {what}; the load is refused",
                place=self.node.definition.place,
                fix="run again; if it stays, report it with `headwater debug --json`",
            )
        )


def _not_from(select: str, names: list[str]) -> str:
    if not names:
        return select
    return f"SELECT * FROM ({select}) WHERE _file NOT IN ({', '.join(map(literal, names))})"
