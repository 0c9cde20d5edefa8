"""The kind `metric`, a number with one meaning; and `rollup`, what is kept to answer quickly."""

from __future__ import annotations

from headwater.graph.node import Node
from headwater.kinds.kind import Kind, no_promises, nothing_to_validate, plain_sql_issue
from headwater.kinds.metric import bind, rollups
from headwater.kinds.metric.read import METRIC_FILES, NO_FILES
from headwater.plan.steps import Load, Query
from headwater.run.context import RunContext, StepResult


def _execute(step: Load | Query, node: Node, context: RunContext) -> StepResult:
    from headwater.kinds.metric.build import execute

    return execute(step, node, context)


METRIC = Kind(
    name="metric",
    reader=METRIC_FILES,
    is_relation=False,
    references=bind.references,
    mention=bind.mention,
    query=bind.query,
    sql_issue=bind.sql_issue,
    bind=bind.bind,
    execute=_execute,
    promises=no_promises,
    validate=nothing_to_validate,
)
ROLLUP = Kind(
    name="rollup",
    reader=NO_FILES,
    is_relation=False,
    references=rollups.references,
    mention=rollups.mention,
    query=rollups.query,
    sql_issue=plain_sql_issue,
    bind=rollups.bind,
    execute=_execute,
    promises=no_promises,
    validate=nothing_to_validate,
)
