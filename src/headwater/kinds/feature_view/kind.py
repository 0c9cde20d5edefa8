"""The kind `feature_view`: what is known of each entity at the end of each period."""

from __future__ import annotations

from headwater.graph.node import Node
from headwater.kinds.feature_view import bind
from headwater.kinds.feature_view.read import FEATURE_VIEW_READER
from headwater.kinds.kind import Kind, nothing_to_validate
from headwater.plan.steps import Load, Query
from headwater.run.context import Promises, RunContext, StepResult


def _execute(step: Load | Query, node: Node, context: RunContext) -> StepResult:
    from headwater.kinds.feature_view.build import execute

    return execute(step, node, context)


def _promises(node: Node) -> Promises:
    from headwater.kinds.feature_view.build import promises

    return promises(node)


FEATURE_VIEW = Kind(
    name="feature_view",
    reader=FEATURE_VIEW_READER,
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
