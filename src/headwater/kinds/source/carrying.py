"""Rows that a person dropped stay dropped, also when they are delivered, or read, again.

A file whose bytes are the same holds the same rows at the same places. Elsewhere a row is the same
if its columns are; of equal rows, as many stay dropped as were dropped, the last ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from headwater.contracts.conditions import Expression
from headwater.contracts.definition import RowRule
from headwater.contracts.quoting import literal, quote
from headwater.engines.protocol import InputRelation, Session
from headwater.errors import Issue
from headwater.graph.node import Node, Schema
from headwater.kinds.source.bind import META
from headwater.kinds.source.definition import FilesOrigin, SourceDefinition
from headwater.kinds.source.landing import DROPPED, LANDED, QUARANTINE, REJECTED, Intake
from headwater.kinds.source.lateness import rule_name
from headwater.kinds.source.readers.model import Landed
from headwater.kinds.source.redelivery import Decision, Mode
from headwater.kinds.source.retire import retired_sql
from headwater.plan.state import State
from headwater.run.context import RunContext
from headwater.run.lateness import IS_LATE
from headwater.run.states import absolute

BEFORE, LATE_BEFORE = "__headwater_dropped_before", "__headwater_late_before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The state whose rows a load replaces; `reread` says that the same deliveries come again."""

    state: State
    reread: bool = False


def carry_dropped(
    node: Node,
    earlier: Earlier,
    intake: Intake,
    decision: Decision,
    mode: Mode,
    session: Session,
    context: RunContext,
) -> frozenset[tuple[str, int]]:
    """The (delivery, row) pairs of a load that stay dropped; shown to the session as `DROPPED`."""
    definition = cast("SourceDefinition", node.definition)
    # What can no longer be read waits again.
    sound = [f for f in earlier.state.part("dropped") if context.lake.verify(f) is None]
    files = absolute(sound, context)
    if not files:
        return frozenset()
    shown: Schema = (*earlier.state.schema, *META, *QUARANTINE)
    session.bind_inputs([InputRelation(name=BEFORE, schema=shown, files=files, uniform=False)])
    by_place = earlier.reread and isinstance(definition.origin, FilesOrigin)
    if by_place:
        select = _at_the_same_places(intake, earlier.state)
    else:
        everything = earlier.reread or mode == "whole"
        gone = "TRUE" if everything else retired_sql(definition.time, decision)
        if gone is None:
            return frozenset()
        select = _with_the_same_values(node, earlier.state, gone)
    found = session.fetch(select)
    _show_pairs(found, session)
    return frozenset((file, row) for file, row, _ in found)


def rules_of_late_before(
    node: Node, earlier: Earlier, intake: Intake, session: Session, context: RunContext
) -> tuple[RowRule, ...]:
    """The rule that rows break which waited as late when the same deliveries were first read."""
    definition = cast("SourceDefinition", node.definition)
    files = absolute(earlier.state.part("quarantined"), context) if earlier.reread else ()
    if not files or definition.late_limit is None:
        return ()
    shown: Schema = (*META, *QUARANTINE)
    session.bind_inputs([InputRelation(name=LATE_BEFORE, schema=shown, files=files, uniform=False)])
    same = _same_deliveries(intake, earlier.state)
    pairs = f"SELECT _file, _row FROM {LATE_BEFORE} WHERE {IS_LATE} AND _file IN ({same})"
    condition = Expression(sql=f"(_file, _row) NOT IN ({pairs})")
    return (RowRule(name=rule_name(definition), condition=condition, columns=()),)


def missing_files(
    definition: SourceDefinition, earlier: Earlier, landed: Sequence[Landed]
) -> list[Issue]:
    """E613 where rows would be lost, because a file that is to be read again is not there."""
    if not earlier.reread or not isinstance(definition.origin, FilesOrigin):
        return []
    there = {one.delivery.name for one in landed}
    gone = sorted({d.name for d in earlier.state.deliveries} - there)
    if not gone:
        return []
    more = f" and {len(gone) - 3} more" if len(gone) > 3 else ""
    return [
        Issue(
            code="E613",
            what=f"{definition.id} has other columns or types, so that all files have to be read "
            f"again, and {', '.join(gone[:3])}{more} cannot be found",
            place=definition.place,
            fix="bring the files back, or keep the types and convert them in a table",
        )
    ]


def _same_deliveries(intake: Intake, before: State) -> str:
    """The deliveries that come again with the same bytes, as a list of SQL."""
    known = {d.name: d.sha256 for d in before.deliveries}
    names = [
        one.delivery.name
        for one in intake.landed
        if known.get(one.delivery.name) == one.delivery.sha256
    ]
    return ", ".join(map(literal, names)) or "NULL"


def _at_the_same_places(intake: Intake, before: State) -> str:
    same = _same_deliveries(intake, before)
    return f"SELECT _file, _row, _rules FROM {BEFORE} WHERE _file IN ({same})"


def _with_the_same_values(node: Node, before: State, gone: str) -> str:
    """The last rows of each content, as many as were dropped of it."""
    old = dict(before.schema)
    shared = [name for name, kind in node.schema if old.get(name) == kind]
    columns = ", ".join([*map(quote, shared), "_raw"])
    equal = " AND ".join(f"n.{c} IS NOT DISTINCT FROM o.{c}" for c in [*map(quote, shared), "_raw"])
    own = ", ".join(map(quote, shared)) + ", " if shared else ""
    return (
        f"WITH old AS (SELECT {columns}, count(*) AS _copies, any_value(_rules) AS _rules "
        f"FROM {BEFORE} WHERE {gone} GROUP BY ALL), new AS ("
        f"SELECT {own}NULL AS _raw, _file, _row FROM {LANDED} UNION ALL "
        f"SELECT {columns}, _file, _row FROM {REJECTED}), "
        f"same AS (SELECT n._file, n._row, o._rules, o._copies, row_number() OVER "
        f"(PARTITION BY {', '.join(f'n.{c}' for c in [*map(quote, shared), '_raw'])} "
        f"ORDER BY n._file DESC, n._row DESC) AS _number FROM new n JOIN old o ON {equal}) "
        f"SELECT _file, _row, _rules FROM same WHERE _number <= _copies"
    )


def _show_pairs(found: Sequence[tuple[object, ...]], session: Session) -> None:
    import pyarrow as pa

    table = pa.table(
        {
            "_file": pa.array([file for file, _, _ in found], pa.string()),
            "_row": pa.array([row for _, row, _ in found], pa.int64()),
            "_rules": pa.array([rules for _, _, rules in found], pa.list_(pa.string())),
        }
    )
    schema: Schema = (("_file", "VARCHAR"), ("_row", "BIGINT"), ("_rules", "VARCHAR[]"))
    session.bind_inputs([InputRelation(name=DROPPED, schema=schema, rows=table)])
