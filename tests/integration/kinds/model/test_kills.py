"""A run that is killed while a model learns: nothing is half there, and nothing goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.integration.kinds.model.conftest import SCORED
from tests.integration.kinds.model.test_training import became, numbers, shown
from tests.integration.run.small import Small

RUN = """
import sys
from dataclasses import replace
from headwater.project import Project
with Project.open(sys.argv[1]) as project:
    project.run(replace(project.request(), apply=True))
"""


def learning(root: Path) -> list[int]:
    """The processes that train for a project."""
    found: list[int] = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"headwater.kinds.model.learn" in words and str(root).encode() in words[-2]:
            found.append(int(place.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_a_killed_run_takes_its_training_along(trained: Small) -> None:
    trained.write("models/churn.yml", SCORED + "    seed: 3\n    calibration: none\n")
    process = subprocess.Popen([sys.executable, "-c", RUN, str(trained.root)])
    wait_until(lambda: learning(trained.root) or process.poll() is not None)
    assert learning(trained.root)
    os.kill(process.pid, 9)
    process.wait()
    wait_until(lambda: not learning(trained.root))
    assert shown(trained) == "model.churn@1"
    assert numbers(trained) == [1]
    assert became(trained.run()) == {"model.churn": "built"}
    assert shown(trained) == "model.churn@2"


def wait_until(holds: object, seconds: float = 60) -> None:
    """Look again and again."""
    assert callable(holds)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
