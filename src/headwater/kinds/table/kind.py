"""The kind `table`: one SELECT, or one Python function, and what holds for its rows."""

from __future__ import annotations

from headwater.graph.node import Node
from headwater.kinds.kind import Kind, nothing_to_validate
from headwater.kinds.table.bind import bind, query, sql_issue
from headwater.kinds.table.inputs import mention, references
from headwater.kinds.table.read import TABLE_READER
from headwater.plan.steps import Load, Query
from headwater.run.context import Promises, RunContext, StepResult


def _execute(step: Load | Query, node: Node, context: RunContext) -> StepResult:
    from headwater.kinds.table.build import execute

    return execute(step, node, context)


def _promises(node: Node) -> Promises:
    from headwater.kinds.table.build import promises

    return promises(node)


TABLE = Kind(
    name="table",
    reader=TABLE_READER,
    is_relation=True,
    references=references,
    mention=mention,
    query=query,
    sql_issue=sql_issue,
    bind=bind,
    execute=_execute,
    promises=_promises,
    validate=nothing_to_validate,
)
