"""Nodes on the screen: a list of many, or all about one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.cli.layout import Cell
from headwater.figures import count, size, span

if TYPE_CHECKING:
    from headwater.cli.screen import Screen
    from headwater.project import Project
    from headwater.summaries import NodeFacts


def print_nodes(project: Project, found: Sequence[NodeFacts], screen: Screen) -> None:
    """One line a node."""
    zone = project.workspace.zone
    screen.rows(
        (
            str(facts.node),
            Cell("not built" if facts.rows is None else count(facts.rows, "row"), right=True),
            "" if facts.rows is None else span(facts.intervals, zone),
            facts.owner or Cell("no owner", "quiet"),
            Cell(facts.path, "place"),
            Cell("edited", "warning") if facts.edited else "",
        )
        for facts in found
    )
    screen.line(count(len(found), "node"))


def print_node(project: Project, facts: NodeFacts, screen: Screen) -> None:
    """Everything about one node."""
    title = f" · {facts.title}" if facts.title else ""
    screen.line(Cell(str(facts.node), "strong"), title, " · ", Cell(facts.path, "place"))
    for line in facts.description.splitlines():
        screen.line(f"  {line}")
    screen.rows(_attributes(project, facts), indent=2, gap=2)
    screen.line(Cell("columns", "strong"))
    screen.rows(
        (
            column.name,
            Cell(column.type, "quiet"),
            column.description + (f" (masked: {column.masked})" if column.masked else ""),
            Cell(f"from {column.origin}" if column.origin else "", "quiet"),
        )
        for column in facts.columns
    )
    if facts.rules:
        screen.line(Cell("rules", "strong"))
        for rule in facts.rules:
            screen.line(f"  {rule}")


def _attributes(project: Project, facts: NodeFacts) -> list[tuple[Cell, str]]:
    published = "nothing yet"
    if facts.rows is not None:
        release = project.view.release
        at = f", release #{release.number}" if release is not None else ""
        days = span(facts.intervals, project.workspace.zone)
        files = f"{count(facts.files, 'file')}, {size(facts.bytes)}"
        published = f"{count(facts.rows, 'row')} · {days} · {files}{at}"
    pairs = [
        ("published", published),
        ("owner", facts.owner or "none"),
        ("tags", ", ".join(facts.tags)),
        ("time", facts.time or ""),
        ("key", ", ".join(facts.key)),
        ("reads", ", ".join(map(str, facts.parents))),
        ("read by", ", ".join(map(str, facts.children))),
        ("edited", "the definition on disk is not released" if facts.edited else ""),
    ]
    return [(Cell(word, "quiet"), text) for word, text in pairs if text]
