"""A run from its beginning to its end: alone in its environment, and recorded however it ends."""

from __future__ import annotations

import json
import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from headwater.errors import HeadwaterError, Issue
from headwater.ids import NodeId
from headwater.ledger import Ledger, Release, RunRecord
from headwater.plan.steps import Request
from headwater.project.workspace import Workspace
from headwater.run.context import STATUSES, NodeOutcome

PROD = "prod"


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """What a run did: outcomes in order, the releases that it made, and what it left."""

    run: str
    environment: str
    outcomes: tuple[NodeOutcome, ...] = ()
    releases: tuple[Release, ...] = ()
    edited: tuple[NodeId, ...] = ()  # definitions on disk that are not released
    barred: tuple[NodeId, ...] = ()
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether a node was held or failed."""
        return any(o.status in ("held", "failed", "waiting") for o in self.outcomes)


@contextmanager
def exclusive(workspace: Workspace, environment: str) -> Iterator[None]:
    """One run an environment at a time; waits `HEADWATER_WAIT_S` seconds. Code E709."""
    holder = f"{workspace.author}, process {os.getpid()} on {socket.gethostname()}"
    wait_s = float(os.environ.get("HEADWATER_WAIT_S", "0"))
    lock = workspace.ledger.run_lock(environment, holder=holder, wait_s=wait_s)
    with lock as held:
        if not held:
            raise HeadwaterError(
                Issue(
                    code="E709",
                    what=f"another run of `{environment}` is under way: {lock.holder()}",
                    fix="wait for it, or run in another environment with `--env NAME`",
                )
            )
        workspace.lake.check_epoch(workspace.ledger.epoch)
        yield


@dataclass
class Recording:
    """A run under way, and what it has come to so far."""

    report: RunReport


@contextmanager
def recorded(workspace: Workspace, request: Request) -> Iterator[Recording]:
    """The run in the ledger, from its beginning to its end, however it ends."""
    record = RunRecord(
        id=_run_id(),
        environment=request.environment,
        request=json.dumps(_request_data(request)),
        started_at=workspace.clock.now,
        author=workspace.author,
        pid=os.getpid(),
        host=socket.gethostname(),
    )
    ledger = workspace.ledger
    ledger.start_run(record)
    recording = Recording(RunReport(run=record.id, environment=request.environment))
    status = "failed"
    try:
        yield recording
        status = "incomplete" if recording.report.failed else "done"
    finally:
        summary = json.dumps(_report_data(recording.report))
        ledger.finish_run(record.id, status=status, at=workspace.clock.now, summary=summary)


def last_results(ledger: Ledger, environment: str) -> dict[str, frozenset[NodeId]]:
    """What became of the nodes in the newest run that touched any: status → nodes."""
    found: dict[str, set[NodeId]] = {status: set() for status in STATUSES}
    for record in ledger.runs(environment, limit=20):
        outcomes = json.loads(record.summary).get("nodes", {}) if record.summary else {}
        if outcomes:
            for node, status in outcomes.items():
                found[status].add(NodeId.parse(node))
            break
    return {status: frozenset(nodes) for status, nodes in found.items()}


def _report_data(report: RunReport) -> dict[str, object]:
    return {
        "releases": [release.number for release in report.releases],
        "nodes": {str(outcome.node): outcome.status for outcome in report.outcomes},
        "issues": [str(issue) for outcome in report.outcomes for issue in outcome.issues],
    }


def _run_id() -> str:
    """An id that sorts by when it was made: under a fixed clock all runs begin at one instant."""
    return f"{time.time_ns() // 1_000_000:011x}{uuid.uuid4().hex[:5]}"


def _request_data(request: Request) -> dict[str, object]:
    selected = request.selected
    return {
        "selected": sorted(map(str, selected)) if selected is not None else None,
        "full_refresh": sorted(map(str, request.full_refresh)),
        "period": [str(request.period.start), str(request.period.end)] if request.period else None,
        "sample_days": request.sample.days if request.sample else None,
        "apply": request.apply,
    }
