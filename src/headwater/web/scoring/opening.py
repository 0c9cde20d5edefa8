"""The scoring of a site: where its models come from, and where what was served is written."""

from __future__ import annotations

from headwater.project.serving.log import RequestLog
from headwater.project.serving.runtime import Runtime
from headwater.project.workspace import STATE_FOLDER
from headwater.web.context import Site, Snapshot
from headwater.web.scoring.serving import Load, Serving, Wanted


def serving_of(site: Site, load: Load | None = None) -> Serving:
    """Scoring, not begun."""
    folder = site.workspace.root / STATE_FOLDER / "served"
    return Serving(site, load or load_models, RequestLog(folder))


def load_models(snapshot: Snapshot, wanted: Wanted) -> Runtime | None:
    """The models of a release that score on request, and the versions that are tried."""
    del snapshot, wanted
    return None
