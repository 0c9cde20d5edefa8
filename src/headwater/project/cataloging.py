"""`catalog.duckdb` in the lake: what `prod` shows, for any tool that reads DuckDB."""

from __future__ import annotations

from headwater.errors import HeadwaterError, Issue
from headwater.graph.graph import Graph
from headwater.graph.node import Node
from headwater.lake import CatalogTable, write_catalog
from headwater.ledger import Release
from headwater.plan.state import State, schema_digest
from headwater.project.release_view import ReleaseView
from headwater.project.workspace import Workspace


def catalog_release(workspace: Workspace, release: Release, graph: Graph) -> Issue | None:
    """Write the catalog of a release; why not, where it could not be (W764).

    A release stands without its catalog, so nothing is raised.
    """
    view = ReleaseView.of(workspace.ledger, release)
    tables = {
        node.name: _table(workspace, graph.nodes[node], state)
        for node, state in view.states.items()
        # Readers of a changelog see its latest rows; a view of the files would show every change.
        if node in graph.nodes and graph.nodes[node].latest is None
    }
    try:
        write_catalog(workspace.lake.root, release.number, tables)
    except HeadwaterError as error:
        return error.issues[0]
    return None


def _table(workspace: Workspace, node: Node, state: State) -> CatalogTable:
    files = state.part("rows")
    schema = state.schema or node.schema
    return CatalogTable(
        schema=schema,
        files=tuple(workspace.lake.absolute(file.path) for file in files),
        uniform=all(file.schema == schema_digest(schema) for file in files),
    )
