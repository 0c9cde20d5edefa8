"""The published model of a release: its version, its files, what scores."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.contracts.quoting import quote
from headwater.engines.protocol import InputRelation, Session
from headwater.errors import HeadwaterError, Issue, Place
from headwater.ids import NodeId
from headwater.kinds.model.bind import ARTIFACT
from headwater.kinds.model.learn import missing_extra
from headwater.kinds.model.versions import model_digest, read_facts
from headwater.ledger import Version
from headwater.plan.state import DataFile, State
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
    version: Version,
    files: Iterable[DataFile],
    session: Session,
    absolute: Callable[[str], Path],
    place: Place = Place(),
) -> dict[str, bytes]:
    """The files of a model by name, as its training wrote them; they lie in the data files given.

    `absolute` says where data files lie. Raises E044 where one is cut short, was changed, or is not
    what the ledger recorded of the version.
    """
    paths = tuple(absolute(file.path) for file in files)
    try:
        session.bind_inputs([InputRelation(name=_FILES, schema=ARTIFACT, files=paths)])
        rows = session.fetch(f"SELECT file, content, sha256 FROM {quote(_FILES)}")
    except HeadwaterError as error:  # its text names a path, which is nobody's who asks for scores
        raise _damaged(version, "its data file is missing or cut short", place) from error
    for name, content, sha256 in rows:
        if hashlib.sha256(content).hexdigest() != sha256:
            raise _damaged(version, f"`{name}` has another hash than when it was written", place)
    found = {name: content for name, content, _ in rows}
    # Libraries that are given what they never wrote may end the process: whatever hashes lie beside
    # it, they see no byte that is not as the ledger recorded it.
    if model_digest(found) != read_facts(version).digest:
        raise _damaged(version, "they are not those that the ledger recorded", place)
    return found


def load_scorer(
    version: Version,
    files: Iterable[DataFile],
    session: Session,
    absolute: Callable[[str], Path],
    place: Place = Place(),
) -> Scorer:
    """What scores by a version. Codes E026, E044, and those of its files."""
    found = read_artifact(version, files, session, absolute, place)
    try:
        from headwater.learning.artifact import unpack

        return unpack(found)
    except ImportError as error:
        raise HeadwaterError(missing_extra(error)) from None


def _damaged(version: Version, why: str, place: Place) -> HeadwaterError:
    return HeadwaterError(
        Issue(
            code="E044",
            what=f"the files of {version} are not what was written: {why}",
            place=place,
            fix=f"`headwater rollback {version.node}`,"
            f" or `headwater run --full-refresh {version.node}`",
        )
    )
