"""`run` without news: known from a stamp, before the project is opened at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from headwater.project.unchanged import Stamp
from headwater.project.workspace import find_root

if TYPE_CHECKING:
    from headwater.cli.calls import Call
    from headwater.project import Project
    from headwater.project.recording import RunReport


class News:
    """What a run of everything has to look at; taken before anything is read."""

    def __init__(self, call: Call) -> None:
        root = find_root(Path(call.project)) if call.project is not None else find_root()
        self._call = call
        self._stamp = Stamp(root, call.env, call.profile)

    def tell_none(self) -> bool:
        """Say that there is nothing to do, where that is known; whether it is."""
        release = self._stamp.release()
        if release is None:
            return False
        if self._call.json:
            self._call.screen.data(
                {
                    "run": None,
                    "environment": self._call.env,
                    "release": release,
                    "failed": False,
                    "seconds": 0.0,
                    "releases": [],
                    "nodes": [],
                    "edited": [],
                    "barred": [],
                }
            )
        else:
            said = f"Nothing to do: everything is up to date (release #{release})."
            self._call.screen.line(f"{said} Nothing has changed since the last run.")
        return True

    def settled(self, project: Project, report: RunReport) -> Settled | None:
        """What to keep of a run after which another one would do nothing."""
        head = project.view.release
        ledger = project.local_ledger
        left = report.failed or report.edited or report.barred or project.bound.errors
        if left or head is None or ledger is None:
            return None
        return Settled(self._stamp, head.number, ledger)


class Settled:
    """A release that is up to date; kept once the ledger is closed and its file at rest."""

    def __init__(self, stamp: Stamp, release: int, ledger: Path) -> None:
        self._stamp = stamp
        self._release = release
        self._ledger = ledger

    def keep(self) -> None:
        """Spare the next run the looking."""
        self._stamp.keep(self._release, self._ledger)
