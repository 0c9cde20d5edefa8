"""Days that a corrected file had rows on and has no longer."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.contracts.quoting import literal
from headwater.engines.protocol import InputRelation, Session
from headwater.graph.node import Node
from headwater.kinds.source.landing import day_sql
from headwater.kinds.source.redelivery import Day, Decision
from headwater.plan.state import State
from headwater.run.context import RunContext
from headwater.run.states import absolute

BEFORE = "__headwater_delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """Days that lose rows and get none: `emptied` of all, `thinned` where other files have some."""

    emptied: frozenset[Day] = frozenset()
    thinned: frozenset[Day] = frozenset()


def find_withdrawal(
    node: Node,
    time: str | None,
    state: State,
    decision: Decision,
    session: Session,
    context: RunContext,
) -> Withdrawal:
    """Look at the delivered rows of a state before a load changes it."""
    files = [f for f in state.files if f.part in ("rows", "quarantined")]
    if not decision.retired_names or not files:
        return Withdrawal()
    timed = [(name, kind) for name, kind in node.schema if name == time]
    schema = (*timed, ("_file", "VARCHAR"))
    shown = InputRelation(name=BEFORE, schema=schema, files=absolute(files, context), uniform=False)
    session.bind_inputs([shown])
    gone = f"_file IN ({', '.join(map(literal, sorted(decision.retired_names)))})"
    rows = session.fetch(
        f"SELECT {day_sql(time)} AS day, bool_and({gone}) FROM {BEFORE} "
        f"GROUP BY ALL HAVING bool_or({gone})"
    )
    lost = {
        day: everything
        for day, everything in rows
        if day not in decision.touched and not decision.is_settled(day)
    }
    return Withdrawal(
        emptied=frozenset(day for day, everything in lost.items() if everything),
        thinned=frozenset(day for day, everything in lost.items() if not everything),
    )
