"""Temporary folders of killed processes go, those of living ones stay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from headwater.engines.duckdb.temp import TempFolder

HOLDER = """
import sys, time
from pathlib import Path
from headwater.engines.duckdb.temp import TempFolder
print(TempFolder(Path(sys.argv[1])).path, flush=True)
time.sleep(60)
"""


def test_dead_folders_go_and_living_stay(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as holder:
        assert holder.stdout is not None
        held = Path(holder.stdout.readline().strip())
        (held / "spill").write_text("much")
        mine = TempFolder(tmp_path)
        assert held.exists()
        holder.send_signal(signal.SIGKILL)
    other = TempFolder(tmp_path)
    assert not held.exists()
    assert mine.path.exists()
    for folder in (mine, other, other):
        folder.close()
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
