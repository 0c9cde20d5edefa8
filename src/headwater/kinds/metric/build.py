"""How the rows of a metric's history, and those of a rollup, are made."""

from __future__ import annotations

from typing import cast

from headwater.engines.protocol import Session, Written
from headwater.graph.node import Node
from headwater.kinds.metric.compiling import compile_history, compile_rollup
from headwater.kinds.metric.definition import MetricDefinition, RollupDefinition
from headwater.plan.steps import Load, Query
from headwater.run.context import Promises, RunContext, StepResult
from headwater.run.query import execute_query, input_relations


def execute(step: Load | Query, node: Node, context: RunContext) -> StepResult:
    """Build a metric's history, or one interval of a rollup."""
    assert isinstance(step, Query)
    return execute_query(step, node, context, Promises(), produce)


def produce(
    step: Query, node: Node, build: str, session: Session, context: RunContext
) -> tuple[Written, ...]:
    """Write the rows as data files."""
    relations = input_relations(step, node, context)
    session.bind_inputs([each for each in relations if "." not in each.name], context.functions)
    return session.write_query(
        _sql(node, context),
        schema=node.schema,
        time=node.time,
        keep=step.interval if node.time else None,
        target=context.target(node.id, build),
        place=node.definition.place,
    )


def _sql(node: Node, context: RunContext) -> str:
    """The very SQL that was bound: over the same nodes."""
    definition = cast("MetricDefinition | RollupDefinition", node.definition)
    nodes = context.graph.nodes.values()
    tables = {each.id.name: each for each in nodes if each.is_relation}
    if isinstance(definition, RollupDefinition):
        return compile_rollup(definition, tables)
    rollups = {str(each.id): each for each in nodes if each.id.kind == "rollup"}
    return compile_history(definition, tables | rollups).sql
