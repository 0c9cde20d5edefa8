"""A step of a label: its rows are made, written, and told of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

from headwater.contracts.quoting import quote, quote_all
from headwater.engines.protocol import Session, Written
from headwater.errors import Issue
from headwater.graph.node import Node
from headwater.kinds.label.definition import LabelDefinition
from headwater.kinds.label.rows import Counts, Making, make_rows
from headwater.plan.steps import Load, Query
from headwater.run.context import Promises, RunContext, StepResult
from headwater.run.query import execute_query

_MADE = "#label rows"


def promises(node: Node) -> Promises:
    """That rows are there once is seen to while they are made; those without a key stay."""
    del node
    return Promises()


def execute(step: Load | Query, node: Node, context: RunContext) -> StepResult:
    """Build the rows whose horizon ends in one interval."""
    assert isinstance(step, Query)
    counts = Counts()

    def produce(
        step: Query, node: Node, build: str, session: Session, context: RunContext
    ) -> tuple[Written, ...]:
        nonlocal counts
        counts = make_rows(Making.of(node, step.interval, session, context), _MADE)
        return session.write_query(
            f"SELECT {quote_all(node.column_names)} FROM {quote(_MADE)}",
            schema=node.schema,
            time=node.time,
            keep=step.interval,
            target=context.target(node.id, build),
            sort=node.key,
            place=node.definition.place,
        )

    result = execute_query(step, node, context, promises(node), produce)
    notes = [f"{counts.true:,} of {counts.rows:,} rows true"] if counts.rows else []
    if counts.without_key:
        notes.append(f"{counts.without_key:,} rows without key")
    issues = () if result.held or result.state.row_count else _no_rows(node, context)
    return replace(result, notes=(*result.notes, *notes), issues=(*result.issues, *issues))


def _no_rows(node: Node, context: RunContext) -> tuple[Issue, ...]:
    """W013: nothing of the history is as old as the horizon is long."""
    spec = cast("LabelDefinition", node.definition).spec
    source = next(edge.node for edge in node.inputs if edge.name == spec.source)
    state = context.states.get(source)
    hull = state.segments.hull if state is not None else None
    if hull is None:
        return ()
    days = (hull.end - hull.start).days
    what = f"{node.id} has no rows: no horizon of {_length(spec.horizon)} is over yet"
    fix = f"`{spec.source}` spans {days:,} days; a row is there once its outcome is known"
    if hull.end - hull.start > spec.horizon:
        what = f"{node.id} has no rows: nobody is observed whose horizon is over"
        fix = "see who is, in `observe:`"
    return (Issue(code="W013", what=what, place=spec.place_of("horizon"), fix=fix),)


def _length(horizon: timedelta) -> str:
    hours = horizon // timedelta(hours=1)
    return f"{horizon.days:,} days" if hours % 24 == 0 else f"{hours:,} hours"
