"""From a request to a release: plan and run.

`prod` runs the definitions that its release keeps. Edited ones go out by `apply`, in a release of
their own after the data have been brought up to date, so that the causes of a change never mix.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from headwater.errors import raise_errors
from headwater.ids import NodeId
from headwater.kinds.source.definition import SourceDefinition
from headwater.kinds.source.opening import find_arrivals
from headwater.ledger import DefinitionRecord, Event, Publication, Release, ReleaseSort
from headwater.plan.planner import make_plan
from headwater.plan.rekey import rekey
from headwater.plan.state import State
from headwater.plan.steps import Arrivals, Plan, Request
from headwater.project.agreeing import check_agreements
from headwater.project.binding import Bound, bind_tree
from headwater.project.metrics.approving import carried_notes
from headwater.project.metrics.restating import publication_notes
from headwater.project.recording import PROD, RunReport, exclusive, recorded
from headwater.project.release_view import (
    ReleaseView,
    changed_records,
    definition_records,
    read_body,
)
from headwater.project.workspace import Workspace
from headwater.registry import BY_NAME
from headwater.run.context import Progress, RunContext
from headwater.run.loop import Prepared, prepare
from headwater.run.publish import publish


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One pass of a run: which definitions, from which release on, published as what."""

    bound: Bound
    view: ReleaseView
    expected: int | None
    request: Request
    sort: ReleaseSort
    reason: str = ""
    unbar: bool = False  # what was rejected is released anew
    taken: Mapping[NodeId, str] = field(default_factory=dict)  # states of another environment
    complete: bool = False  # a held node stops the release


def plan(workspace: Workspace, bound: Bound, view: ReleaseView, request: Request) -> Plan:
    """What a run over these definitions would do."""
    arrivals = arrivals_of(bound, view.states, workspace, look=True, every=request.load)
    return make_plan(bound.graph, view.for_planning(), arrivals, workspace.clock, request)


def run(
    workspace: Workspace, disk: Bound, request: Request, progress: Progress | None = None
) -> RunReport:
    """Bring an environment up to date and release what came out.

    Codes E607 and E608 (contracts), E709 (another run), and the steps' own.
    """
    began = time.perf_counter()
    with exclusive(workspace, request.environment), recorded(workspace, request) as recording:
        recording.report = follow_upgrade(workspace, disk, recording.report)
        for sort in ("data", "definitions"):
            phase = _phase(workspace, disk, request, sort)
            if phase is not None:
                recording.report = run_phase(workspace, phase, recording.report, progress)
        edited = edited_nodes(workspace, disk, request.environment)
        return replace(recording.report, edited=edited, seconds=time.perf_counter() - began)


def _phase(workspace: Workspace, disk: Bound, request: Request, sort: ReleaseSort) -> Phase | None:
    """The data phase runs released definitions, the other one those on disk, where they differ.

    A working environment, and the first release of all, take both in one.
    """
    ledger = workspace.ledger
    head = ledger.head(request.environment)
    view = ReleaseView.of(ledger, head or ledger.head(PROD))
    expected = head.number if head is not None else None
    if request.environment != PROD or head is None:
        if sort == "data":
            return None
        raise_errors(disk.errors)
        return Phase(bound=disk, view=view, expected=expected, request=request, sort=sort)
    if sort == "data":
        bound = released_bound(workspace, disk, view)
        return Phase(bound=bound, view=view, expected=expected, request=request, sort=sort)
    edited = head.tree != disk.tree_digest
    if not request.apply or not (edited or ledger.barred()):
        return None
    raise_errors((*disk.errors, *check_agreements(workspace, disk, view)))
    request = replace(request, load=not edited, full_refresh=frozenset(), period=None)
    return Phase(bound=disk, view=view, expected=expected, request=request, sort=sort, unbar=True)


def follow_upgrade(workspace: Workspace, disk: Bound | None, report: RunReport) -> RunReport:
    """Where released definitions bind to other hashes than were kept, Headwater was upgraded."""
    ledger = workspace.ledger
    head = ledger.head(report.environment)
    on_disk = disk is not None and head is not None and head.tree == disk.tree_digest
    if head is None or (report.environment != PROD and not on_disk):
        return report
    view = ReleaseView.of(ledger, head)
    bound = released_bound(workspace, disk, view)
    graph = bound.graph
    changed = changed_records(definition_records(graph, bound.loaded.tree), view.definitions)
    if not changed:
        return report
    kept = {node: read_body(view, node) for node in graph.nodes if node in view.definitions}
    recipes = {node: body.recipe for node, body in kept.items() if body.recipe is not None}
    fingerprints = {node: body.fingerprint for node, body in kept.items()}
    states = rekey(graph, view.states, recipes, fingerprints, workspace.zone)
    release = ledger.publish(
        Publication(
            environment=report.environment,
            expected=head.number,
            base=head.number,
            at=workspace.clock.now,
            author=workspace.author,
            sort="maintenance",
            reason="Headwater or its engine was upgraded; nothing is rebuilt",
            run=report.run,
            definitions=changed,
            states=states,
            notes=carried_notes(view, changed),
        )
    )
    workspace.lake.write_epoch(ledger.epoch)
    return replace(report, releases=(*report.releases, release))


def bound_for(workspace: Workspace, disk: Bound, view: ReleaseView, request: Request) -> Bound:
    """The definitions that a request runs: in `prod` the released ones, unless it applies."""
    if request.environment == PROD and view.release is not None and not request.apply:
        return released_bound(workspace, disk, view)
    raise_errors(disk.errors)
    return disk


