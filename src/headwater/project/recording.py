"""A run from its beginning to its end: alone in its environment, and recorded however it ends."""

from __future__ import annotations

import json
import os
import re
import socket
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from headwater.errors import HeadwaterError, Issue, Place, UsageError
from headwater.ids import NodeId
from headwater.ledger import Ledger, Release, RunRecord
from headwater.plan.steps import Request
from headwater.project.workspace import Workspace
from headwater.run.context import STATUSES, NodeOutcome, Reckoning, Status

PROD = "prod"
_TROUBLE = ("held", "failed", "waiting")
_ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


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


def refuse_no_name(environment: str) -> None:
    """Raise E818 for what cannot name an environment: it stands in addresses and in messages."""
    if _ENVIRONMENT.fullmatch(environment) is None:
        what = f"`{environment[:80]}` cannot name an environment"
        fix = "letters, digits, `_`, `-` and `.`, a letter or digit first, at most 64"
        raise UsageError(Issue(code="E818", what=what, fix=fix))


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
    began = time.perf_counter()
    recording = Recording(RunReport(run=record.id, environment=request.environment))
    status = "failed"
    try:
        yield recording
        status = "incomplete" if recording.report.failed else "done"
    finally:
        seconds = time.perf_counter() - began
        summary = json.dumps(_report_data(replace(recording.report, seconds=seconds)))
        ledger.finish_run(record.id, status=status, at=workspace.clock.now, summary=summary)


def is_interrupted(record: RunRecord) -> bool:
    """Whether a run that is recorded as under way was killed: its process is gone from here."""
    if record.status != "running" or record.host != socket.gethostname():
        return False
    try:
        os.kill(record.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # somebody else's, so it is there
        return False
    return False


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A node that could not be brought up to date: how, since when, and what was said."""

    status: Status
    since: datetime
    issues: tuple[str, ...] = ()  # of its whole run


def trouble_of(ledger: Ledger, environment: str) -> dict[NodeId, Trouble]:
    """What is held, failed or waiting now: the newest word on each node.

    A run that looked at a node and does not name it found it up to date, so older words are void.
    """
    found: dict[str, Trouble | None] = {}
    for record in ledger.runs(environment, limit=20):
        summary = json.loads(record.summary) if record.summary else {}
        said = tuple(summary.get("issues", ()))
        for node, status in summary.get("nodes", {}).items():
            trouble = Trouble(status=status, since=record.started_at, issues=said)
            found.setdefault(node, trouble if status in _TROUBLE else None)
        request = json.loads(record.request)
        looked = record.status in ("done", "incomplete") and request.get("load", False)
        if looked and request["selected"] is None:
            break
        for node in request["selected"] or () if looked else ():
            found.setdefault(node, None)
    return {NodeId.parse(node): trouble for node, trouble in found.items() if trouble is not None}


def _report_data(report: RunReport) -> dict[str, object]:
    return {
        "releases": [release.number for release in report.releases],
        "nodes": {str(outcome.node): outcome.status for outcome in report.outcomes},
        "issues": [str(issue) for outcome in report.outcomes for issue in outcome.issues],
        "seconds": round(report.seconds, 3),
        "steps": [_step_data(outcome) for outcome in report.outcomes],
    }


def _step_data(outcome: NodeOutcome) -> dict[str, object]:
    """What became of a node, for whoever looks at the run later; empty facts are left out."""
    reckoning = outcome.reckoning
    facts: dict[str, object] = {
        "node": str(outcome.node),
        "status": outcome.status,
        "seconds": round(outcome.seconds, 3),
        "reason": outcome.reason,
        "rows": outcome.rows,
        "because": str(outcome.because) if outcome.because is not None else "",
        "notes": list(outcome.notes),
        "reckoning": None
        if reckoning is None
        else [
            reckoning.delivered,
            reckoning.published,
            reckoning.superseded,
            reckoning.quarantined,
            reckoning.dropped,
        ],
        "issues": [
            [i.code, i.what, i.place.path, i.place.line, i.place.column, i.fix]
            for i in outcome.issues
        ],
    }
    return {name: value for name, value in facts.items() if value}


def recorded_outcomes(record: RunRecord) -> tuple[NodeOutcome, ...]:
    """What became of each node in a run, as its record tells; of an old one, only in a word."""
    summary = json.loads(record.summary) if record.summary else {}
    if "steps" in summary:
        return tuple(map(_read_step, summary["steps"]))
    return tuple(
        NodeOutcome(node=NodeId.parse(node), status=status)
        for node, status in summary.get("nodes", {}).items()
    )


def _read_step(facts: Mapping[str, Any]) -> NodeOutcome:
    reckoning = facts.get("reckoning")
    because = facts.get("because")
    return NodeOutcome(
        node=NodeId.parse(facts["node"]),
        status=facts["status"],
        seconds=facts.get("seconds", 0.0),
        reason=facts.get("reason", ""),
        rows=facts.get("rows", 0),
        because=NodeId.parse(because) if because else None,
        notes=tuple(facts.get("notes", ())),
        reckoning=Reckoning(
            delivered=reckoning[0],
            published=reckoning[1],
            superseded=reckoning[2],
            quarantined=reckoning[3],
            dropped=reckoning[4],
        )
        if reckoning
        else None,
        issues=tuple(
            Issue(code=code, what=what, place=Place(path, line, column), fix=fix)
            for code, what, path, line, column, fix in facts.get("issues", ())
        ),
    )


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
        "load": request.load,
    }
