"""Which pages there are, and the address of each node's."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from headwater.ids import NodeId


@dataclass(frozen=True, slots=True)
class Entry:
    """A page that the navigation leads to; left out as long as no route has its address."""

    title: str
    url: str


NAVIGATION: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "",
        (
            Entry("Home", "/"),
            Entry("Dashboards", "/dashboards"),
            Entry("Metrics", "/metrics"),
            Entry("Models", "/models"),
            Entry("Reports", "/reports"),
            Entry("Queries", "/queries"),
        ),
    ),
    (
        "Know",
        (
            Entry("Catalogue", "/catalogue"),
            Entry("Glossary", "/glossary"),
            Entry("Lineage", "/lineage"),
        ),
    ),
    (
        "Operate",
        (
            Entry("Runs", "/runs"),
            Entry("Releases", "/releases"),
            Entry("Restatements", "/restatements"),
            Entry("Quarantine", "/quarantine"),
            Entry("Schedule", "/schedule"),
        ),
    ),
)

_FOLDERS = {
    "table": "tables",
    "source": "sources",
    "metric": "metrics",
    "rollup": "rollups",
    "dashboard": "dashboards",
    "query": "queries",
    "report": "reports",
    "model": "models",
    "feature_view": "features",
    "label": "labels",
    "training_set": "training-sets",
    "scores": "scores",
}


def node_url(node: NodeId) -> str:
    """The address of a node's page.

    >>> node_url(NodeId("table", "sales"))
    '/tables/sales'
    """
    return f"/{_FOLDERS.get(node.kind, 'nodes')}/{quote(node.name, safe='')}"
