"""Training again, in another process, gives the same bytes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from tests.unit.learning.test_fitting import ROWS, SPECS

from headwater.learning.fitting import fit

CODE = """
import hashlib
from headwater.learning.fitting import fit
from tests.unit.learning.test_fitting import ROWS, SPECS
for asked in SPECS.values():
    print(hashlib.sha256(fit(ROWS, asked).model.estimator.dump()).hexdigest())
"""


def test_another_process_gives_the_same_bytes() -> None:
    root = Path(__file__).parents[3]
    told = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, cwd=root
    )
    here = [
        hashlib.sha256(fit(ROWS, asked).model.estimator.dump()).hexdigest()
        for asked in SPECS.values()
    ]
    assert told.stdout.split() == here
