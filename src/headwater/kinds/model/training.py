"""A training seen from the run: rows are handed to a process, and its files come back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.errors import HeadwaterError, Issue, Place
from headwater.ids import NodeId
from headwater.kinds.model.learn import (
    CHAMPION,
    FROZEN,
    LAGGED,
    MODEL,
    ROWS,
    Job,
    read_issues,
    write_job,
)
from headwater.run.context import RunContext

if TYPE_CHECKING:
    import pyarrow as pa

_ASK_EVERY_S = 0.1
_MOST_OUTPUT = 2_000  # characters of what a process that died had said


def train(  # noqa: PLR0913  # what is learnt from, and what it is compared with
    node: NodeId,
    job: Job,
    rows: pa.Table,
    context: RunContext,
    *,
    place: Place,
    lagged: pa.Table | None = None,
    frozen: pa.Table | None = None,
    champion: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:
    """The files of a trained model. Codes E020 to E033, E041 (the process died), E705 (stopped)."""
    with context.staging(f"train-{context.run}-{node.name}") as folder:
        for name, table in ((ROWS, rows), (LAGGED, lagged), (FROZEN, frozen)):
            if table is not None:
                _write_rows(table, folder / name)
        if champion is not None:
            (folder / CHAMPION).mkdir()
            for name, content in champion.items():
                (folder / CHAMPION / name).write_bytes(content)
        write_job(folder, job)
        code, said = _run(node, folder, context)
        issues = read_issues(folder)
        if issues:
            raise HeadwaterError(*(_placed(issue, place) for issue in issues))
        if code != 0:
            raise HeadwaterError(_died(node, code, said, place))
        return {path.name: path.read_bytes() for path in sorted((folder / MODEL).iterdir())}


def _run(node: NodeId, folder: Path, context: RunContext) -> tuple[int, str]:
    """How the process ended, and the end of what it said; stopped as soon as the run is."""
    paths = [str(context.tree_root), *(path for path in sys.path if path)]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        # Waiting threads of OpenMP otherwise keep the cores that DuckDB could use.
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    said = folder / "said.txt"
    with said.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-m", "headwater.kinds.model.learn", str(folder)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
        )
        try:
            while True:
                try:
                    code = process.wait(_ASK_EVERY_S)
                    break
                except subprocess.TimeoutExpired:
                    if context.stopping:
                        what = f"{node} was interrupted"
                        raise HeadwaterError(Issue(code="E705", what=what)) from None
        finally:
            process.kill()
            process.wait()
            assert process.stdin is not None
            process.stdin.close()
    return code, said.read_text(encoding="utf-8", errors="replace")[-_MOST_OUTPUT:]


def _write_rows(table: pa.Table, path: Path) -> None:
    import pyarrow as pa

    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _placed(issue: Issue, place: Place) -> Issue:
    return issue if issue.place.path else replace(issue, place=place)


def _died(node: NodeId, code: int, said: str, place: Place) -> Issue:
    last = said.strip().rpartition("\n")[2]
    how = f"signal {-code}" if code < 0 else f"code {code}"
    fix = "signal 9 is mostly memory: fewer rows or trials" if code == -9 else "nothing changed"
    what = f"the training of {node} ended with {how}{f': {last}' if last else ''}"
    return Issue(code="E041", what=what, place=place, fix=fix)
