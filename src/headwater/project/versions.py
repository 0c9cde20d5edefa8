"""Versions of a model: which is published, publishing another one, going back to the one before.

Only the model moves. Its scores stay, each with the version that made it: a number that was given
to somebody is not taken back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from headwater.errors import HeadwaterError, Issue, UsageError, did_you_mean
from headwater.graph.graph import Graph
from headwater.graph.node import Node
from headwater.ids import ALL_TIME, DataInterval, IntervalMap, NodeId
from headwater.kinds.model.definition import ModelDefinition
from headwater.kinds.model.versions import gate_text, read_facts
from headwater.ledger import Ledger, Note, Publication, Release, ReleaseSort, Version
from headwater.plan.should import expected_contents, input_key
from headwater.plan.state import Build, Segment, State
from headwater.project.recording import exclusive
from headwater.project.release_view import ReleaseView, head_of
from headwater.project.releasing import bind_released
from headwater.project.workspace import Workspace

_NAMED = re.compile(r"(?P<node>\w+\.\w+|\w+)@(?P<number>\d{1,9})\Z")
#: The sort of a note: a version was published although it failed its gates, and why.
FORCED = "forced version"


def names_a_version(text: str) -> bool:
    """Whether a text is `model.churn@7` or `churn@7`, and no environment or node.

    >>> names_a_version("model.churn@7"), names_a_version("churn@7"), names_a_version("try")
    (True, True, False)
    """
    return _NAMED.match(text) is not None


def find_version(ledger: Ledger, text: str) -> Version:
    """The version that `model.churn@7` or `churn@7` names. Code E049."""
    match = _NAMED.match(text)
    node = find_trained(ledger, match["node"] if match is not None else text)
    if match is None:
        what, fix = f"`{text}` names no version", f"write it as `{node}@7`"
        raise UsageError(Issue(code="E049", what=what, fix=fix))
    return ledger.version(node, int(match["number"]))


def find_trained(ledger: Ledger, text: str) -> NodeId:
    """The model with versions that `model.churn` or `churn` names. Code E049."""
    known = {str(version.node): version.node for version in ledger.versions()}
    known |= {node.name: node for node in known.values()}
    if text not in known:
        fix = did_you_mean(text, known, "`headwater versions` lists all")
        what = f"there are no versions of `{text}`"
        raise UsageError(Issue(code="E049", what=what, fix=fix))
    return known[text]


def find_model(graph: Graph, text: str) -> NodeId:
    """The model of a name or id. Code E801."""
    models = [
        node.id for node in graph.nodes.values() if isinstance(node.definition, ModelDefinition)
    ]
    known = {model.name: model for model in models} | {str(model): model for model in models}
    if text in known:
        return known[text]
    fix = did_you_mean(text, known, "`headwater ls kind:model` lists all")
    raise UsageError(Issue(code="E801", what=f"unknown model `{text}`", fix=fix))


def model_of(workspace: Workspace, text: str) -> NodeId | None:
    """The node with versions that `model.churn` or `churn` names; None where it names none."""
    known = {str(version.node): version.node for version in workspace.ledger.versions()}
    return known.get(text)


def published_version(ledger: Ledger, view: ReleaseView, node: NodeId) -> Version | None:
    """The version that a release shows; None where it shows none."""
    state = view.states.get(node)
    for _, segment in state.segments if state is not None else ():
        return ledger.version_of(segment.build)
    return None


def published_in(ledger: Ledger, node: NodeId) -> Mapping[int, int]:
    """Version → the release in which it first became visible."""
    versions = ledger.versions(node)
    shown = ledger.shown_in(version.build for version in versions)
    return {v.number: shown[v.build] for v in versions if v.build in shown}


def promote_version(
    workspace: Workspace, environment: str, text: str, *, reason: str = "", force: bool = False
) -> Release:
    """Publish a version as it is, without building anything.

    It stands for the data that the environment has now: the next new training takes its place.
    Codes E046 (it failed its gates), E047 (it is published already), E048 (other features), E049
    (unknown).
    """
    version = find_version(workspace.ledger, text)
    facts = read_facts(version)
    if not version.passed and not (force and reason):
        failed = "; ".join(map(gate_text, facts.failed))
        fix = f'`headwater promote {version} --force --reason "…"` publishes it all the same'
        raise HeadwaterError(Issue(code="E046", what=f"{version} fails {failed}", fix=fix))
    return _publish(workspace, environment, version, "promotion", reason, force=force)


def rollback_version(
    workspace: Workspace,
    environment: str,
    node: NodeId,
    *,
    to: int | None = None,
    reason: str = "",
) -> Release:
    """Publish the version that was published before this one, or in the release `to`. Code E712."""
    ledger = workspace.ledger
    head = head_of(ledger, environment)
    now = published_version(ledger, ReleaseView.of(ledger, head), node)
    if to is not None:
        before = published_version(ledger, ReleaseView.of(ledger, ledger.release(to)), node)
    else:
        before = _before(ledger, environment, node, now)
    if before is None:
        what = f"nothing of {node} was published before"
        fix = f"`headwater versions {node}` lists what was trained"
        raise HeadwaterError(Issue(code="E712", what=what, fix=fix))
    said = reason or f"{node} back to @{before.number}"
    return _publish(workspace, environment, before, "rollback", said, force=True)


def _before(ledger: Ledger, environment: str, node: NodeId, now: Version | None) -> Version | None:
    """The version that an environment showed before; what was taken back counts no more."""
    releases = reversed(ledger.releases(environment, limit=None))
    held = [(each, ledger.resolve(each.number).states.get(node)) for each in releases]
    states = ledger.states({state for _, state in held if state is not None})
    versions = {version.build: version for version in ledger.versions(node)}
    shown: list[Version] = []
    for release, state in held:
        builds = [s.build for _, s in states[state].segments] if state is not None else []
        version = versions.get(builds[0]) if builds else None
        if version is None or (shown and version == shown[-1]):
            continue
        if release.sort == "rollback" and version in shown:
            del shown[shown.index(version) + 1 :]
        else:
            shown.append(version)
    return shown[-2] if len(shown) > 1 and shown[-1] == now else None


def _publish(
    workspace: Workspace,
    environment: str,
    version: Version,
    sort: ReleaseSort,
    reason: str,
    *,
    force: bool,
) -> Release:
    ledger = workspace.ledger
    with exclusive(workspace, environment):
        now = ReleaseView.of(ledger, head_of(ledger, environment))
        assert now.release is not None
        if published_version(ledger, now, version.node) == version:
            what = f"{version} is what `{environment}` shows already"
            raise HeadwaterError(Issue(code="E047", what=what))
        build = ledger.builds([version.build])[version.build]
        _require_files(workspace, version, build)
        state = _state(workspace, now, version, build, force=force)
        release = ledger.publish(
            Publication(
                environment=environment,
                expected=now.release.number,
                base=now.release.number,
                at=workspace.clock.now,
                author=workspace.author,
                sort=sort,
                reason=reason or f"{version}",
                states={version.node: state},
                builds=(build,),
                notes=_notes(workspace, version, reason),
            )
        )
        workspace.lake.write_epoch(ledger.epoch)
        return release


def _require_files(workspace: Workspace, version: Version, build: Build) -> None:
    """E044 where the version's own files are not whole."""
    wrong = [workspace.lake.verify(file) for file in build.files]
    for issue in wrong:
        if issue is not None:
            what = f"the files of {version} are not what was written: {issue.what}"
            raise HeadwaterError(replace(issue, code="E044", what=what))


