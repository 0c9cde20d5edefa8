"""The kind `source`: where data come from, and what they promise."""

from __future__ import annotations

from collections.abc import Mapping

from headwater.errors import Place
from headwater.kinds.kind import Kind, no_query, nothing_to_validate, plain_sql_issue
from headwater.kinds.source.bind import bind
from headwater.kinds.source.definition import SourceDefinition
from headwater.kinds.source.read import SOURCE_READER
from headwater.plan.steps import Load, Query
from headwater.graph.node import Node
from headwater.run.context import Promises, RunContext, StepResult


def _references(definition: SourceDefinition) -> Mapping[str, Place]:
    del definition
    return {}


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
    references=_references,
    query=no_query,
    sql_issue=plain_sql_issue,
    bind=bind,
    execute=_execute,
    promises=_promises,
    validate=nothing_to_validate,
)
