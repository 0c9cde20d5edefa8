"""The kind `source`: where data come from, and what they promise."""

from __future__ import annotations

from headwater.graph.node import Node
from headwater.kinds.kind import (
    Kind,
    main_place,
    no_query,
    no_references,
    nothing_to_validate,
    plain_sql_issue,
)
from headwater.kinds.source.bind import bind
from headwater.kinds.source.read import SOURCE_READER
from headwater.plan.steps import Load, Query
from headwater.run.context import Promises, RunContext, StepResult


def _execute(step: Load | Query, node: Node, context: RunContext) -> StepResult:
    from headwater.kinds.source.load import execute

    return execute(step, node, context)


def _promises(node: Node) -> Promises:
    from headwater.kinds.source.load import promises

    return promises(node)


SOURCE = Kind(
    name="source",
    reader=SOURCE_READER,
    is_relation=True,
    references=no_references,
    mention=main_place,
    query=no_query,
    sql_issue=plain_sql_issue,
    bind=bind,
    execute=_execute,
    promises=_promises,
    validate=nothing_to_validate,
)
