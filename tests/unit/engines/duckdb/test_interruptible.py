"""Ctrl-C in the main thread ends a query at once, every time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

MAIN = """
    import os, signal, sys, threading, time
    from pathlib import Path
    from zoneinfo import ZoneInfo
    from headwater.engines.duckdb import DuckDBEngine

    folder = Path(sys.argv[1])
    query = "select sum(a.i * b.i)::bigint as id from range(1000000) a(i), range(9000000) b(i)"
    target = folder / "x.parquet"
    with DuckDBEngine(temp_folder=folder / "temp", zone=ZoneInfo("UTC")) as engine:
        for _ in range(6):
            with engine.session() as session:
                delayed = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
                delayed.start()
                started = time.monotonic()
                try:
                    if sys.argv[2] == "fetch":
                        session.fetch(query)
                    else:
                        session.write_query(
                            query, schema=(("id", "BIGINT"),), time=None, keep=None,
                            target=lambda *_: target,
                        )
                except KeyboardInterrupt:
                    quick = time.monotonic() - started < 2
                    print("stopped", quick, target.exists(), session.fetch("SELECT 1"))
"""


@pytest.mark.parametrize("what", ["fetch", "write"])
def test_ctrl_c_is_heard(tmp_path: Path, what: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MAIN), str(tmp_path), what],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert done.stdout.splitlines() == ["stopped True False [(1,)]"] * 6
