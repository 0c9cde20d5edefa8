"""A release as the run loop would see it: its graph, its states, a context to build in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.graph.node import Node
from headwater.project.binding import Bound
from headwater.project.release_view import ReleaseView
from headwater.project.releasing import released_bound
from headwater.run.context import RunContext

if TYPE_CHECKING:
    from headwater.project import Project


@dataclass(frozen=True, kw_only=True)
class PublishedProject:
    """What an environment shows, bound by the definitions that it runs."""

    view: ReleaseView
    bound: Bound
    context: RunContext

    def nodes(self, project: Project, select: Sequence[str], exclude: Sequence[str]) -> list[Node]:
        """The selected nodes that are published, upstream first."""
        chosen = project.select(select, exclude) if select or exclude else None
        return [
            node
            for node in self.bound.graph.nodes.values()
            if node.id in self.view.states and (chosen is None or node.id in chosen)
        ]


def read_published(project: Project, run: str) -> PublishedProject | None:
    """What the project's environment shows; None where nothing is published yet."""
    workspace, view = project.workspace, project.view
    if view.release is None:
        return None
    bound = released_bound(workspace, project.bound, view)
    context = RunContext(
        root=workspace.root,
        tree_root=bound.folder,
        graph=bound.graph,
        clock=workspace.clock,
        engine=workspace.engine,
        lake=workspace.lake,
        ledger=workspace.ledger,
        run=run,
        environment=project.environment,
        author=workspace.author,
        functions=bound.functions,
        states=dict(view.states),
    )
    return PublishedProject(view=view, bound=bound, context=context)
