"""Publishing: all that a run prepared becomes visible in one transaction, or nothing does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headwater.ids import NodeId
from headwater.ledger import DefinitionRecord, InputKey, Note, Publication, Release, ReleaseSort
from headwater.plan.state import State
from headwater.run.context import RunContext
from headwater.run.loop import Prepared


def publish(
    prepared: Prepared,
    context: RunContext,
    *,
    sort: ReleaseSort,
    expected: int | None,
    base: int | None,
    tree: str | None = None,
    definitions: Mapping[NodeId, DefinitionRecord | None] | None = None,
    reason: str = "",
    taken: Mapping[NodeId, str] | None = None,
    unbarred: Sequence[InputKey] = (),
    notes: Sequence[Note] = (),
) -> Release | None:
    """Sync the new data files, then swap the environment's pointer; None where nothing changed.

    `taken` are states of another environment, by the ids that the ledger has for them. Raises
    `Conflict` where somebody else published first; what was built stays in the ledger, so
    that the next run takes it again.
    """
    changed = dict(definitions or {})
    states: dict[NodeId, State | str | None] = {**(taken or {}), **prepared.states}
    states |= {node: None for node, record in changed.items() if record is None}
    if not (states or changed or unbarred or tree):
        return None
    context.lake.sync(_new_files(prepared))
    release = context.ledger.publish(
        Publication(
            environment=context.environment,
            expected=expected,
            base=base,
            at=context.clock.now,
            author=context.author,
            sort=sort,
            reason=reason,
            run=context.run,
            tree=tree,
            definitions=changed,
            states=states,
            builds=prepared.builds,
            unbarred=tuple(unbarred),
            notes=tuple(notes),
        )
    )
    context.lake.write_epoch(context.ledger.epoch)
    return release


def _new_files(prepared: Prepared) -> list[str]:
    """Every file that a changed state holds and that this run wrote."""
    made = {build.id for build in prepared.builds}
    return sorted(
        {
            file.path
            for state in prepared.states.values()
            for file in state.files
            if file.build in made
        }
        | {file.path for build in prepared.builds for file in build.files}
    )
