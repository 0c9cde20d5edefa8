"""The kinds `training_set`, `model` and `scores`: all three come from a model's file."""

from __future__ import annotations

from headwater.graph.node import Node
from headwater.kinds.kind import Kind, no_promises, no_query, nothing_to_validate, plain_sql_issue
from headwater.kinds.model import bind
from headwater.kinds.model.promises import score_promises
from headwater.kinds.model.read import MODEL_FILES, NO_SCORE_FILES, NO_TRAINING_FILES
from headwater.plan.steps import Load, Query
from headwater.run.context import RunContext, StepResult


def _execute_training_set(step: Load | Query, node: Node, context: RunContext) -> StepResult:
    from headwater.kinds.model.rows import execute

    return execute(step, node, context)


def _execute_model(step: Load | Query, node: Node, context: RunContext) -> StepResult:
    from headwater.kinds.model.build import execute

    return execute(step, node, context)


def _execute_scores(step: Load | Query, node: Node, context: RunContext) -> StepResult:
    from headwater.kinds.model.scoring import execute

    return execute(step, node, context)


TRAINING_SET = Kind(
    name="training_set",
    reader=NO_TRAINING_FILES,
    is_relation=False,
    references=bind.row_references,
    mention=bind.mention,
    query=no_query,
    sql_issue=plain_sql_issue,
    bind=bind.bind_training_set,
    execute=_execute_training_set,
    promises=no_promises,
    validate=nothing_to_validate,
)
MODEL = Kind(
    name="model",
    reader=MODEL_FILES,
    is_relation=False,
    references=bind.model_references,
    mention=bind.mention,
    query=no_query,
    sql_issue=plain_sql_issue,
    bind=bind.bind_model,
    execute=_execute_model,
    promises=no_promises,
    validate=nothing_to_validate,
)
SCORES = Kind(
    name="scores",
    reader=NO_SCORE_FILES,
    is_relation=True,
    references=bind.row_references,
    mention=bind.mention,
    query=no_query,
    sql_issue=plain_sql_issue,
    bind=bind.bind_scores,
    execute=_execute_scores,
    promises=score_promises,
    validate=nothing_to_validate,
)
