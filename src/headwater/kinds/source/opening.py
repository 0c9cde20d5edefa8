"""A source's reader, opened with the types that its contract promises."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from headwater.clock import Clock
from headwater.graph.node import Node, Schema
from headwater.kinds.source.bind import typed_columns
from headwater.kinds.source.definition import InPlaceOrigin, SourceDefinition
from headwater.kinds.source.readers.model import Known, Reader
from headwater.kinds.source.survey import survey
from headwater.plan.state import State
from headwater.plan.steps import Arrivals
from headwater.run.context import RunContext


def open_source(definition: SourceDefinition, root: Path, clock: Clock) -> Reader:
    """The reader of a definition; secrets are resolved when it connects."""
    from headwater.kinds.source.readers import open_reader

    return open_reader(
        definition,
        root=root,
        zone=clock.zone,
        columns=typed_columns(definition.contract),
        clock=clock,
    )


def reader_of(node: Node, context: RunContext) -> Reader:
    """The reader of a node in a run."""
    return open_source(cast("SourceDefinition", node.definition), context.root, context.clock)


def sniff_schema(definition: SourceDefinition, root: Path, clock: Clock) -> Schema:
    """The columns of a source without a contract, read from its data; raises E5xx."""
    columns = open_source(definition, root, clock).schema()
    return tuple((column.name, column.type) for column in columns)


def find_arrivals(
    definition: SourceDefinition,
    state: State | None,
    root: Path,
    clock: Clock,
    *,
    look: bool = False,
) -> Arrivals:
    """What waits at a source beyond what a state has taken in; with `look`, also for which days."""
    deliveries = state.deliveries if state is not None else ()
    known = Known(
        deliveries={d.name: d.sha256 for d in deliveries},
        cursor=state.cursor if state is not None else None,
    )
    found = open_source(definition, root, clock).discover(known)
    new = {delivery.name: delivery.sha256 for delivery in found.new}
    covers = survey(definition, new, root, clock) if look else None
    # What was copied stays when its file goes; what is read in place goes with it.
    gone = found.gone if isinstance(definition.origin, InPlaceOrigin) else ()
    return Arrivals(deliveries=new, gone=gone, covers=covers)
