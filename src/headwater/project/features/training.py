"""The rows that a model learns from: those of the release, or computed where there are none yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from headwater.contracts.quoting import quote, quote_all
from headwater.errors import Issue, UsageError, did_you_mean
from headwater.features.model import AS_OF
from headwater.graph.node import Node
from headwater.ids import NodeId
from headwater.kinds.model.definition import TrainingSetDefinition
from headwater.kinds.model.rows import bind_labels, bind_views, make_rows
from headwater.project.features.shown import FeatureRows, context_of, find_node
from headwater.project.reading import ReadingSession
from headwater.run.context import RunContext
from headwater.run.query import relation_of

if TYPE_CHECKING:
    from headwater.project import Project
    from headwater.project.binding import Bound

_ROWS = "#rows"


def training_set(project: Project, model: str) -> FeatureRows:
    """Keys, `at`, `day`, `label` and the features of a model's rows, by moment and key.

    Those on which the released model was trained; of a model that was never run, what it would be
    trained on now. Code E019.
    """
    name = model.removeprefix("model.").removeprefix("training_set.")

    def unknown(bound: Bound) -> UsageError:
        known = [node.name for node in bound.graph.nodes if node.kind == "model"]
        fix = did_you_mean(name, known, "`headwater ls kind:model` lists all")
        return _wrong(f"unknown model `{name}`", fix)

    node, bound = find_node(project, NodeId("training_set", name), unknown)
    context = context_of(project, bound)
    with context.engine.session() as opened:
        session = cast("ReadingSession", opened)
        state = context.states.get(node.id)
        if state is not None and state.segments:
            session.bind_inputs([relation_of(_ROWS, node, context)])
        else:
            _compute(session, node, context)
        order = quote_all((AS_OF, *(key for key in node.key if key != AS_OF)))
        columns = quote_all(node.column_names)
        table = session.fetch_arrow(f"SELECT {columns} FROM {quote(_ROWS)} ORDER BY {order}")
        return FeatureRows(table=table, types=tuple(kind for _, kind in node.schema))


def _compute(session: ReadingSession, node: Node, context: RunContext) -> None:
    """Make the rows as a run would. Code E019 where the label was never built."""
    definition = cast("TrainingSetDefinition", node.definition)
    label = node.inputs[0].node
    if label not in context.states:
        what = f"`{label}` was never built, so there are no rows yet"
        raise _wrong(what, f"`headwater run {label}`")
    session.bind_inputs([], context.functions)
    bind_labels(node, session, context)
    views = bind_views(definition.inputs, node, session, context)
    make_rows(session, views, context, into=_ROWS)


def _wrong(what: str, fix: str) -> UsageError:
    return UsageError(Issue(code="E019", what=what, fix=fix))
