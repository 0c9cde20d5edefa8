"""The published model of a release: its version, its files, what scores."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.contracts.quoting import quote
from headwater.engines.protocol import InputRelation, Session
from headwater.errors import HeadwaterError, Issue, Place
from headwater.graph.node import Node
from headwater.ids import NodeId
from headwater.kinds.model.bind import ARTIFACT
from headwater.kinds.model.learn import missing_extra
from headwater.kinds.model.versions import model_digest, read_facts
from headwater.ledger import Version
from headwater.plan.state import State
from headwater.run.context import RunContext

if TYPE_CHECKING:
    from headwater.learning.scorer import Scorer

_FILES = "#model"


def version_with_key(
    node: NodeId, key: str, context: RunContext, digest: str = ""
) -> Version | None:
    """The newest version of an input key whose files are whole; with `digest`, an equal one."""
    for version in context.ledger.versions(node):
        build = context.ledger.builds([version.build]).get(version.build)
        if build is None or build.input_key != key:
            continue
        if digest and read_facts(version).digest != digest:
            continue
        if not any(context.lake.verify(file) for file in build.files):
            return version
    return None


def shown_version(node: NodeId, context: RunContext) -> Version | None:
    """The version that this run's environment shows."""
    state = context.states.get(node)
    return None if state is None else version_of_state(state, context)


def version_of_state(state: State, context: RunContext) -> Version | None:
    """The version that a state of a model is."""
    for _, segment in state.segments:
        return context.ledger.version_of(segment.build)
    return None


def read_artifact(
    state: State, session: Session, absolute: Callable[[str], Path], place: Place = Place()
) -> dict[str, bytes]:
    """The files of the model that a state holds, by name, each with the hash that it was given.

    `absolute` says where data files lie. Raises E044 where a file is cut short or was changed.
    """
    files = state.part("rows")
    shown = InputRelation(
        name=_FILES, schema=ARTIFACT, files=tuple(absolute(file.path) for file in files)
    )
    try:
        session.bind_inputs([shown])
        rows = session.fetch(f"SELECT file, content, sha256 FROM {quote(_FILES)}")
    except HeadwaterError as error:
        raise _damaged(state.node, error.issues[0].what, place) from None
    for name, content, sha256 in rows:
        if hashlib.sha256(content).hexdigest() != sha256:
            raise _damaged(state.node, f"`{name}` has another hash than when it was written", place)
    if not rows:
        raise _damaged(state.node, "it has no files", place)
    return {name: content for name, content, _ in rows}


def load_scorer(
    node: Node,
    state: State,
    version: Version,
    session: Session,
    absolute: Callable[[str], Path],
) -> Scorer:
    """What scores by the version that a state holds. Codes E026, E044, and those of its files.

    Libraries that are given what they never wrote may end the process: they see no byte that is
    not as the ledger recorded it, whatever hashes lie beside it.
    """
    files = read_artifact(state, session, absolute, node.definition.place)
    _require_recorded(files, version, node.definition.place)
    try:
        from headwater.learning.artifact import unpack

        return unpack(files)
    except ImportError as error:
        raise HeadwaterError(missing_extra(error)) from None


def _require_recorded(files: Mapping[str, bytes], version: Version, place: Place) -> None:
    """E044 where what scores is not what the ledger has a hash of."""
    if model_digest(files) != read_facts(version).digest:
        what = f"the files of {version} are not those that its training wrote"
        fix = f"`headwater rollback {version.node}`, or"
        fix = f"{fix} `headwater run --full-refresh {version.node}`"
        raise HeadwaterError(Issue(code="E044", what=what, place=place, fix=fix))


def _damaged(node: NodeId, why: str, place: Place) -> HeadwaterError:
    return HeadwaterError(
        Issue(
            code="E044",
            what=f"the files of {node} are not what was written: {why}",
            place=place,
            fix=f"`headwater rollback {node}`, or `headwater run --full-refresh {node}`",
        )
    )