def released_bound(workspace: Workspace, disk: Bound | None, view: ReleaseView) -> Bound:
    """The definitions that a release runs; those on disk where they are the same."""
    assert view.release is not None
    if disk is not None and view.release.tree == disk.tree_digest:
        raise_errors(disk.errors)
        return disk
    bound = bind_released(workspace, view)
    raise_errors(bound.errors)
    return bound


def bind_released(workspace: Workspace, view: ReleaseView) -> Bound:
    """The definitions that a release keeps, laid out in a folder of their own for Python code."""
    tree = view.tree()
    assert tree is not None
    assert view.release is not None
    folder = workspace.state_folder / "released" / view.release.tree
    if not folder.is_dir():
        tree.write_to(folder)
    return bind_tree(tree, workspace, view.states, folder)


def run_phase(
    workspace: Workspace, phase: Phase, report: RunReport, progress: Progress | None
) -> RunReport:
    """Prepare everything side by side, then publish it in one transaction."""
    bound = phase.bound
    records = definition_records(bound.graph, bound.loaded.tree)
    context = _context(workspace, phase, report.run, records, progress)
    barred = workspace.ledger.barred() if phase.unbar else frozenset()
    prepared = _prepare(workspace, phase, context)
    report = replace(
        report,
        outcomes=(*report.outcomes, *prepared.outcomes),
        barred=(*report.barred, *prepared.barred),
    )
    if phase.complete and prepared.held:
        return report
    draft = replace(
        _draft(workspace, phase, records),
        run=report.run,
        unbarred=tuple(sorted(key for key in barred if key[0] in prepared.states)),
    )
    if draft.environment == PROD:
        notes = publication_notes(workspace, phase.view, draft, prepared.states)
        draft = replace(draft, notes=notes)
    release = publish(prepared, context, draft)
    if release is None:
        return report
    if release.environment == PROD:
        _catalog(workspace, release, bound)
    return replace(report, releases=(*report.releases, release))


def prepare_phase(workspace: Workspace, phase: Phase, run: str) -> Prepared:
    """Build what is stale in a phase, and publish nothing."""
    records = definition_records(phase.bound.graph, phase.bound.loaded.tree)
    return _prepare(workspace, phase, _context(workspace, phase, run, records, None))


def _prepare(workspace: Workspace, phase: Phase, context: RunContext) -> Prepared:
    arrivals = arrivals_of(phase.bound, phase.view.states, workspace, every=phase.request.load)
    view = phase.view.for_planning()
    if phase.unbar:
        view = replace(view, barred=frozenset())
    return prepare(view, arrivals, phase.request, context, BY_NAME)


def _context(
    workspace: Workspace,
    phase: Phase,
    run: str,
    records: Mapping[NodeId, DefinitionRecord],
    progress: Progress | None,
) -> RunContext:
    """The world of one phase."""
    return RunContext(
        root=workspace.root,
        tree_root=phase.bound.folder,
        graph=phase.bound.graph,
        clock=workspace.clock,
        engine=workspace.engine,
        lake=workspace.lake,
        ledger=workspace.ledger,
        run=run,
        environment=phase.request.environment,
        author=workspace.author,
        functions=phase.bound.functions,
        definition_hashes={node: record.hash for node, record in records.items()},
        states=dict(phase.view.states),
        progress=progress,
    )


def _draft(
    workspace: Workspace, phase: Phase, records: Mapping[NodeId, DefinitionRecord]
) -> Publication:
    """What a phase publishes beside what it builds: definitions, and states taken as they are."""
    bound, base = phase.bound, phase.view.release
    moves = phase.sort != "data"
    known_tree = base.tree if base is not None else ""
    new_tree = moves and known_tree != bound.tree_digest
    return Publication(
        environment=phase.request.environment,
        expected=phase.expected,
        base=base.number if base is not None else None,
        at=workspace.clock.now,
        author=workspace.author,
        sort=phase.sort,
        reason=phase.reason,
        tree=workspace.ledger.put_tree(bound.loaded.tree.files) if new_tree else None,
        definitions=changed_records(records, phase.view.definitions) if moves else {},
        states=dict(phase.taken),
    )


def _catalog(workspace: Workspace, release: Release, bound: Bound) -> None:
    """Write the lake's catalog; a release stands without it, so a failure is only noted."""
    from headwater.project.cataloging import catalog_release

    issue = catalog_release(workspace, release, bound.graph)
    if issue is not None and release.run is not None:
        event = Event(at=workspace.clock.now, sort="warning", text=str(issue))
        workspace.ledger.add_events(release.run, [event])


def arrivals_of(
    bound: Bound,
    states: Mapping[NodeId, State],
    workspace: Workspace,
    *,
    look: bool = False,
    every: bool = True,
) -> dict[NodeId, Arrivals]:
    """What waits at each source, or only (not `every`) at those that were never loaded.

    With `look`, also which days it covers where that is quick.
    """
    return {
        node.id: find_arrivals(
            node.definition, states.get(node.id), workspace.root, workspace.clock, look=look
        )
        for node in bound.graph.nodes.values()
        if isinstance(node.definition, SourceDefinition) and (every or node.id not in states)
    }


def edited_nodes(workspace: Workspace, disk: Bound, environment: str) -> tuple[NodeId, ...]:
    """Definitions on disk that differ from what the environment runs."""
    head = workspace.ledger.head(environment)
    if head is None or head.tree == disk.tree_digest:
        return ()
    view = ReleaseView.of(workspace.ledger, head)
    return tuple(
        sorted(changed_records(definition_records(disk.graph, disk.loaded.tree), view.definitions))
    )
