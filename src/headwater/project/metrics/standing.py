"""What a reader must know of a metric beside its value: approved, up to date, restated."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from headwater.graph.graph import Graph
from headwater.ids import NodeId
from headwater.ledger.marks import Mark
from headwater.project.metrics.approving import approvals_of
from headwater.project.metrics.restating import last_restatements
from headwater.project.recording import Trouble, trouble_of
from headwater.project.release_view import ReleaseView
from headwater.semantics.asking import Standing


class Standings:
    """The standing of every metric of a release, as new as the ledger; safe in many threads.

    Approvals and runs that hold something come without a release, so they are read anew for each
    mark of the ledger. `newest` tells it; without, the ledger is asked each time.
    """

    def __init__(
        self,
        view: ReleaseView,
        graph: Graph,
        environment: str,
        data_until: Callable[[], Mapping[str, datetime | None]],
        newest: Callable[[], Mark] | None = None,
    ) -> None:
        self._view, self._graph, self._environment = view, graph, environment
        self._data_until = data_until
        self._newest = newest or (lambda: view.ledger.mark(environment))
        self._lock = threading.Lock()
        self._mark: Mark | None = None
        self._known: Mapping[str, Standing] = {}

    def now(self) -> Mapping[str, Standing]:
        """Metric → standing."""
        mark = replace(self._newest(), running=0)  # a run that only began changed nothing
        with self._lock:
            if mark != self._mark:
                self._known = standings(
                    self._view, self._graph, self._environment, self._data_until()
                )
                self._mark = mark
            return self._known


def standings(
    view: ReleaseView, graph: Graph, environment: str, data_until: Mapping[str, datetime | None]
) -> dict[str, Standing]:
    """The standing of each metric of a release; `data_until` names the metrics."""
    approvals = approvals_of(view)
    number = view.release.number if view.release is not None else 0
    restated = last_restatements(view.ledger, number)
    trouble = trouble_of(view.ledger, environment)
    found: dict[str, Standing] = {}
    for metric, until in data_until.items():
        node = graph.nodes[NodeId("metric", metric)]
        approval, change = approvals.get(metric), restated.get(metric)
        found[metric] = Standing(
            metric=metric,
            approved_by=approval.by if approval is not None else "",
            approved_at=approval.at if approval is not None else None,
            meaning=node.meaning,
            data_until=until,
            stale_because=_stale_because(node.id, graph, trouble),
            restated=change.periods if change is not None else 0,
            restated_at=change.at if change is not None else None,
        )
    return found


def _stale_because(node: NodeId, graph: Graph, trouble: Mapping[NodeId, Trouble]) -> str:
    """Why a node is not up to date; empty where it is."""
    for each in (node, *sorted(graph.upstream([node]))):
        found = trouble.get(each)
        if found is None or found.status == "waiting":
            continue
        told = next((issue for issue in found.issues if str(each) in issue), "")
        since = f"since {found.since:%Y-%m-%d %H:%M}"
        return f"{each} is {found.status} {since}" + (f": {told}" if told else "")
    return ""


def stale_notes(metrics: Iterable[str], standings: Mapping[str, Standing]) -> Iterator[str]:
    """What readers of some metrics must know: a line for each cause, with the metrics it holds."""
    held: dict[str, list[str]] = {}
    for name in metrics:
        standing = standings.get(name)
        if standing is not None and standing.stale_because:
            held.setdefault(standing.stale_because, []).append(name)
    for cause, names in held.items():
        *others, last = names
        named = f"{', '.join(others)} and {last} are" if others else f"{last} is"
        yield f"{named} stale: {cause}"
