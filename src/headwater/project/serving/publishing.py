"""Which version of a model a release shows."""

from __future__ import annotations

from headwater.ids import NodeId
from headwater.project.release_view import ReleaseView


def published_version(view: ReleaseView, model: str) -> int | None:
    """The number of the version of a model that a release shows; None where there is none."""
    state = view.states.get(NodeId("model", model))
    builds = {segment.build for _, segment in state.segments} if state is not None else set()
    versions = [view.ledger.version_of(build) for build in builds]
    return max((version.number for version in versions if version is not None), default=None)
