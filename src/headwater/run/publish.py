"""Publishing: all that a run prepared becomes visible in one transaction, or nothing does."""

from __future__ import annotations

from dataclasses import replace

from headwater.ids import NodeId
from headwater.ledger import Publication, Release
from headwater.plan.state import State
from headwater.run.context import RunContext
from headwater.run.loop import Prepared


def publish(prepared: Prepared, context: RunContext, draft: Publication) -> Release | None:
    """Sync the new data files, then swap the environment's pointer; None where nothing changed.

    `draft` says everything but the states and builds that were prepared; states that it names by
    id are taken from another environment. Raises `Conflict` where somebody else published first;
    what was built stays in the ledger, so that the next run takes it again.
    """
    states: dict[NodeId, State | str | None] = {**draft.states, **prepared.states}
    states |= {node: None for node, record in draft.definitions.items() if record is None}
    if not (states or draft.definitions or draft.unbarred or draft.tree):
        return None
    context.lake.sync(prepared.new_files)
    release = context.ledger.publish(replace(draft, states=states, builds=prepared.builds))
    context.lake.write_epoch(context.ledger.epoch)
    return release
