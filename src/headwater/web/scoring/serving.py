"""What scoring answers from, kept new by a thread of its own.

A request takes `ready` once and holds on to it: a release, a promotion or a rollback puts another
one in its place and touches nobody who is under way.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from headwater.errors import HeadwaterError, did_you_mean
from headwater.ledger import Ledger
from headwater.online.model import OnlineError
from headwater.project import Project
from headwater.project.keys import ApiKey, read_keys
from headwater.project.serving.deploying import Deployment, live_deployments
from headwater.project.serving.log import RequestLog
from headwater.project.serving.model import OnlineModel
from headwater.project.serving.runtime import Runtime
from headwater.project.versions import published_version
from headwater.web.context import Site, Snapshot
from headwater.web.scoring.admission import Admission
from headwater.web.scoring.figures import Figures, Gauge, age_s
from headwater.web.scoring.refusing import RETRY_AFTER_S, Refusal

_LOG: Final = logging.getLogger("headwater.web")
_LOOK_EVERY_S: Final = 0.5

#: Model → versions to be loaded besides the published one.
Wanted = Mapping[str, int]
Load = Callable[[Snapshot, Wanted], Runtime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """One state of affairs: models, challengers, keys."""

    runtime: Runtime | None = None
    #: All that are released, online or not, and the version that is.
    models: Mapping[str, int | None] = field(default_factory=dict)
    deployments: Mapping[str, Deployment] = field(default_factory=dict)
    keys: tuple[ApiKey, ...] = ()
    problem: HeadwaterError | None = None  # why the newest release is not served

    def model(self, name: str) -> OnlineModel:
        """The published version of a model. Codes E062 (404), E063 (409), E074 (503)."""
        if self.runtime is not None and name in self.runtime.published:
            return self.runtime.model(name)
        if name not in self.models:
            fix = did_you_mean(name, self.models, "`GET /v1/models` lists them")
            raise Refusal.of(404, "E062", f"there is no model `{name[:80]}`", fix)
        if self.problem is not None:
            raise Refusal(
                503, *self.problem.issues, headers={"retry-after": str(RETRY_AFTER_S)}
            ) from self.problem
        fix = "`scores: {online: true}` in its file, and a run; or read its table of scores"
        raise Refusal.of(409, "E063", f"model.{name} gives no scores on request", fix)


class Serving:
    """Scoring of one site."""

    def __init__(self, site: Site, load: Load, log: RequestLog) -> None:
        self._site = site
        self._load = load
        self._loaded: tuple[int, Wanted] | None = None
        self._tried: Mapping[str, Deployment] = {}  # also what could not be loaded
        self._note = -1  # the newest of the ledger that was looked at
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._looking = threading.Lock()
        self.ready = Ready()
        self.log = log
        self.shadows_dropped = 0
        self.admission = Admission(site.options, lambda: self.ready.keys)
        self.figures = Figures(self._standing)
        fixed = site.workspace.now or site.workspace.settings.now
        self._fixed = site.workspace.clock.now.astimezone(UTC) if fixed else None

    @property
    def project(self) -> Project:
        """The project as its newest release shows it."""
        return self._site.newest.project

    @property
    def ledger(self) -> Ledger:
        """The ledger of the project."""
        return self._site.workspace.ledger

    @property
    def now(self) -> datetime:
        """The instant that counts as now."""
        return self._fixed or datetime.now(UTC)

    def start(self) -> None:
        """Load what is released, then follow."""
        self._look_safely()
        self._thread = threading.Thread(target=self._follow, name="headwater-scores", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop following, and write what was served."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.log.close()

    def look(self) -> None:
        """Take up new keys, deployments and releases."""
        with self._looking:
            ledger = self.ledger
            note = ledger.mark(self._site.environment).note
            if note != self._note:
                keys = read_keys(ledger)
                self.ready = replace(self.ready, keys=keys)  # at once: models may take a while
                self._tried = live_deployments(ledger)
                self._note = note
            self._take(self._site.newest)

    def is_left_out(self, deployment: Deployment) -> bool:
        """Whether a challenger was to be loaded, and could not be."""
        with self._looking:
            tried = self._tried.get(deployment.model)
            is_looked_at = tried is not None and tried.id == deployment.id
            return is_looked_at and deployment.model not in self.ready.deployments

    def _take(self, snapshot: Snapshot) -> None:
        """Serve a release with its challengers."""
        tried = self._tried
        release = snapshot.release.number if snapshot.release is not None else 0
        wanted = {model: each.version for model, each in tried.items()}
        models, runtime, problem = self.ready.models, self.ready.runtime, self.ready.problem
        if (release, wanted) != self._loaded:
            models = published_versions(snapshot)
            try:
                runtime, problem = self._load_with(snapshot, wanted), None
            except HeadwaterError as error:  # the older models go on
                problem = error
                _LOG.warning("#%s cannot be served: %s", release, error)
            models = {**models, **(runtime.published if runtime is not None else {})}
            self._loaded = (release, wanted)
        known = runtime.models if runtime is not None else {}
        self.ready = replace(
            self.ready,
            runtime=runtime,
            models=models,
            deployments={m: d for m, d in tried.items() if d.version in known.get(m, ())},
            problem=problem,
        )

    def _load_with(self, snapshot: Snapshot, wanted: Wanted) -> Runtime | None:
        """The models of a release; a challenger that cannot be loaded is left out, and ends."""
        try:
            return self._load(snapshot, wanted)
        except HeadwaterError as error:
            if not wanted:
                raise
            _LOG.warning("a challenger cannot be loaded: %s", error)
            return self._load(snapshot, {})

    def _follow(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            self._look_safely()

    def _look_safely(self) -> None:
        try:
            self.look()
        except Exception:  # noqa: BLE001 - what is loaded goes on, and the next look may do better
            _LOG.warning("keys, deployments or models could not be read anew", exc_info=True)

    def _standing(self) -> Iterable[Gauge]:
        """What `/metrics` tells besides counts."""
        ready = self.ready
        yield (
            "headwater_request_log_dropped",
            "Answers that the request log had no room for.",
            (),
            [((), self.log.dropped)],
        )
        yield (
            "headwater_shadow_dropped",
            "Requests that a challenger in shadow had no time for.",
            (),
            [((), self.shadows_dropped)],
        )
        runtime = ready.runtime
        if runtime is None:
            return
        info: list[tuple[tuple[str, ...], float]] = []
        for model, version in runtime.published.items():
            info.append(((model, str(version), "champion", str(runtime.release)), 1))
        for model, each in ready.deployments.items():
            role = "shadow" if each.is_shadow else "challenger"
            info.append(((model, str(each.version), role, str(runtime.release)), 1))
        labels = ("model", "version", "role", "release")
        yield ("headwater_model_info", "Versions that answer, and as what.", labels, info)
        yield (
            "headwater_feature_age_seconds",
            "How old the values that are kept online are.",
            ("view",),
            [((view,), age) for view, age in self.ages(runtime).items()],
        )

    def ages(self, runtime: Runtime) -> Mapping[str, float]:
        """Seconds since the moment that each view's values are of; none where the store is down."""
        views = {
            view.table: view.features.view
            for versions in runtime.models.values()
            for model in versions.values()
            for view in model.views
        }
        try:
            tables = runtime.reader.store.tables()
        except OnlineError:
            return {}
        now = self.now
        return {
            views[table]: age_s(freshness.at, now)
            for table, freshness in tables.items()
            if table in views
        }


def published_versions(snapshot: Snapshot) -> Mapping[str, int | None]:
    """The models of a release, each with the number of the version that is published."""
    nodes = [node for node in snapshot.bound.graph.nodes if node.kind == "model"]
    found = ((n.name, published_version(snapshot.ledger, snapshot.view, n)) for n in nodes)
    return {name: version.number if version is not None else None for name, version in found}
