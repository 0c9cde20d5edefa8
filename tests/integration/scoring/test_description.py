"""What `/openapi.json` says is what the server does: schemathesis asks whatever it allows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.integration.scoring.conftest import Scores

EXAMPLES = 25
CONFIG = Path(__file__).with_name("schemathesis.toml")


def test_schemathesis_finds_nothing(scores: Scores) -> None:
    schemathesis = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)]
    command = [*schemathesis, "run", f"{scores.url}/openapi.json"]
    options = ["--include-path-regex", "^/v1/models", "--max-examples", str(EXAMPLES), "--no-color"]
    ran = subprocess.run(
        [*command, *options, "--seed", "1"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
