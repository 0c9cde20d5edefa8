"""`headwater serve` as a process: it says where it is, serves, and ends when asked to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.integration.run.small import Small, small_shop

COMMAND = [sys.executable, "-m", "headwater", "serve", "--port", "0", "--json", "--no-schedule"]


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_and_ends_cleanly(tmp_path: Path, asked: signal.Signals) -> None:
    small = small_shop(Small(tmp_path / "small"))
    small.run()
    server = subprocess.Popen(
        COMMAND, cwd=small.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        said = "".join(iter(server.stdout.readline, "}\n"))
        address = json.loads(said + "}")["address"]
        assert httpx.get(f"{address}/tables/sales").status_code == 200
        server.send_signal(asked)
        _, complaints = server.communicate(timeout=20)
    finally:
        server.kill()
    assert complaints == ""
    assert server.returncode in (0, -asked)


def test_others_need_a_token_here_too(tmp_path: Path) -> None:
    small = small_shop(Small(tmp_path / "small"))
    environment = {k: v for k, v in os.environ.items() if k != "HEADWATER_TOKEN"}
    done = subprocess.run(
        [*COMMAND, "--host", "0.0.0.0"],
        cwd=small.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["issues"][0]["code"] == "E970"


def test_without_the_packages_it_says_what_to_install(tmp_path: Path) -> None:
    small = small_shop(Small(tmp_path / "small"))
    program = (
        "import importlib.util as util, sys; found = util.find_spec;"
        "util.find_spec = lambda name, *a: None if name == 'fastapi' else found(name, *a);"
        "sys.argv = ['headwater', 'serve']; from headwater.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=small.root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "E972" in done.stderr
    assert "headwater[web]" in done.stderr


def test_help_and_other_commands_load_no_server() -> None:
    program = (
        "import sys; from headwater.cli.app import app; import headwater.cli.commands.serving;"
        "print([m for m in ('fastapi', 'uvicorn', 'jinja2', 'starlette') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
