"""Runs projects in processes of their own, which can be killed.

`runner.py` imports Headwater once and then forks a process for each line of its input, so that a
hundred kills take seconds: `STOP DELAY SIGNAL ROOT`, where the process kills itself at the STOP-th
call inside the publishing of a release (0: it does not), and gets SIGNAL after DELAY seconds
(negative: it does not). It answers with how the process ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

REPOSITORY = Path(__file__).parents[3]


@dataclass
class Zygote:
    """The parent of all runs, from the side of a test."""

    process: subprocess.Popen[str]

    def begin(
        self, root: Path, *, stop: int = 0, delay_s: float = -1, sent: int = signal.SIGKILL
    ) -> None:
        """Start a run; `ended` says what became of it."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{stop} {delay_s} {int(sent)} {root}\n")
        self.process.stdin.flush()

    def ended(self) -> int:
        """Wait for the end of the run begun last; its exit code, or minus the signal."""
        return int(self._line())

    def run(
        self, root: Path, *, stop: int = 0, delay_s: float = -1, sent: int = signal.SIGKILL
    ) -> int:
        """Start a run and wait for its end."""
        self.begin(root, stop=stop, delay_s=delay_s, sent=sent)
        return self.ended()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@contextmanager
def zygote(**environment: str) -> Iterator[Zygote]:
    """A parent of runs; it ends with the test."""
    paths = os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "src")])
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.run.runner"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": paths, **environment},
    ) as process:
        try:
            yield Zygote(process)
        finally:
            process.kill()


def _serve() -> None:
    import duckdb  # noqa: F401 - imported once, for all
    import pyarrow as pa  # noqa: F401
    import sqlalchemy as sa  # noqa: F401

    import headwater.kinds.source.read
    import headwater.kinds.table.sqlfile  # noqa: F401
    from headwater.engines.duckdb import DuckDBEngine  # noqa: F401
    from headwater.project import Project  # noqa: F401

    for line in sys.stdin:
        stop, delay_s, sent, root = line.rstrip("\n").split(" ", 3)
        child = os.fork()
        if child == 0:
            os._exit(_run(root, int(stop)))
        print(_watch(child, float(delay_s), int(sent)), flush=True)


def _watch(child: int, delay_s: float, sent: int) -> int:
    """Send the signal in time; how the process ended. Its id stays its own until then."""
    until = time.monotonic() + delay_s
    while delay_s >= 0 and time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.001)
    if delay_s >= 0:
        os.kill(child, sent)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _run(root: str, stop: int) -> int:
    from dataclasses import replace

    from headwater.errors import HeadwaterError
    from headwater.project import Project

    if stop:
        _die_in_publish(stop)
    try:
        with Project.open(root) as project:
            report = project.run(replace(project.request(), apply=True))
    except HeadwaterError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 1 if report.failed else 0


def _die_in_publish(stop: int) -> None:
    """Kill this process at the stop-th call of Python code inside `publish`."""
    left = stop
    inside = False

    def watch(frame: FrameType, event: str, _: object) -> None:
        nonlocal left, inside
        if event not in ("call", "return"):
            return  # a C function, called from this frame
        code = frame.f_code
        if code.co_name == "publish" and code.co_filename.endswith("run/publish.py"):
            inside = event == "call"
        if inside and event == "call":
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)


if __name__ == "__main__":
    _serve()
