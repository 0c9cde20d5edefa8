"""Promote a working environment, and go back.

Promoting publishes the environment's definitions to `prod`. Where `prod` has not moved since the
environment began, its states are taken as they are; otherwise `prod` catches up: what is stale
under the new definitions is built on the newest data, and builds that are known are taken again.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from headwater.errors import HeadwaterError, Issue, UsageError, did_you_mean, raise_errors
from headwater.graph.graph import Graph
from headwater.ids import NodeId
from headwater.ledger import DefinitionRecord, InputKey, Ledger, Publication, Release
from headwater.plan.planner import delivery_key
from headwater.plan.state import State
from headwater.plan.steps import Request
from headwater.project.agreeing import check_agreements
from headwater.project.metrics.restating import publication_notes, rollback_notes
from headwater.project.recording import PROD, RunReport, exclusive, recorded
from headwater.project.release_view import ReleaseView, head_of
from headwater.project.releasing import Phase, bind_released, follow_upgrade, run_phase
from headwater.project.workspace import Workspace
from headwater.run.context import Progress


def promote(
    workspace: Workspace, environment: str, reason: str = "", progress: Progress | None = None
) -> RunReport:
    """Make `prod` run what an environment runs.

    Where a node is held, nothing is swapped: the report says which. Codes E607 and E608
    (contracts), E710 (unknown environment), E711 (nothing to promote).
    """
    began = time.perf_counter()
    ledger = workspace.ledger
    request = Request(environment=PROD, apply=True, load=False)
    with exclusive(workspace, PROD), recorded(workspace, request) as recording:
        source = ReleaseView.of(ledger, head_of(ledger, environment))
        recording.report = follow_upgrade(workspace, None, recording.report)
        target = ReleaseView.of(ledger, ledger.head(PROD))
        if environment == PROD or _same(source, target):
            what = f"`{environment}` shows nothing that `{PROD}` does not"
            raise HeadwaterError(Issue(code="E711", what=what, fix="run a change in it first"))
        bound = bind_released(workspace, source)
        raise_errors((*bound.errors, *check_agreements(workspace, bound, target)))
        unmoved = target.release is None or _origin(ledger, source) == target.release.number
        phase = Phase(
            bound=bound,
            view=replace(target, states=source.states) if unmoved else target,
            expected=target.release.number if target.release is not None else None,
            request=request,
            sort="promotion",
            reason=reason,
            unbar=True,
            taken=_different(source.state_ids, target.state_ids) if unmoved else {},
            complete=True,
        )
        recording.report = run_phase(workspace, phase, recording.report, progress)
    return replace(recording.report, seconds=time.perf_counter() - began)


def rollback(
    workspace: Workspace,
    environment: str = PROD,
    to: int | None = None,
    node: NodeId | None = None,
    reason: str = "",
) -> Release:
    """Go back to a release, by default the one before; with `node`, for it and its descendants.

    What is rejected is barred, so that no run brings it back until it is released anew. Codes
    E710 unknown environment, E712 nothing before, E713 unknown node, E762 files are gone.
    """
    ledger = workspace.ledger
    with exclusive(workspace, environment):
        now = ReleaseView.of(ledger, head_of(ledger, environment))
        assert now.release is not None
        number = to if to is not None else now.release.parent
        if number is None:
            what = f"#{now.release.number} is the first release; there is nothing before it"
            raise HeadwaterError(Issue(code="E712", what=what, fix="`headwater release list`"))
        then = ReleaseView.of(ledger, ledger.release(number))
        if node is None:
            _require_files(workspace, then, then.states)
            changed = set(_different(now.state_ids, then.state_ids)) | (
                set(then.state_ids) - set(now.state_ids)
            )
            release = ledger.publish(
                Publication(
                    environment=environment,
                    expected=now.release.number,
                    base=number,
                    at=workspace.clock.now,
                    author=workspace.author,
                    sort="rollback",
                    reason=reason,
                    barred=rejected_keys(now, then, changed),
                    notes=rollback_notes(workspace, now, then) if environment == PROD else (),
                )
            )
        else:
            release = _rollback_nodes(workspace, environment, now, then, node, reason)
        workspace.lake.write_epoch(ledger.epoch)
        return release


def _require_files(workspace: Workspace, view: ReleaseView, nodes: Collection[NodeId]) -> None:
    """All data files of some nodes of a release must still be there. Code E762."""
    assert view.release is not None
    missing = [
        file.path
        for node, state in view.states.items()
        if node in nodes
        for file in state.files
        if not workspace.lake.absolute(file.path).is_file()
    ]
    if missing:
        what = f"{len(missing):,} data files of #{view.release.number} are gone: {missing[0]}"
        fix = "go back to a newer release, `headwater release list`; a pin keeps files from vacuum"
        raise HeadwaterError(Issue(code="E762", what=what, fix=fix))


def _rollback_nodes(
    workspace: Workspace,
    environment: str,
    now: ReleaseView,
    then: ReleaseView,
    node: NodeId,
    reason: str,
) -> Release:
    """One node and its descendants as they were; everything else stays."""
    assert now.release is not None
    ledger = workspace.ledger
    graph = bind_released(workspace, now).graph
    if node not in graph.nodes:
        fix = did_you_mean(str(node), map(str, graph.nodes))
        raise UsageError(Issue(code="E713", what=f"unknown node `{node}`", fix=fix))
    chosen = {node, *graph.downstream([node])}
    records = ledger.definitions(then.definitions[n] for n in chosen if n in then.definitions)
    _require_files(workspace, then, chosen)
    definitions: dict[NodeId, DefinitionRecord | None] = {
        n: records[then.definitions[n]] if n in then.definitions else None for n in chosen
    }
    states: dict[NodeId, State | str | None] = {n: then.state_ids.get(n) for n in chosen}
    tree = ledger.put_tree(_merged_tree(now, then, graph, chosen))
    draft = Publication(
        environment=environment,
        expected=now.release.number,
        base=now.release.number,
        at=workspace.clock.now,
        author=workspace.author,
        sort="rollback",
        reason=reason or f"{node} back to #{then.release.number if then.release else ''}",
        tree=tree,
        definitions=definitions,
        states=states,
        barred=rejected_keys(now, then, chosen),
    )
    notes = publication_notes(workspace, now, draft) if environment == PROD else ()
    return ledger.publish(replace(draft, notes=notes))


def _merged_tree(
    now: ReleaseView, then: ReleaseView, graph: Graph, chosen: Iterable[NodeId]
) -> Mapping[str, str]:
    """The files of today, with those of the chosen nodes as they were."""
    current, before = now.tree(), then.tree()
    files = dict(current.files) if current is not None else {}
    old = before.files if before is not None else {}
    for node_id in chosen:
        for path in graph.nodes[node_id].definition.files:
            if path in old:
                files[path] = old[path]
            else:
                files.pop(path, None)
    return files


def rejected_keys(
    now: ReleaseView, then: ReleaseView, nodes: Iterable[NodeId]
) -> tuple[InputKey, ...]:
    """The input keys and deliveries that stand now and did not stand then."""
    found: set[InputKey] = set()
    for node in nodes:
        current = now.states.get(node, State(node=node))
        before = then.states.get(node, State(node=node))
        old_keys = {segment.input_key for _, segment in before.segments}
        if current.deliveries:
            old = {(d.name, d.sha256) for d in before.deliveries}
            new = {(d.name, d.sha256) for d in current.deliveries}
            found |= {(node, delivery_key(*delivery)) for delivery in new - old}
        else:
            found |= {
                (node, s.input_key) for _, s in current.segments if s.input_key not in old_keys
            }
    return tuple(sorted(found))


def _origin(ledger: Ledger, view: ReleaseView) -> int | None:
    """The release of `prod` on which a working environment stands."""
    release = view.release
    while release is not None and release.environment != PROD:
        release = ledger.release(release.parent) if release.parent is not None else None
    return release.number if release is not None else None


def _same(one: ReleaseView, other: ReleaseView) -> bool:
    same_states = not _different(one.state_ids, other.state_ids)
    return same_states and one.definitions == other.definitions


def _different(one: Mapping[NodeId, str], other: Mapping[NodeId, str]) -> dict[NodeId, str]:
    """The entries of `one` that `other` has not, or has otherwise."""
    return {node: state for node, state in one.items() if other.get(node) != state}
