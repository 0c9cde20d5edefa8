"""Published rows that give way to a new delivery move to the superseded part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headwater.contracts.quoting import literal, quote
from headwater.engines.protocol import InputRelation, Session
from headwater.graph.node import Node, Schema
from headwater.ids import ALL_TIME
from headwater.kinds.source.bind import META
from headwater.kinds.source.landing import QUARANTINE, day_sql
from headwater.kinds.source.redelivery import Decision
from headwater.plan.state import DataFile, Part, State
from headwater.run.context import RunContext
from headwater.run.states import data_files

OLD = "__headwater_old"


def retire(
    node: Node,
    time: str | None,
    state: State,
    decision: Decision,
    build: str,
    session: Session,
    context: RunContext,
) -> tuple[DataFile, ...]:
    """The files of a state after the days and deliveries that gave way have moved."""
    gone = retired_sql(time, decision)
    if gone is None:
        return state.files
    kept: list[DataFile] = []
    for number, file in enumerate(state.files):
        if file.part == "superseded":
            kept.append(file)
            continue
        moved = _divide(node, time, file, gone, f"{build}-{number}", session, context)
        kept += [file] if moved is None else moved
    return tuple(kept)


def retired_sql(time: str | None, decision: Decision) -> str | None:
    """SQL that is TRUE for a published row that gives way; None where none does."""
    conditions: list[str] = []
    days = sorted(str(day) for day in decision.retired_days if day is not None)
    if days:
        listed = ", ".join(f"DATE {literal(day)}" for day in days)
        conditions.append(f"{day_sql(time)} IN ({listed})")
    if None in decision.retired_days:
        conditions.append(f"{day_sql(time)} IS NULL")
    if decision.retired_names:
        listed = ", ".join(map(literal, sorted(decision.retired_names)))
        conditions.append(f"_file IN ({listed})")
    if not conditions:
        return None
    gone = f"coalesce({' OR '.join(conditions)}, FALSE)"
    if decision.settled is None:
        return gone
    return f"({gone} AND coalesce({day_sql(time)} >= DATE {literal(str(decision.settled))}, TRUE))"


def _divide(
    node: Node,
    time: str | None,
    file: DataFile,
    gone: str,
    build: str,
    session: Session,
    context: RunContext,
) -> list[DataFile] | None:
    """One file as the rows that stay and those that moved; None where all stay."""
    rows: Schema = (*node.schema, *META)
    full = rows if file.part == "rows" else (*rows, *QUARANTINE)
    path = context.lake.absolute(file.path)
    session.bind_inputs([InputRelation(name=OLD, schema=full, files=(path,), uniform=False)])
    if not session.fetch(f"SELECT count(*) FROM {OLD} WHERE {gone}")[0][0]:
        return None

    timed = time if file.interval != ALL_TIME else None  # rows without a time lie apart

    def write(part: Part, condition: str, schema: Schema) -> Sequence[DataFile]:
        columns = ", ".join(quote(name) for name, _ in schema)
        written = session.write_query(
            f"SELECT {columns} FROM {OLD} WHERE {condition}",
            schema=schema,
            time=timed,
            keep=None,
            target=context.target(node.id, build, part),
            sort=("_file", "_row"),
        )
        found = data_files(written, node, file.build, context, part)
        return [replace(f, schema=file.schema) for f in found]

    return [
        *write(file.part, f"NOT {gone}", full),
        *write("superseded", gone, rows),
    ]
