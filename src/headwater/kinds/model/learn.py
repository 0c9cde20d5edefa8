"""One training in a process of its own: `python -m headwater.kinds.model.learn FOLDER`.

Learning libraries hold their threads, their memory and sometimes the interpreter for long; apart,
a training can be stopped at any moment and leaves nothing behind. The folder has `job.json`,
`rows.arrow`, evidence for the audit and `champion/`; the model's files go to `model/`, a user's
mistakes to `issues.json`. When whoever started it dies, its standard input ends, and so does this.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.definitions.codec import codec_of
from headwater.definitions.modules import load_callable
from headwater.errors import HeadwaterError, Issue, Place
from headwater.learning.model import LearningSpec

if TYPE_CHECKING:
    import pyarrow as pa

    from headwater.learning.scorer import Scorer

JOB, ISSUES, MODEL, CHAMPION = "job.json", "issues.json", "model", "champion"
ROWS, LAGGED, FROZEN = "rows.arrow", "lagged.arrow", "frozen.arrow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of a source's load times; the fields of `learning.audit.Availability`."""

    source: str
    is_told: bool = True
    is_used: bool = True
    corrections: int = 0
    merged: int = 0
    missing_files: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything about a training that is no rows."""

    spec: LearningSpec
    threads: int = 2
    tree: str = ""  # the folder of the definitions, where a function lies
    cut: datetime | None = None  # of the frozen rows, local
    availability: tuple[Told, ...] = ()


def write_job(folder: Path, job: Job) -> None:
    """Where `read_job` finds it."""
    (folder / JOB).write_text(json.dumps(codec_of(Job).write(job)), encoding="utf-8")


def read_job(folder: Path) -> Job:
    """What `write_job` wrote."""
    found: Job = codec_of(Job).read(json.loads((folder / JOB).read_text(encoding="utf-8")))
    return found


def write_issues(folder: Path, issues: tuple[Issue, ...]) -> None:
    """What is wrong, for whoever waits."""
    place = codec_of(tuple[Issue, ...]).write(issues)
    (folder / ISSUES).write_text(json.dumps(place), encoding="utf-8")


def read_issues(folder: Path) -> tuple[Issue, ...]:
    """What `write_issues` wrote; empty if it did not."""
    path = folder / ISSUES
    if not path.is_file():
        return ()
    found: tuple[Issue, ...] = codec_of(tuple[Issue, ...]).read(json.loads(path.read_text()))
    return found


def learn(folder: Path) -> None:
    """Train on what lies in the folder; the files of the model are there afterwards."""
    from headwater.learning.artifact import pack
    from headwater.learning.audit import Availability, Evidence, audit_rows
    from headwater.learning.fitting import fit
    from headwater.learning.reporting import report_of

    job = read_job(folder)
    rows = _read_rows(folder / ROWS)
    assert rows is not None
    trained = fit(rows, job.spec, threads=job.threads, make=_function(job))
    evidence = Evidence(
        lagged=_read_rows(folder / LAGGED),
        frozen=_read_rows(folder / FROZEN),
        cut=job.cut,
        availability=tuple(
            Availability(**{name: getattr(told, name) for name in Told.__slots__})
            for told in job.availability
        ),
    )
    leaks = audit_rows(rows, trained, job.spec, evidence) if job.spec.leakage else ()
    report = report_of(trained, rows, job.spec, champion=_champion(folder), leaks=leaks)
    target = folder / MODEL
    target.mkdir()
    for name, content in pack(trained.model, report).items():
        (target / name).write_bytes(content)


def _function(job: Job) -> Callable[[], Any] | None:
    """What a model in Python calls for each training. Codes E034, E109."""
    path = job.spec.function
    if not path:
        return None
    with _telling(path):
        function = load_callable(job.tree, path, Path(path).stem)

    def make() -> Any:
        with _telling(path):
            return function()

    return make


@contextmanager
def _telling(path: str) -> Iterator[None]:
    """What a user's module or function raises is told with the last line of it that ran."""
    try:
        yield
    except HeadwaterError:
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename.endswith(path)]
        said = str(error).strip().partition("\n")[0]
        what = f"{type(error).__name__}: {said}" if said else type(error).__name__
        place = Place(path, (lines[-1] or 0) if lines else 1)
        raise HeadwaterError(Issue(code="E034", what=what, place=place)) from error


def _champion(folder: Path) -> Scorer | None:
    """The version that is published now, on whose figures gates may depend."""
    place = folder / CHAMPION
    if not place.is_dir():
        return None
    from headwater.learning.artifact import unpack

    return unpack({path.name: path.read_bytes() for path in place.iterdir()})


def _read_rows(path: Path) -> pa.Table | None:
    if not path.is_file():
        return None
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        table: pa.Table = pa.ipc.open_file(source).read_all()
        return table


def missing_extra(error: ImportError) -> Issue:
    """A library of the extra `ml` is not installed."""
    return Issue(
        code="E026",
        what=f"models need the library `{error.name or error}`, which is not installed",
        place=Place(),
        fix="pip install 'headwater[ml]'",
    )


def _watch() -> None:
    """End when the parent has."""

    def wait() -> None:
        # Not `sys.stdin`: its lock, held by a thread, would keep the interpreter from ending.
        while os.read(0, 1):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def main(folder: Path) -> int:
    """Learn; a user's mistake is written down."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    _watch()
    try:
        learn(folder)
    except HeadwaterError as error:
        write_issues(folder, error.issues)
    except ImportError as error:
        write_issues(folder, (missing_extra(error),))
    else:
        return 0
    return 2


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
