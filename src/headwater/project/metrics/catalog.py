"""The semantic model of a release: its metrics, the tables they count, the rollups it keeps."""

from __future__ import annotations

from headwater.ids import NodeId
from headwater.kinds.metric.definition import MetricDefinition, RollupDefinition
from headwater.kinds.metric.project import calendar_of
from headwater.project.binding import Bound
from headwater.project.release_view import ReleaseView
from headwater.semantics.catalog import Catalog, Dataset


def release_catalog(bound: Bound, view: ReleaseView) -> Catalog:
    """What a question to a release is compiled against; `bound` are the release's definitions.

    A rollup that the release has not built yet is left out.
    """
    nodes = bound.graph.nodes.values()
    definitions = [node.definition for node in nodes]
    rows = {node: state.row_count for node, state in view.states.items()}
    rollups = {
        d.rollup.name: (d.rollup, rows[d.id])
        for d in definitions
        if isinstance(d, RollupDefinition) and d.id in rows
    }
    return Catalog(
        metrics={
            name: part
            for d in definitions
            if isinstance(d, MetricDefinition)
            for name, part in d.parts.items()
        },
        datasets={
            node.id.name: Dataset.of(node.id.name, node, rows.get(node.id))
            for node in nodes
            if node.is_relation
        },
        calendar=calendar_of(bound.loaded.settings),
        rollups=tuple(rollup for rollup, _ in rollups.values()),
        rollup_rows={name: count for name, (_, count) in rollups.items()},
        functions=bound.functions,
    )


def metric_nodes(bound: Bound) -> dict[str, NodeId]:
    """The metrics that the release defines, by name."""
    return {node.name: node for node in bound.graph.nodes if node.kind == "metric"}
