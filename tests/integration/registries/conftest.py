"""A real MLflow server on a free loopback port, and a shop with a model to push."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.integration.kinds.model.shop import MODEL, model_shop
from tests.integration.run.small import Small

_PROGRAM = Path(__file__).parents[3] / "build/peers/mlflow/bin/mlflow"
_ATTEMPTS = 3
_START_TIMEOUT_S = 120


@pytest.fixture(scope="session")
def mlflow_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with a SQLite backend, one for each test process."""
    if not _PROGRAM.exists():
        reason = "MLflow's server is missing: run scripts/install-mlflow.sh"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    server, url = _start(tmp_path_factory.mktemp("mlflow"))
    try:
        yield url
    finally:
        _stop(server)


def _start(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A server that answers; another process may take a free port first, so try again."""
    environment = {
        **os.environ,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    for _ in range(_ATTEMPTS):
        port = find_port()
        options = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        options += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
        options += ["--artifacts-destination", str(folder / "artifacts")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [_PROGRAM, "server", *options],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < until and server.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health"):
                return server, f"http://127.0.0.1:{port}"
            time.sleep(0.1)
        _stop(server)
    pytest.fail(f"MLflow did not start:\n{(folder / 'log').read_text(errors='replace')}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End it with the worker that it started."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait(timeout=10)


def find_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def pushed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shop with three versions: 1, 2 which is published, and 3 which failed."""
    small = model_shop(Small(tmp_path_factory.mktemp("pushed") / "small"), MODEL)
    small.run()
    for model in (
        MODEL + "    seed: 1\n    calibration: none\n",
        MODEL.replace("auc > 0.6", "auc > 0.99") + "    parameters: {C: 0.01}\n",
    ):
        small.write("models/churn.yml", model)
        report = small.run()
    with small.open() as project:
        passed = [version.passed for version in project.ledger.versions()]
    assert passed == [False, True, True], [str(i) for o in report.outcomes for i in o.issues]
    return small.root


@pytest.fixture
def shop(pushed_once: Path, tmp_path: Path) -> Small:
    """The same shop, for one test."""
    root = tmp_path / "small"
    shutil.copytree(pushed_once, root)
    small = Small.__new__(Small)
    small.root = root
    return small
