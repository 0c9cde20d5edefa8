"""How a table's rows of one interval are made: by its SQL as written, or by its function.

Where asked (`previous`, `history`), what was there before is read beside the inputs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

from headwater.clock import local, local_midnight
from headwater.contracts.rules import reference_rule
from headwater.definitions.sqlfile import without_comments
from headwater.engines.protocol import InputRelation, Session, Target, Written
from headwater.graph.node import Node
from headwater.graph.relations import hidden_named
from headwater.ids import ALL_TIME, DataInterval, digest
from headwater.kinds.table.call import write_function
from headwater.kinds.table.definition import TableDefinition
from headwater.kinds.table.history import write_history
from headwater.kinds.table.inputs import PREVIOUS
from headwater.plan.should import input_key
from headwater.plan.state import State
from headwater.plan.steps import Load, Query
from headwater.run.context import Promises, RunContext, StepResult
from headwater.run.query import execute_query, input_relations, relation_of, show_relation


def promises(node: Node) -> Promises:
    """What the header enforces."""
    definition = cast("TableDefinition", node.definition)
    key = definition.key if definition.history is None else ()
    references = tuple(
        reference_rule([c.strip() for c in columns.split(",")], target, (), definition.place)
        for columns, target in definition.references.items()
    )
    return Promises(
        rules=(*definition.rules, *references), key=key, hold=definition.on_breach == "hold"
    )


def execute(step: Load | Query, node: Node, context: RunContext) -> StepResult:
    """Build one interval of a table."""
    assert isinstance(step, Query)
    base = _base(node, context.states.get(node.id))
    held_to = promises(node)
    if step.reason.sort == "late rows":
        limit = cast("TableDefinition", node.definition).late_limit
        held_to = replace(held_to, late_limit=limit)
    return execute_query(step, node, context, held_to, produce, base)


def _base(node: Node, state: State | None) -> str:
    """A history goes on from the ranges that are there."""
    if cast("TableDefinition", node.definition).history is None or state is None:
        return ""
    return digest([input_key(segment.contents) for _, segment in state.segments])


def produce(
    step: Query, node: Node, build: str, session: Session, context: RunContext
) -> tuple[Written, ...]:
    """Write the rows of the interval as data files."""
    session.bind_inputs(inputs_of(step, node, context), context.functions)
    return write_rows(step, node, session, context.target(node.id, build, "rows"), context)


def write_rows(
    step: Query, node: Node, session: Session, target: Target, context: RunContext
) -> tuple[Written, ...]:
    """Write the rows of the interval, made of the inputs that the session shows."""
    definition = cast("TableDefinition", node.definition)
    if definition.python is not None:
        return write_function(definition, step, node, session, target, context)
    if definition.history is not None:
        return write_history(definition, node, session, target, context)
    return session.write_query(
        definition.sql,
        schema=node.schema,
        time=node.time,
        keep=step.interval if node.time else None,
        target=target,
        place=definition.place,
    )


def inputs_of(
    step: Query, node: Node, context: RunContext, *, whole: bool = False
) -> list[InputRelation]:
    """What the table reads for the interval; with `whole`, all of each input."""
    definition = cast("TableDefinition", node.definition)
    text = without_comments(definition.sql).casefold()
    named = frozenset(
        column
        for edge in node.inputs
        if edge.node in context.graph.nodes
        for column, _ in hidden_named(context.graph.nodes[edge.node], text)
    )
    found = input_relations(step, node, context, named)
    if whole:
        found = [
            relation_of(edge.name, context.graph.nodes[edge.node], context, hidden=named)
            for edge in node.inputs
            if edge.mode != "previous"
        ]
    if definition.previous:
        found.append(_previous(step, node, context))
    return found


def _previous(step: Query, node: Node, context: RunContext) -> InputRelation:
    """The table's own rows of the day before the interval; none before the first."""
    definition = cast("TableDefinition", node.definition)
    first = local(step.interval.start, context.clock.zone).date()
    start = local_midnight(first - timedelta(days=1), context.clock.zone)
    span = DataInterval(start, step.interval.start) if node.time else ALL_TIME
    shown = show_relation(PREVIOUS, node, context.states.get(node.id), context, span, frozenset())
    return replace(shown, columns=tuple(definition.previous))
