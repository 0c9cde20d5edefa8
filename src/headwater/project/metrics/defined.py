"""The metrics that a release defines, as their files say: read, and not bound."""

from __future__ import annotations

from collections.abc import Mapping

from headwater.definitions.loader import load
from headwater.kinds.metric.definition import MetricDefinition
from headwater.project.release_view import ReleaseView
from headwater.project.workspace import Workspace
from headwater.registry import KINDS
from headwater.semantics.metric import Metric


def defined_metrics(workspace: Workspace, view: ReleaseView) -> Mapping[str, Metric]:
    """Name → metric; nothing where nothing is released."""
    tree = view.tree()
    if tree is None or not any(node.kind == "metric" for node in view.definitions):
        return {}
    cache = workspace.state_folder / "cache" / "definitions.db"
    loaded = load(tree, [kind.reader for kind in KINDS], cache)
    return {
        definition.id.name: definition.metric
        for definition in loaded.definitions.values()
        if isinstance(definition, MetricDefinition)
    }
