"""Whether the data files of a source can still be read, to the last value."""

from __future__ import annotations

from headwater.engines.codes import DATA_FILE_BROKEN
from headwater.errors import HeadwaterError
from headwater.graph.node import Node
from headwater.kinds.source.bind import META
from headwater.plan.state import State
from headwater.run.context import RunContext
from headwater.run.states import absolute


def is_damaged(node: Node, state: State, context: RunContext) -> bool:
    """Whether a file is missing, was cut, or holds a page that cannot be decoded."""
    if any(context.lake.verify(file) is not None for file in state.files):
        return True
    with context.engine.session() as session:
        try:
            session.day_digests(absolute(state.files, context), schema=(*node.schema, *META))
        except HeadwaterError as error:
            if any(issue.code != DATA_FILE_BROKEN for issue in error.issues):
                raise
            return True
    return False
