"""Keeping the lake small: merge small files by month, and delete what nothing needs any more."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from headwater.engines.protocol import Session
from headwater.errors import HeadwaterError, Issue
from headwater.graph.node import Schema
from headwater.ids import ALL_TIME, NodeId, digest
from headwater.kinds.source.bind import META
from headwater.lake import (
    CompactionGroup,
    Lake,
    VacuumPlan,
    compaction_plan,
    execute_vacuum,
    vacuum_plan,
)
from headwater.ledger import FileUse, Ledger, Publication, Release
from headwater.plan.state import Build, Contents, DataFile, State, schema_digest
from headwater.project.recording import PROD, exclusive
from headwater.project.release_view import ReleaseView
from headwater.project.workspace import Workspace

#: A reader who took a release keeps its files so long after something newer was published.
GRACE = timedelta(days=7)
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactedNode:
    """How many small files of one node became how many, and how much was rewritten."""

    node: NodeId
    files_before: int
    files_after: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactReport:
    """What was merged, and the release that shows it; None where there was nothing to do."""

    nodes: tuple[CompactedNode, ...] = ()
    release: Release | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VacuumReport:
    """What was deleted (or would be), what is kept for now, and what is missing.

    `strays` are files that the ledger does not know, deleted or not; `missing` ones are in use and
    not there. `busy`: environments whose run is under way, because of which strays were left alone.
    """

    deleted: int = 0
    bytes: int = 0
    kept: int = 0
    strays: int = 0
    missing: tuple[str, ...] = ()
    stages: int = 0
    busy: tuple[str, ...] = ()
    dry_run: bool = False


def compact(
    workspace: Workspace, environment: str = PROD, nodes: Collection[NodeId] | None = None
) -> CompactReport:
    """Merge small files by month; no content changes, so nothing downstream is stale. Code E765."""
    ledger = workspace.ledger
    with exclusive(workspace, environment):
        head = ledger.head(environment)
        view = ReleaseView.of(ledger, head)
        chosen = [s for n, s in view.states.items() if nodes is None or n in nodes]
        merged = [m for state in chosen if (m := _compact_state(workspace, state)) is not None]
        if head is None or not merged:
            return CompactReport()
        made = [build for _, build, _ in merged]
        workspace.lake.sync([file.path for build in made for file in build.files])
        release = ledger.publish(
            Publication(
                environment=environment,
                expected=head.number,
                base=head.number,
                at=workspace.clock.now,
                author=workspace.author,
                sort="maintenance",
                reason="small files were merged",
                states={state.node: state for state, _, _ in merged},
                builds=tuple(made),
            )
        )
        workspace.lake.write_epoch(ledger.epoch)
    return CompactReport(nodes=tuple(summary for _, _, summary in merged), release=release)


def _compact_state(workspace: Workspace, state: State) -> tuple[State, Build, CompactedNode] | None:
    """The state over merged files; None where it has no small ones (or they are not ours)."""
    own = replace(state, files=tuple(f for f in state.files if not is_foreign(f.path)))
    groups = compaction_plan(own, workspace.zone)
    if not groups:
        return None
    build = uuid.uuid4().hex[:12]
    with workspace.engine.session() as session:
        made = [f for group in groups for f in _merge(workspace, state, group, build, session)]
    gone = {file.path for group in groups for file in group.files}
    files = [*(f for f in state.files if f.path not in gone), *made]
    record = Build(
        id=build,
        node=state.node,
        interval=state.segments.hull or ALL_TIME,
        input_key=digest("compaction", build),
        definition="",
        run="",
        reason="small files were merged",
        rows=sum(file.rows for file in made),
        started_at=workspace.clock.now,
        seconds=0.0,
        schema=state.schema,
        contents=Contents(rows=digest(build), columns={}),
        files=tuple(made),
    )
    summary = CompactedNode(
        node=state.node,
        files_before=len(gone),
        files_after=len(made),
        bytes=sum(group.bytes for group in groups),
    )
    ordered = tuple(sorted(files, key=lambda f: (f.part, f.interval, f.path)))
    return replace(state, files=ordered), record, summary


def _merge(
    workspace: Workspace, state: State, group: CompactionGroup, build: str, session: Session
) -> list[DataFile]:
    """One month's files as one; refused if a single row came out otherwise."""
    lake = workspace.lake
    landed = state.node.kind == "source"
    schema: Schema = (*state.schema, *META) if landed else state.schema

    def target(month: str | None, n: int) -> Path:
        return lake.absolute(lake.new_path(state.node, month, f"{build}-{group.month}", n=n))

    paths = [lake.absolute(file.path) for file in group.files]
    time = state.time if group.month is not None else None
    written = session.merge(paths, schema=schema, time=time, target=target)
    before, after = (
        session.day_digests(side, schema=schema) for side in (paths, [w.path for w in written])
    )
    if before != after:
        what = f"{state.node}: merged files of {group.month or 'all time'} hold other rows"
        fix = "nothing was published; report it with `headwater debug --json`"
        raise HeadwaterError(Issue(code="E765", what=what, fix=fix))
    return [
        DataFile(
            path=lake.relative(w.path),
            interval=w.interval or group.interval,
            rows=w.rows,
            bytes=w.bytes,
            build=build,
            schema=schema_digest(state.schema),
        )
        for w in written
    ]


