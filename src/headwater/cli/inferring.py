"""A first contract, from the rows that a source has published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from headwater.contracts.infer import infer_contract
from headwater.contracts.quoting import quote
from headwater.contracts.relation import Relation
from headwater.errors import Issue, Place, UsageError
from headwater.project.reading import read_session

if TYPE_CHECKING:
    from headwater.project import Project


def infer_published(project: Project, source: str) -> str:
    """The YAML text of the contract. Codes E201 nothing is published, E817 no source."""
    from headwater.engines.duckdb.faults import translated

    node = project.node_id(source)
    if node.kind != "source":
        what = f"{node} is no source; a table's promises stand in its header"
        raise UsageError(Issue(code="E817", what=what, fix="`rules:` and `key:` of the header"))
    definition = project.bound.graph.nodes[node].definition
    text = f"select * from {quote(node.name)}"
    with (
        read_session(project.workspace, project.view, text) as reading,
        translated(),
    ):
        return infer_contract(
            reading.session.connection,
            Relation.named(node.name),
            node.name,
            time=project.bound.graph.nodes[node].time,
            owner=definition.described.owner or None,
        )


def write_contract(project: Project, source: str, text: str) -> Path:
    """Write it where the source finds it; nothing is overwritten. Code E812."""
    path = Path("contracts", f"{project.node_id(source).name}.odcs.yaml")
    target = project.workspace.root / path
    if target.exists():
        fix = "without `--write` the new one is printed"
        raise UsageError(
            Issue(code="E812", what="there is a contract already", place=Place(str(path)), fix=fix)
        )
    target.parent.mkdir(exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return path
