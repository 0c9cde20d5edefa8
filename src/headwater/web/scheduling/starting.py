"""A command of the command line as a process of its own: the pages stay quick while it works.

It is told to stop as Ctrl-C tells it, so that what is published stays as it was.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headwater.project.scheduling import FiringStatus

#: How long a command waits for a run that somebody started by hand.
_WAIT_FOR_OTHERS_S: Final = "600"
_LOOK_EVERY_S: Final = 0.2
#: A run under way gets so long to end well.
_STOP_WITHIN_S: Final = 30.0
_OTHER_RUN: Final = re.compile(r"^E709\b", re.MULTILINE)
#: How much readers go before a command, where the system knows such a thing.
_NICENESS: Final = 5
_TELLING: Final = re.compile(r"^(?:E\d{3}\b|✖).*$", re.MULTILINE)
#: What the pages know and no command needs.
_KEPT_BACK: Final = ("HEADWATER_TOKEN",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where commands work: the project, and what the pages were started with."""

    root: Path
    environment: str
    profile: str | None = None
    now: str | None = None

    def arguments(self, command: Sequence[str]) -> list[str]:
        """The command as a process is given it."""
        options = ["--project", str(self.root), "--env", self.environment]
        options += ["--profile", self.profile] if self.profile else []
        options += ["--now", self.now] if self.now else []
        return [sys.executable, "-m", "headwater", *command, *options]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended, in one word and one line, and all that it printed."""

    status: FiringStatus
    text: str
    output: str
    duration_s: float


def run_command(target: Target, command: Sequence[str], stop: threading.Event) -> Ended:
    """Run a command to its end, or until `stop` is set."""
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - our own command, its arguments from definitions
        target.arguments(command),
        cwd=target.root,
        env=_environment(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # Ctrl-C in the terminal is for the server, which passes it on
    )
    _let_readers_go_first(process)
    stopped = False
    while True:
        try:
            output, _ = process.communicate(timeout=_LOOK_EVERY_S)
            break
        except subprocess.TimeoutExpired:
            if stop.is_set():
                stopped = True
                output = _stop(process)
                break
    duration_s = time.monotonic() - began
    if stopped:
        text = "the server stopped; it is caught up at the next start"
        return Ended(status="stopped", text=text, output=output, duration_s=duration_s)
    status = judge(process.returncode, output)
    return Ended(
        status=status,
        text=_told(status, process.returncode, output),
        output=output,
        duration_s=duration_s,
    )


def _let_readers_go_first(process: subprocess.Popen[str]) -> None:
    if hasattr(os, "setpriority"):
        with suppress(OSError):  # it ended already, or may not be told
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)


def judge(exit_code: int, output: str) -> FiringStatus:
    """What an exit code means.

    >>> judge(0, ""), judge(1, "E709 another run of `prod` is under way"), judge(1, "✖ held")
    ('done', 'skipped', 'problems')
    >>> judge(2, "E802 unknown"), judge(-9, "")
    ('failed', 'failed')
    """
    if exit_code == 0:
        return "done"
    if exit_code == 1:
        return "skipped" if _OTHER_RUN.search(output) else "problems"
    return "failed"


def _told(status: FiringStatus, exit_code: int, output: str) -> str:
    """The one line of an output that says most: the first problem, else the last line."""
    told = _TELLING.search(output) if status != "done" else None
    if told is not None:
        return told[0].strip()
    if exit_code < 0:
        return f"ended by signal {-exit_code}"
    lines = output.strip().splitlines()
    return lines[-1].strip() if lines else ""


def _stop(process: subprocess.Popen[str]) -> str:
    process.terminate()
    try:
        output, _ = process.communicate(timeout=_STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    return output


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in own.items() if name not in _KEPT_BACK}
    return {"HEADWATER_WAIT_S": _WAIT_FOR_OTHERS_S, **kept, "HEADWATER_USER": "schedule"}