def vacuum(
    workspace: Workspace, grace: timedelta = GRACE, *, dry_run: bool = False
) -> VacuumReport:
    """Delete what has not been needed for longer than the grace. Code E761: an older ledger.

    Files in use, of pinned releases and read in place stay. While a run is under way, files that
    the ledger does not know may be its own, and stay too.
    """
    ledger, lake = workspace.ledger, workspace.lake
    for _ in range(_ATTEMPTS):
        epoch = ledger.epoch
        lake.check_epoch(epoch)
        now, busy = datetime.now(UTC), _busy(ledger)
        uses = list(ledger.data_files(now=workspace.clock.now, grace=grace))
        plan = _plan_vacuum(lake, uses, grace, now, busy)
        builds = {use.build for use in uses if use.path in {file.path for file in plan.delete}}
        if dry_run or ledger.mark_vacuumed(builds, at=workspace.clock.now, epoch=epoch):
            break
    else:
        what = "releases came too fast for vacuum; nothing was deleted"
        raise HeadwaterError(Issue(code="E766", what=what, fix="run it again"))
    if not dry_run:
        execute_vacuum(lake, plan, epoch=epoch)
        if not busy:
            _drop_released(workspace)
    return VacuumReport(
        deleted=len(plan.delete),
        bytes=plan.bytes,
        kept=len(plan.keep),
        strays=len(plan.strays),
        missing=plan.missing,
        stages=len(plan.stages),
        busy=busy,
        dry_run=dry_run,
    )


def is_foreign(path: str) -> bool:
    """Whether a file of a state is read in place, where someone else keeps it."""
    return Path(path).is_absolute()


def _plan_vacuum(
    lake: Lake, uses: Iterable[FileUse], grace: timedelta, now: datetime, busy: Collection[str]
) -> VacuumPlan:
    own = [use for use in uses if not is_foreign(use.path)]
    known = {use.path for use in own}
    # What the ledger calls needless is past its grace by the ledger's own clock.
    over = {use.path: now - grace for use in own if not use.needed}
    found = [file for file in lake.files() if file.path in known or not busy]
    return vacuum_plan(
        found=found,
        in_use={use.path for use in own if use.needed},
        unreferenced_since=over,
        grace=grace,
        now=now,
        stages=() if busy else lake.stages(),
    )


def _busy(ledger: Ledger) -> tuple[str, ...]:
    """The environments in which a run is under way now; a run that begins later writes later."""
    running = {run.environment for run in ledger.runs(status="running")}
    found: list[str] = []
    for name in sorted({PROD, *ledger.environments(), *running}):
        with ledger.run_lock(name, holder="vacuum") as free:
            if not free:
                found.append(name)
    return tuple(found)


def _drop_released(workspace: Workspace) -> None:
    """Definitions laid out for releases that no environment shows any more."""
    folder = workspace.state_folder / "released"
    shown = {release.tree for release in workspace.ledger.environments().values()}
    for laid_out in folder.iterdir() if folder.is_dir() else ():
        if laid_out.name not in shown:
            shutil.rmtree(laid_out, ignore_errors=True)
