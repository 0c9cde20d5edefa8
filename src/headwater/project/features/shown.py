"""What is needed to compute features over a release: its graph and states, as a step has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.errors import UsageError
from headwater.graph.node import Node
from headwater.ids import NodeId
from headwater.project.releasing import bind_released
from headwater.run.context import RunContext

if TYPE_CHECKING:
    import pyarrow as pa

    from headwater.project import Project
    from headwater.project.binding import Bound


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureRows:
    """Rows with features, held as an Arrow table."""

    table: pa.Table
    types: tuple[str, ...]  # of DuckDB

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.table.column_names)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def arrow_reader(self) -> pa.RecordBatchReader:
        """The rows in batches."""
        return self.table.to_reader()


def released(project: Project) -> Bound:
    """The definitions of the release that the environment shows; without one, those on disk."""
    view = project.published
    if view.release is None or view.release.tree == project.bound.tree_digest:
        return project.bound
    return view.once("features", lambda: bind_released(project.workspace, view))


def find_node(
    project: Project, node: NodeId, unknown: Callable[[Bound], UsageError]
) -> tuple[Node, Bound]:
    """A node of the release, or one on disk that was never released; raises what `unknown` says."""
    for bound in (released(project), project.bound):
        if node in bound.graph.nodes:
            return bound.graph.nodes[node], bound
    raise unknown(project.bound)


def context_of(project: Project, bound: Bound) -> RunContext:
    """The world that a step would have; nothing is written in it."""
    workspace = project.workspace
    return RunContext(
        root=workspace.root,
        tree_root=bound.folder,
        graph=bound.graph,
        clock=workspace.clock,
        engine=workspace.engine,
        lake=workspace.lake,
        ledger=workspace.ledger,
        run="",
        environment=project.environment,
        author=workspace.author,
        functions=bound.functions,
        states=dict(project.published.states),
    )
