"""Nodes on the page: a list of many, or all about one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.kinds.feature_view.definition import FeatureViewDefinition
from headwater.kinds.metric.definition import MetricDefinition
from headwater.views.feature_facts import feature_facts
from headwater.views.figures import count, size, span
from headwater.views.layout import Cell
from headwater.views.metric_facts import metric_facts
from headwater.views.queries import print_parameters
from headwater.views.versions import model_facts, score_facts

if TYPE_CHECKING:
    from headwater.project import Project
    from headwater.views.page import Page
    from headwater.views.summaries import NodeFacts


#: Kinds whose columns Headwater gives, and nobody reads.
_OWN_COLUMNS = ("metric", "model")


def print_nodes(project: Project, found: Sequence[NodeFacts], page: Page) -> None:
    """One line a node."""
    zone = project.workspace.zone
    page.rows(
        (
            str(facts.node),
            Cell(_rows(facts), right=True),
            "" if facts.rows is None else span(facts.intervals, zone),
            facts.owner or Cell("no owner", "quiet"),
            Cell(facts.path, "place"),
            Cell("edited", "warning") if facts.edited else "",
        )
        for facts in found
    )
    page.line(count(len(found), "node"))


def _rows(facts: NodeFacts) -> str:
    if not facts.is_built:
        return ""
    return "not built" if facts.rows is None else count(facts.rows, facts.unit)


def print_node(project: Project, facts: NodeFacts, page: Page) -> None:
    """Everything about one node."""
    title = f" · {facts.title}" if facts.title else ""
    page.line(Cell(str(facts.node), "strong"), title, " · ", Cell(facts.path, "place"))
    for line in facts.description.splitlines():
        page.line(f"  {line}")
    page.rows(_attributes(project, facts), indent=2, gap=2)
    print_parameters(project.bound.graph.nodes[facts.node].definition, page)
    if facts.columns and facts.node.kind not in _OWN_COLUMNS:
        page.line(Cell("columns", "strong"))
        page.rows(
            (
                column.name,
                Cell(column.type, "quiet"),
                column.description + (f" (masked: {column.masked})" if column.masked else ""),
                Cell(f"from {column.origin}" if column.origin else "", "quiet"),
            )
            for column in facts.columns
        )
    if facts.rules:
        page.line(Cell("rules", "strong"))
        for rule in facts.rules:
            page.line(f"  {rule}")


def _attributes(project: Project, facts: NodeFacts) -> list[tuple[Cell, str]]:
    published = "nothing yet"
    if facts.rows is not None:
        release = project.view.release
        at = f", release #{release.number}" if release is not None else ""
        days = span(facts.intervals, project.workspace.zone)
        files = f"{count(facts.files, 'file')}, {size(facts.bytes)}"
        published = f"{count(facts.rows, 'row')} · {days} · {files}{at}"
        if facts.node.kind == "model":
            published = f"{count(facts.rows, facts.unit)}, {size(facts.bytes)}{at}"
    definition = project.bound.graph.nodes[facts.node].definition
    metric = definition.metric if isinstance(definition, MetricDefinition) else None
    pairs = [
        *(metric_facts(project, metric) if metric is not None else ()),
        *model_facts(project, definition),
        *score_facts(project, definition),
        *(feature_facts(definition.spec) if isinstance(definition, FeatureViewDefinition) else ()),
        ("published", published if facts.is_built else ""),
        ("owner", facts.owner or "none"),
        ("tags", ", ".join(facts.tags)),
        ("time", facts.time or ""),
        ("key", "" if facts.node.kind == "model" else ", ".join(facts.key)),
        ("reads", ", ".join(map(str, facts.parents))),
        ("read by", ", ".join(map(str, facts.children))),
        ("edited", "the definition on disk is not released" if facts.edited else ""),
    ]
    return [(Cell(word, "quiet"), text) for word, text in pairs if text]
