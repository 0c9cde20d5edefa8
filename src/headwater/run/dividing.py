"""New rows of a build apart: published, quarantined, and those that a person has dropped before."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.contracts.definition import RowRule
from headwater.contracts.quoting import quote
from headwater.contracts.relation import Relation, Surroundings
from headwater.contracts.sql import broken_rows_sql, good_rows_sql
from headwater.engines.protocol import InputRelation, Session
from headwater.graph.node import Node, Schema
from headwater.ids import ALL_TIME, DataInterval
from headwater.plan.state import DataFile, Part, State
from headwater.run.context import Promises, RunContext
from headwater.run.states import BROKEN, absolute, data_files

NEW, DROPPED = "__headwater_new", "__headwater_dropped"


def dropped_files(state: State | None, interval: DataInterval) -> tuple[DataFile, ...]:
    """The files with dropped rows that may lie in an interval."""
    if state is None:
        return ()
    return tuple(f for f in state.part("dropped") if f.interval.overlaps(interval))


class Division:
    """The rows of `NEW` apart. A row equal to a dropped one stays dropped, copy by copy."""

    def __init__(self, node: Node, build: str, session: Session, context: RunContext) -> None:
        self.node, self.build, self.session, self.context = node, build, session, context
        self.schema: Schema = (*node.schema, *node.hidden)
        self.leaves_out = False

    def leave_out(self, dropped: Sequence[DataFile], interval: DataInterval) -> None:
        """Look for rows that were dropped in the interval before."""
        if not dropped:
            return
        timed = self.node.time is not None and interval != ALL_TIME
        self.session.bind_inputs(
            [
                InputRelation(
                    name=DROPPED,
                    schema=(*self.schema, *BROKEN),
                    files=absolute(dropped, self.context),
                    uniform=False,
                    time=self.node.time,
                    cut=interval if timed else None,
                )
            ]
        )
        self.leaves_out = self.session.fetch(f"SELECT count(*) FROM ({self._gone()})")[0][0] > 0

    def relation(self, order: Sequence[str] = ()) -> Relation:
        """The rows that count."""
        if not self.leaves_out:
            return Relation.named(NEW, order=tuple(order))
        kept = f"FROM {_numbered(NEW, self._columns)} n ANTI JOIN {self._others} d ON {self._same}"
        return Relation.query(f"SELECT {self._columns} {kept}", order=tuple(order))

    def write(
        self, rules: Sequence[RowRule], promises: Promises, around: Surroundings
    ) -> tuple[DataFile, ...]:
        """Good, broken and dropped rows in files of their own; together exactly the new rows."""
        relation = self.relation(promises.key)
        good = good_rows_sql(rules, relation, promises.group, around)
        broken = broken_rows_sql(rules, relation, promises.group, around)
        files = self._write(good, self.schema, f"{self.build}-good", "rows")
        with_rules = (*self.schema, *BROKEN)
        if rules:
            files += self._write(broken, with_rules, self.build, "quarantined")
        if self.leaves_out:
            files += self._write(self._gone(), with_rules, self.build, "dropped")
        return files

    @property
    def _columns(self) -> str:
        return ", ".join(quote(name) for name, _ in self.schema)

    @property
    def _others(self) -> str:
        return _numbered(DROPPED, self._columns)

    @property
    def _same(self) -> str:
        equal = (f"n.{quote(name)} IS NOT DISTINCT FROM d.{quote(name)}" for name, _ in self.schema)
        return " AND ".join([*equal, "n._copy = d._copy"])

    def _gone(self) -> str:
        own = ", ".join(f"n.{quote(name)}" for name, _ in self.schema)
        new = _numbered(NEW, self._columns)
        return f"SELECT {own}, d._rules FROM {new} n JOIN {self._others} d ON {self._same}"

    def _write(self, select: str, schema: Schema, build: str, part: Part) -> tuple[DataFile, ...]:
        written = self.session.write_query(
            select,
            schema=schema,
            time=self.node.time,
            keep=None,
            target=self.context.target(self.node.id, build, part),
        )
        return data_files(written, self.node, self.build, self.context, part)


def _numbered(relation: str, columns: str) -> str:
    """The rows with a number among their equals."""
    return f"(SELECT *, row_number() OVER (PARTITION BY {columns}) AS _copy FROM {relation})"
