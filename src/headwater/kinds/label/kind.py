"""The kind `label`: what happened to an entity within a horizon, to be foretold by models."""

from __future__ import annotations

from headwater.graph.node import Node
from headwater.kinds.kind import Kind, nothing_to_validate
from headwater.kinds.label import bind
from headwater.kinds.label.read import LABEL_READER
from headwater.plan.steps import Load, Query
from headwater.run.context import Promises, RunContext, StepResult


def _execute(step: Load | Query, node: Node, context: RunContext) -> StepResult:
    from headwater.kinds.label.build import execute

    return execute(step, node, context)


def _promises(node: Node) -> Promises:
    from headwater.kinds.label.build import promises

    return promises(node)


LABEL = Kind(
    name="label",
    reader=LABEL_READER,
    is_relation=True,
    references=bind.references,
    mention=bind.mention,
    query=bind.query,
    sql_issue=bind.sql_issue,
    bind=bind.bind,
    execute=_execute,
    promises=_promises,
    validate=nothing_to_validate,
)
