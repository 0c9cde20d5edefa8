"""What the process that keeps the schedule does for scores: it fills the store, and judges."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime
from typing import Final

from headwater.project.serving.deploying import (
    Deployment,
    Outcome,
    end,
    is_recommended,
    live_deployments,
    recommend,
)
from headwater.project.serving.gating import Standing, judge
from headwater.project.serving.judging import standing_of
from headwater.project.serving.log import tend_log
from headwater.project.serving.runtime import Runtime
from headwater.web.scheduling.keeper import Keeper
from headwater.web.scheduling.starting import Target, run_command
from headwater.web.scoring.serving import Serving

_LOG: Final = logging.getLogger("headwater.web")
_EVERY_S: Final = 60.0
_LOOK_EVERY_S: Final = 2.0
_AUTHOR: Final = "schedule"


class ScoreKeeper:
    """Judges challengers each minute, tends the log of requests, and fills the store.

    Only while it keeps the schedule. What takes long is a command of its own, as all that a
    schedule starts.
    """

    def __init__(self, serving: Serving, keeper: Keeper, target: Target) -> None:
        self._serving = serving
        self._keeper = keeper
        self._target = target
        self._stop = threading.Event()
        self._filled: tuple[int, float] = (0, 0.0)  # release that was filled last, and when
        self._thread = threading.Thread(
            target=self._work, name="headwater-challengers", daemon=True
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a promotion under way is told to stop, and waited for."""
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        tended_s = time.monotonic()
        while not self._stop.wait(_LOOK_EVERY_S):
            if not self._keeper.is_keeping:
                continue
            try:
                self.fill()
                if time.monotonic() - tended_s >= _EVERY_S:
                    tended_s = time.monotonic()
                    self.tend()
            except Exception:  # noqa: BLE001 - the next minute may do better
                _LOG.warning("the store was not filled, or nothing judged", exc_info=True)

    def fill(self) -> None:
        """Fill the store where its values are of an older release; once a minute at most."""
        runtime = self._serving.ready.runtime
        if runtime is None or not _is_behind(runtime):
            return
        release, at_s = self._filled
        if release == runtime.release and time.monotonic() - at_s < _EVERY_S:
            return
        self._filled = (runtime.release, time.monotonic())
        ended = run_command(self._target, ("online", "sync"), self._stop)
        if ended.status not in ("done", "stopped"):
            _LOG.warning("the online store was not filled: %s", ended.text)

    def tend(self) -> None:
        """Judge every challenger; merge what was logged, and forget what is old."""
        for deployment in live_deployments(self._serving.ledger).values():
            self._judge(deployment)
        runtime, folder = self._serving.ready.runtime, self._serving.log.folder
        if runtime is not None:
            for name in runtime.published:
                tend_log(folder, name, self._serving.now, runtime.model(name).policy.keep)

    def _judge(self, deployment: Deployment) -> None:
        serving = self._serving
        published = serving.ready.models.get(deployment.model)
        if published == deployment.version:
            self._end(deployment, "promoted", "published by hand")
        elif published != deployment.champion:
            now = "nothing" if published is None else f"@{published}"
            self._end(deployment, "stopped", f"{now} is published now")
        elif serving.is_left_out(deployment):
            self._end(deployment, "rolled back", "it cannot be loaded; the server's log says why")
        else:
            serving.log.flush()
            self._decide(deployment, standing_of(serving.project, deployment))

    def _decide(self, deployment: Deployment, standing: Standing) -> None:
        verdict = judge(deployment, standing, datetime.now(UTC))
        if verdict.action == "wait":
            return
        ledger, at = self._serving.ledger, self._serving.now
        if deployment.manual:
            if not is_recommended(ledger, deployment):
                text = f"{verdict.action} it: {verdict.text}"
                recommend(ledger, deployment, text, at=at, standing=standing)
        elif verdict.action == "roll back":
            self._end(deployment, "rolled back", verdict.text, standing)
        else:
            self._promote(deployment, verdict.text, standing)

    def _promote(self, deployment: Deployment, text: str, standing: Standing) -> None:
        named = f"{deployment.node}@{deployment.version}"
        command = ("promote", named, "--reason", f"challenger: {text}")
        ended = run_command(self._target, command, self._stop)
        if ended.status == "done":
            self._end(deployment, "promoted", text, standing)
        elif ended.status not in ("skipped", "stopped"):  # those are tried again in a minute
            self._end(deployment, "stopped", f"it could not be promoted: {ended.text}", standing)

    def _end(
        self, deployment: Deployment, outcome: Outcome, text: str, standing: Standing | None = None
    ) -> None:
        ledger, at = self._serving.ledger, self._serving.now
        end(ledger, deployment, outcome, text, at=at, author=_AUTHOR, standing=standing)


def _is_behind(runtime: Runtime) -> bool:
    """Whether values that models read are of an older release, or were never written."""
    tables = runtime.reader.store.tables()
    used = {
        view.table
        for versions in runtime.models.values()
        for model in versions.values()
        for view in model.views
    }
    return any(table not in tables or tables[table].release < runtime.release for table in used)
