"""What commands ask of an open project, beyond what it answers itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headwater.ids import NodeId
    from headwater.project import Project
    from headwater.summaries import NodeFacts


def project_facts(project: Project) -> dict[NodeId, NodeFacts]:
    """The facts of every node on disk, with what the environment publishes of it."""
    from headwater.releasing import edited_nodes
    from headwater.summaries import node_facts

    edited = frozenset(edited_nodes(project.workspace, project.bound, project.environment))
    return node_facts(project.bound.graph, project.view, edited)


def released_functions(project: Project) -> tuple[str, ...]:
    """The SQL functions that the environment's release defines."""
    from headwater.definitions.loader import load
    from headwater.definitions.tree import Tree

    tree = project.view.tree()
    if tree is None:
        return ()
    files = {path: text for path, text in tree.files.items() if path.startswith("functions/")}
    return load(Tree.from_blobs(files), ()).functions if files else ()
