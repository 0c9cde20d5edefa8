"""The scoring of a site: where its models come from, and where what was served is written."""

from __future__ import annotations

from headwater.project.serving.log import FOLDER, RequestLog
from headwater.project.serving.reading import StoreReader
from headwater.project.serving.released import Released, load_runtime
from headwater.project.serving.runtime import Runtime
from headwater.web.context import Site, Snapshot
from headwater.web.scoring.serving import Load, Serving, Wanted


def serving_of(site: Site, load: Load | None = None) -> Serving:
    """Scoring, not begun."""
    folder = site.workspace.state_folder / FOLDER
    return Serving(site, load or ReleasedModels(site), RequestLog(folder))


class ReleasedModels:
    """Loads the models of releases; what was read of the store last outlives each of them."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._reader: StoreReader | None = None

    def __call__(self, snapshot: Snapshot, wanted: Wanted) -> Runtime | None:
        """The models of a release that score on request, and the versions that are tried."""
        released = Released(workspace=snapshot.workspace, view=snapshot.view, bound=snapshot.bound)
        if not released.models:
            return None
        if self._reader is None:
            self._reader = StoreReader(self._site.workspace.online)
        return load_runtime(released, self._reader, wanted)