def _state(
    workspace: Workspace, view: ReleaseView, version: Version, build: Build, *, force: bool
) -> State:
    """The model's state with the version in it, under the input key that it should have now.

    So nothing is stale, and no run trains again or takes another version, before data change.
    """
    node = bind_released(workspace, view).graph.nodes.get(version.node)
    if node is None:
        what = f"`{version.node}` is not defined in what is released"
        raise UsageError(Issue(code="E713", what=what, fix="release its definition first"))
    if not force:
        _require_features(node, version)
    expected = expected_contents(node, view.states, workspace.zone)
    wanted: list[tuple[DataInterval, str]] = [(i, input_key(c)) for i, c in expected]
    segments = wanted or [(ALL_TIME, build.input_key)]
    return State(
        node=version.node,
        schema=build.schema,
        segments=IntervalMap.of(
            (interval, Segment(build.id, key, build.contents)) for interval, key in segments
        ),
        files=build.files,
    )


def _require_features(node: Node, version: Version) -> None:
    """E048 where the version learnt from features that mean something else now."""
    assert isinstance(node.definition, ModelDefinition)
    trained = read_facts(version).views
    sets = node.definition.inputs.sets
    changed = [each.view for each in sets if trained.get(each.view) != each.digest]
    if changed:
        what = f"{version} was trained on other features than `{changed[0]}` has now"
        fix = f"train again, or `headwater promote {version} --force` if they are the same to it"
        raise HeadwaterError(Issue(code="E048", what=what, fix=fix))


def _notes(workspace: Workspace, version: Version, reason: str) -> tuple[Note, ...]:
    """Who published a version that failed, and why."""
    if version.passed:
        return ()
    return (
        Note(
            sort=FORCED,
            node=version.node,
            text=f"{version}, which failed its gates: {reason}",
            at=workspace.clock.now,
            author=workspace.author,
        ),
    )
