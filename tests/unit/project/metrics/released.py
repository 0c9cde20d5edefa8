"""Releases of metrics written straight into a ledger: no project is run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from headwater.definitions.settings import read_settings
from headwater.ids import NodeId, digest
from headwater.ledger import DefinitionRecord, Publication, Release, ReleaseSort
from headwater.plan.state import State
from headwater.project.release_view import ReleaseView
from headwater.project.workspace import Workspace

SETTINGS = """
name: shop
now: 2011-12-10
teams:
  finance: {members: [ann, bob]}
  growth: {members: [gus]}
  council: {members: [cleo], approves_metrics: true}
"""


def workspace_in(folder: Path) -> Workspace:
    """A workspace whose ledger is empty."""
    (folder / ".headwater").mkdir()
    settings, issues = read_settings(SETTINGS)
    assert not issues
    return Workspace(folder, settings)


def metric_record(
    name: str, *, owner: str = "finance", meaning: str = "1", description: str = ""
) -> DefinitionRecord:
    """A metric as a release keeps it."""
    body = {"owner": owner, "description": description, "meaning": meaning, "inputs": []}
    return DefinitionRecord(
        node=NodeId("metric", name),
        hash=digest(name, owner, meaning, description),
        path="metrics/sales.yml",
        kind="metric",
        body=json.dumps(body),
        fingerprint=digest(name, meaning),
    )


def release(
    workspace: Workspace,
    *records: DefinitionRecord,
    files: Mapping[str, str] | None = None,
    sort: ReleaseSort = "definitions",
    reason: str = "",
    gone: tuple[str, ...] = (),
) -> Release:
    """Publish some definitions of metrics in `prod`, and take some away."""
    ledger = workspace.ledger
    head = ledger.head("prod")
    number = head.number if head is not None else None
    defined: dict[NodeId, DefinitionRecord | None] = {record.node: record for record in records}
    states: dict[NodeId, State | str | None] = {node: State(node=node) for node in defined}
    for name in gone:
        defined[NodeId("metric", name)] = states[NodeId("metric", name)] = None
    return ledger.publish(
        Publication(
            environment="prod",
            expected=number,
            base=number,
            at=datetime(2011, 12, 10, tzinfo=UTC),
            author="ann",
            sort=sort,
            reason=reason,
            tree=ledger.put_tree({"headwater.yml": SETTINGS, **files}) if files else None,
            definitions=defined,
            states=states,
        )
    )


def head_view(workspace: Workspace) -> ReleaseView:
    """What `prod` shows."""
    return ReleaseView.of(workspace.ledger, workspace.ledger.head("prod"))


def redescribed(record: DefinitionRecord, **words: str) -> DefinitionRecord:
    """The same metric in other words."""
    body = json.loads(record.body) | words
    return replace(record, hash=digest(record.hash, words), body=json.dumps(body))
