"""What `debug` looks at: versions, folders, space, the ledger, time zones, connections, extras."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from headwater.errors import HeadwaterError
from headwater.views.figures import size

if TYPE_CHECKING:
    from headwater.cli.calls import Call
    from headwater.project import Project
    from headwater.project.workspace import Workspace

#: Extra → a module that it brings.
EXTRAS: Final = {
    "postgres": "psycopg",
    "api-sources": "dlt",
    "excel": "openpyxl",
    "notebook": "IPython",
}
_PACKAGES: Final = ("duckdb", "pyarrow", "sqlglot", "SQLAlchemy", "typer", "rich")
_LEAST_FREE = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    state: Literal["good", "bad", "note"]
    text: str
    fix: str = ""


def examine(call: Call) -> tuple[Finding, ...]:
    """Everything, and each part even where another one is broken."""
    from headwater.project import Project

    found = [*_machine(), *_extras()]
    try:
        with Project.open(
            call.project, env=call.env, profile=call.profile, now=call.now
        ) as project:
            found += _project(project)
    except HeadwaterError as error:
        found += _issues("project", error)
    except OSError as error:
        found.append(_unusable("project", error))
    return tuple(found)


def _machine() -> Iterator[Finding]:
    import headwater

    version = platform.python_version()
    supported = sys.version_info >= (3, 11)
    yield Finding(
        subject="python",
        state="good" if supported else "bad",
        text=f"{version} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        fix="" if supported else "install Python 3.11 or later",
    )
    yield Finding(subject="headwater", state="good", text=headwater.__version__)
    versions = []
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            yield Finding(
                subject=package,
                state="bad",
                text="is not installed",
                fix="pip install --upgrade headwater",
            )
    yield Finding(subject="packages", state="good", text=", ".join(versions))


def _extras() -> Iterator[Finding]:
    for extra, module in EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        yield Finding(
            subject=f"extra {extra}",
            state="good" if there else "note",
            text="installed" if there else "not installed",
            fix="" if there else f"pip install 'headwater[{extra}]' if you need it",
        )


def _project(project: Project) -> Iterator[Finding]:
    workspace = project.workspace
    yield Finding(
        subject="project", state="good", text=f"{project.settings.name} in {workspace.root}"
    )
    yield from _zone(workspace)
    try:
        profile = workspace.profile
    except HeadwaterError as error:
        yield from _issues("profile", error)
        return
    name = workspace.profile_name or os.environ.get("HEADWATER_PROFILE") or "default"
    text = f"{name}: engine {profile.engine}, lake {profile.lake}, ledger {profile.ledger}"
    yield Finding(subject="profile", state="good", text=text)
    yield from _folder("state folder", workspace.state_folder)
    yield from _lake(workspace)
    yield from _ledger(project)
    yield from _definitions(project)


def _zone(workspace: Workspace) -> Iterator[Finding]:
    import zoneinfo

    try:
        clock = workspace.clock
    except HeadwaterError as error:
        yield from _issues("clock", error)
        return
    except zoneinfo.ZoneInfoNotFoundError:
        yield Finding(
            subject="time zones",
            state="bad",
            text=f"no data for {workspace.settings.timezone}",
            fix="pip install tzdata",
        )
        return
    fixed = ", fixed" if workspace.now or workspace.settings.now else ""
    now = clock.now.astimezone(clock.zone)
    yield Finding(subject="clock", state="good", text=f"{now:%Y-%m-%d %H:%M} {clock.zone}{fixed}")


def _folder(subject: str, folder: Path) -> Iterator[Finding]:
    """Whether the folder, or the nearest one above, can be written, and how much room there is."""
    nearest = folder
    while not nearest.exists():
        nearest = nearest.parent
    if not os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
        fix = f"give yourself the right: chmod u+rwx {nearest}"
        yield Finding(subject=subject, state="bad", text=f"{nearest} cannot be written", fix=fix)
        return
    free = shutil.disk_usage(nearest).free
    enough = free >= _LEAST_FREE
    yield Finding(
        subject=subject,
        state="good" if enough else "bad",
        text=f"{folder}, {size(free)} free",
        fix="" if enough else "free some space; `headwater vacuum` deletes what nothing needs",
    )


def _lake(workspace: Workspace) -> Iterator[Finding]:
    try:
        yield from _folder("lake", workspace.lake.root)
    except HeadwaterError as error:
        yield from _issues("lake", error)


def _ledger(project: Project) -> Iterator[Finding]:
    try:
        ledger = project.ledger
        heads = ledger.environments()
        shown = ", ".join(f"{name} at #{r.number}" for name, r in heads.items())
        yield Finding(subject="ledger", state="good", text=shown or "open, nothing released yet")
        lock = ledger.run_lock(project.environment, holder="headwater debug")
        free = lock.try_acquire()
        if free:
            lock.release()
        yield Finding(
            subject="lock",
            state="good" if free else "note",
            text=f"{project.environment} is free" if free else f"held by {lock.holder()}",
            fix="" if free else "wait for that run to end",
        )
        project.workspace.lake.check_epoch(ledger.epoch)
    except HeadwaterError as error:
        yield from _issues("ledger", error)


def _definitions(project: Project) -> Iterator[Finding]:
    try:
        errors = project.bound.errors
    except HeadwaterError as error:
        yield from _issues("definitions", error)
        return
    nodes = len(project.bound.graph.nodes)
    yield Finding(
        subject="definitions",
        state="bad" if errors else "good",
        text=f"{len(errors)} errors" if errors else f"{nodes} nodes, no errors",
        fix="`headwater check` shows them" if errors else "",
    )
    yield from _connections(project)


def _connections(project: Project) -> Iterator[Finding]:
    """Every source is asked what waits there; databases and vendors are reached by that."""
    from headwater.kinds.source.definition import SourceDefinition
    from headwater.kinds.source.opening import find_arrivals

    workspace = project.workspace
    for node in project.bound.graph.nodes.values():
        definition = node.definition
        if not isinstance(definition, SourceDefinition):
            continue
        try:
            state = project.view.states.get(node.id)
            arrivals = find_arrivals(definition, state, workspace.root, workspace.clock)
        except HeadwaterError as error:
            yield from _issues(str(node.id), error)
        else:
            waiting = len(arrivals.deliveries)
            yield Finding(subject=str(node.id), state="good", text=f"reached, {waiting} waiting")


def _issues(subject: str, error: HeadwaterError) -> Iterator[Finding]:
    for issue in error.issues:
        where = f" ({issue.place})" if str(issue.place) else ""
        text = f"{issue.code} {issue.what}{where}"
        yield Finding(subject=subject, state="bad", text=text, fix=issue.fix)


def _unusable(subject: str, error: OSError) -> Finding:
    text = f"{error.filename}: {error.strerror}"
    return Finding(subject=subject, state="bad", text=text, fix="check the permissions")
