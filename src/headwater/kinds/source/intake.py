"""Reading what waits at a source into the staging folder; what to do when a vendor is down."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from headwater.graph.node import Node
from headwater.kinds.source.definition import SourceDefinition
from headwater.kinds.source.opening import reader_of
from headwater.kinds.source.readers.model import Known, Landed, LoadStamp
from headwater.kinds.source.redelivery import in_order
from headwater.plan.state import State
from headwater.plan.steps import Load
from headwater.run.context import RunContext, StepResult

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Settings = dict[str, str | bool | int | float | list[str]]

#: Nothing is fetched from anywhere to read a delivery.
SEALED: Settings = {"autoload_known_extensions": "false", "autoinstall_known_extensions": "false"}


def land(
    step: Load, node: Node, state: State, folder: Path, stamp: LoadStamp, context: RunContext
) -> list[Landed]:
    """Every delivery of the step as typed Parquet in the folder, in order.

    Extracts whose content is known already are left out; a stale one stands for its last good load.
    """
    # Readers stream: what they hold at once is bounded, and may spill beside what they write.
    import duckdb

    settings: Settings = {"memory_limit": "2GiB", "temp_directory": str(folder / "spill"), **SEALED}
    with duckdb.connect(config=settings) as connection:
        return _land(step, node, state, folder, stamp, context, connection)


def _land(
    step: Load,
    node: Node,
    state: State,
    folder: Path,
    stamp: LoadStamp,
    context: RunContext,
    connection: DuckDBPyConnection,
) -> list[Landed]:
    reader = reader_of(node, context)
    known = {d.name: d.sha256 for d in state.deliveries}
    builds = context.ledger.builds({d.load_id for d in state.deliveries if not d.stale})
    last_good = max((build.started_at for build in builds.values()), default=None)
    found = reader.discover(Known(deliveries=known, cursor=state.cursor, loaded_at=last_good))
    wanted = [d for d in found.new if not step.deliveries or d.name in step.deliveries]
    definition = cast("SourceDefinition", node.definition)
    landed = reader.land(in_order(wanted, definition.order), folder, stamp, connection)
    return [
        one
        for one in landed
        if one.refused or one.stale or one.delivery.sha256 != known.get(one.delivery.name)
    ]


def stay_stale(state: State, landed: list[Landed]) -> StepResult | None:
    """The last good load, marked stale, where a vendor is down; None where nothing is stale."""
    stale = [one for one in landed if one.stale]
    if not stale:
        return None
    issues = tuple(issue for one in stale for issue in one.issues)
    notes = tuple(f"{one.delivery.name} is stale: its vendor is down" for one in stale)
    marked = tuple(replace(d, stale=True) for d in state.deliveries)
    unchanged = all(d.stale for d in state.deliveries)
    return StepResult(
        state=state if unchanged else replace(state, deliveries=marked),
        identical=True,
        issues=issues,
        notes=notes,
    )
