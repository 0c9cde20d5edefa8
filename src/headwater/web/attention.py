"""What needs somebody: nodes that were held, sources that are late, rows that wait."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from headwater.ids import NodeId
from headwater.kinds.source.definition import SourceDefinition
from headwater.project.recency import measure_freshness
from headwater.views.figures import count
from headwater.web.context import Snapshot
from headwater.web.navigation import node_url

Urgency = Literal["bad", "warn", "quiet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One thing to look at: what is so, why, whose it is, and where to go on."""

    urgency: Urgency
    what: str
    why: str = ""
    owner: str = ""
    node: NodeId | None = None
    url: str = ""
    more: str = ""  # the words of the link


def matters(snapshot: Snapshot) -> list[Matter]:
    """Everything that needs attention, the worst first."""
    found = [*_held(snapshot), *_late(snapshot), *_waiting(snapshot)]
    return sorted(found, key=lambda each: ("bad", "warn", "quiet").index(each.urgency))


def _held(snapshot: Snapshot) -> Iterator[Matter]:
    """What the newest run could not bring up to date, with its issues."""
    issues = _newest_issues(snapshot)
    for node, status in sorted(snapshot.trouble.items()):
        if status == "waiting":
            continue  # the node that it waits for is listed
        held_with = sum(other == "waiting" for other in snapshot.trouble.values())
        why = next((issue for issue in issues if str(node) in issue), "")
        more = f"{count(held_with, 'node')} below stay as they were. " if held_with else ""
        yield Matter(
            urgency="bad",
            what=f"{status} in the newest run; what is published stays",
            why=more + why,
            owner=_owner(snapshot, node),
            node=node,
            url="/runs",
            more="The run",
        )


def _newest_issues(snapshot: Snapshot) -> list[str]:
    for run in snapshot.ledger.runs(snapshot.project.environment, limit=20):
        summary = json.loads(run.summary) if run.summary else {}
        if summary.get("nodes"):
            return list(summary.get("issues", ()))
    return []


def _late(snapshot: Snapshot) -> Iterator[Matter]:
    """Sources that are older than they promise."""
    nodes = snapshot.bound.graph.nodes.values()
    sources = [n.definition for n in nodes if isinstance(n.definition, SourceDefinition)]
    for each in measure_freshness(snapshot.workspace, snapshot.view, sources):
        if each.result.status == "pass" and not each.stale:
            continue
        stale = "its origin is down; the last good load stands in for newer ones"
        yield Matter(
            urgency="bad" if each.result.status == "error" else "warn",
            what=each.result.text if each.result.status != "pass" else stale,
            owner=_owner(snapshot, each.node),
            node=each.node,
        )


def _waiting(snapshot: Snapshot) -> Iterator[Matter]:
    """Rows in quarantine."""
    for node, state in sorted(snapshot.view.states.items()):
        rows = sum(file.rows for file in state.part("quarantined"))
        if rows:
            yield Matter(
                urgency="warn",
                what=f"{count(rows, 'row')} {'waits' if rows == 1 else 'wait'} in quarantine",
                owner=_owner(snapshot, node),
                node=node,
                url=f"/quarantine/{node_url(node).rpartition('/')[2]}",
                more="See them",
            )


def _owner(snapshot: Snapshot, node: NodeId) -> str:
    facts = snapshot.facts.get(node)
    return facts.owner if facts is not None else ""
