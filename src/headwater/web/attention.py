"""What needs somebody: what was held, is late, waits, was restated, or is a draft."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from headwater.ids import NodeId
from headwater.kinds.source.definition import SourceDefinition
from headwater.project.metrics.restating import Restatement, read_restatements
from headwater.project.monitoring.recording import newest
from headwater.project.recency import measure_freshness
from headwater.views.figures import count
from headwater.web.context import Snapshot
from headwater.web.navigation import node_url
from headwater.web.pages import called

Urgency = Literal["bad", "warn", "quiet"]
#: So many drafts are named.
_NAMED = 3
#: So long a restatement is news, and so many causes stand on the first page.
_NEWS = timedelta(days=7)
_MOST_CAUSES = 5


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
    found = [
        *_held(snapshot),
        *_late(snapshot),
        *_waiting(snapshot),
        *_restated(snapshot),
        *_models(snapshot),
        *_drafts(snapshot),
    ]
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


def _restated(snapshot: Snapshot) -> Iterator[Matter]:
    """Metrics of which published numbers changed of late, a cause at a time."""
    causes: dict[tuple[int | None, str, str], list[Restatement]] = {}
    for each in read_restatements(snapshot.ledger):
        if each.at is not None and snapshot.now - each.at <= _NEWS:
            causes.setdefault((each.release, str(each.cause), each.detail), []).append(each)
    for (release, cause, detail), found in list(causes.items())[-_MOST_CAUSES:]:
        nodes = [NodeId("metric", each.metric) for each in found]
        # The metrics that most read come first.
        nodes.sort(key=lambda node: -_readers(snapshot, node))
        periods = count(sum(each.periods for each in found), "published period")
        owners = sorted({_owner(snapshot, node) for node in nodes} - {""})
        yield Matter(
            urgency="warn",
            what=f"{periods} restated in release #{release}: {_named(snapshot, nodes)}",
            why=f"{cause}: {detail}" if detail else cause,
            owner=", ".join(owners),
            url=f"{node_url(nodes[0])}#restated" if len(nodes) == 1 else "/restatements",
            more="What changed",
        )


def _named(snapshot: Snapshot, nodes: Sequence[NodeId]) -> str:
    """The first few by their titles, and how many more there are."""
    titles = [called(node, snapshot.facts) for node in nodes]
    more = f" and {len(titles) - _NAMED} more" if len(titles) > _NAMED else ""
    return ", ".join(titles[:_NAMED]) + more


def _readers(snapshot: Snapshot, node: NodeId) -> int:
    facts = snapshot.facts.get(node)
    return len(facts.children) if facts is not None else 0


def _models(snapshot: Snapshot) -> Iterator[Matter]:
    """Models in use of which the newest look found something."""
    for node in sorted(each for each in snapshot.facts if each.kind == "model"):
        found = newest(snapshot.ledger, node.name)
        if found is None or not found.findings or snapshot.now - found.at > _NEWS:
            continue
        others = count(len(found.findings) - 1, "more finding")
        yield Matter(
            urgency="bad" if found.worst == "alarm" else "warn",
            what=found.findings[0].text,
            why=f"and {others}" if len(found.findings) > 1 else "",
            owner=_owner(snapshot, node),
            node=node,
            url=f"{node_url(node)}/monitoring",
            more="How it does",
        )


def _drafts(snapshot: Snapshot) -> Iterator[Matter]:
    """Metrics that nobody has approved, an owner at a time."""
    owners: dict[str, list[NodeId]] = {}
    for name in snapshot.metrics:
        if not snapshot.standings[name].approved_by:
            node = NodeId("metric", name)
            owners.setdefault(_owner(snapshot, node), []).append(node)
    for owner, nodes in owners.items():
        draft = "is a draft" if len(nodes) == 1 else "are drafts"
        means = "it means" if len(nodes) == 1 else "they mean"
        yield Matter(
            urgency="quiet",
            what=f"{_named(snapshot, nodes)} {draft}: nobody has approved what {means}",
            owner=owner,
            url="/metrics",
            more="Metrics",
        )


def _owner(snapshot: Snapshot, node: NodeId) -> str:
    facts = snapshot.facts.get(node)
    return facts.owner if facts is not None else ""
