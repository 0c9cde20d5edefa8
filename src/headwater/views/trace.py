"""A trace on the page: a tree from the node asked about down to files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headwater.ids import ALL_TIME
from headwater.plan.reasons import days_text
from headwater.project.metrics.sides import DERIVED
from headwater.views.figures import count
from headwater.views.layout import Cell
from headwater.views.plain import plain
from headwater.views.traced_value import print_value

if TYPE_CHECKING:
    from headwater.project import Project
    from headwater.project.tracing import Trace, TracedNode
    from headwater.views.page import Page

_MOST_DELIVERIES = 5


def print_trace(project: Project, trace: Trace, page: Page, *, sql: bool = False) -> None:
    """Each node below what reads it; then the lineage of the column, if one was asked for."""
    tree = project.view.tree() if sql else None
    if trace.target.kind == "metric":
        print_value(project, trace, page)
    for node in shown_nodes(trace):
        _print_node(project, node, page)
        if tree is not None and node.body.path in tree.files and node.body.path.endswith(".sql"):
            for line in tree.files[node.body.path].rstrip().splitlines():
                page.line("  " * node.depth + "    ", Cell(line, "quiet"))
    if trace.lineage:
        page.line(Cell("column", "strong"))
        page.rows(
            (
                "  " * step.depth + f"{step.node}.{step.column}",
                "unchanged" if step.unchanged else ("" if not step.reads else "computed"),
                "from " + ", ".join(map(str, step.reads)) if step.reads else "delivered",
                Cell(_shape(step.shaped_by), "quiet"),
            )
            for step in trace.lineage
        )


def _shape(refs: tuple[object, ...]) -> str:
    return "rows decided by " + ", ".join(map(str, refs)) if refs else ""


def _print_node(project: Project, node: TracedNode, page: Page) -> None:
    zone = project.workspace.zone
    branch = "" if node.depth == 0 else "  " * (node.depth - 1) + "└ "
    days = "" if node.span == ALL_TIME else f" {days_text(node.span, zone)}"
    path = node.body.path + f"@{node.definition[:7]}" if node.body.path else ""
    facts = [count(node.rows, "row"), *_build_facts(node), path, *_rule_facts(node)]
    page.line(
        Cell(branch, "quiet"),
        Cell(f"{node.node}{days}", "strong"),
        "   " + " · ".join(fact for fact in facts if fact),
    )
    margin = "  " * node.depth + "  "
    for traced in node.deliveries[:_MOST_DELIVERIES]:
        delivery = traced.delivery
        rows = f"{count(traced.published)} of {count(traced.rows, 'row')}"
        stale = " · stale: the last good load" if delivery.stale else ""
        page.line(
            margin,
            f"{delivery.name} sha256 {delivery.sha256[:12]} · load {delivery.load_id}",
            f" · {rows}{stale}",
        )
    more = len(node.deliveries) - _MOST_DELIVERIES
    if more > 0:
        rest = node.deliveries[_MOST_DELIVERIES:]
        rows = (
            f"{count(sum(t.published for t in rest))} of {count(sum(t.rows for t in rest), 'row')}"
        )
        page.line(margin, f"… {count(more)} more · {rows} (`--json` lists all)")
    for outcome in node.breaches:
        page.line(
            margin,
            Cell("! ", "warning"),
            outcome.text or f"{outcome.rule}: {count(outcome.failed_rows, 'row')}",
            Cell(f" ({outcome.severity})", "quiet"),
        )


def _build_facts(node: TracedNode) -> list[str]:
    """The build, or how many there are; and the releases that first showed them."""
    if not node.builds:
        return []
    releases = sorted({t.release for t in node.builds if t.release is not None})
    shown = f"release #{releases[0]}" if releases else "not released"
    if len(releases) > 1:
        shown = f"releases #{releases[0]}..#{releases[-1]}"
    if len(node.builds) > 1:
        return [count(len(node.builds), "build"), shown]
    return [f"build {node.builds[0].build.id}", shown]


def _rule_facts(node: TracedNode) -> list[str]:
    rules = {outcome.rule for outcome in node.outcomes}
    if not rules:
        return []
    return [f"{count(len(rules), 'rule')}, {count(len(node.breaches), 'breach', 'breaches')}"]


def shown_nodes(trace: Trace) -> tuple[TracedNode, ...]:
    """All nodes; beneath a metric neither metrics nor rollups, which only keep what others say."""
    if trace.target.kind != "metric":
        return trace.nodes
    kept = [node for node in trace.nodes if node.node.kind not in DERIVED]
    top = min((node.depth for node in kept), default=1) - 1
    return tuple(replace(node, depth=node.depth - top) for node in kept)


def trace_data(trace: Trace) -> dict[str, Any]:
    """A trace for machines."""
    return {
        "target": str(trace.target),
        "release": trace.release,
        "at": plain(trace.at),
        "nodes": [_node_data(node) for node in trace.nodes],
        "lineage": plain(trace.lineage),
        **({"value": plain(trace.value)} if trace.value is not None else {}),
    }


def _node_data(node: TracedNode) -> dict[str, Any]:
    return {
        "node": str(node.node),
        "depth": node.depth,
        "path": node.body.path,
        "definition": node.definition,
        "owner": node.body.owner,
        "interval": plain(node.span),
        "rows": node.rows,
        "columns": list(node.columns),
        "builds": [
            {
                "id": traced.build.id,
                "release": traced.release,
                "run": traced.build.run,
                "reason": traced.build.reason,
                "interval": plain(traced.build.interval),
                "rows": traced.build.rows,
                "started_at": plain(traced.build.started_at),
                "input_key": traced.build.input_key,
                "files": [file.path for file in traced.build.files],
                "rules": plain(traced.build.outcomes),
            }
            for traced in node.builds
        ],
        "deliveries": plain(node.deliveries),
    }
