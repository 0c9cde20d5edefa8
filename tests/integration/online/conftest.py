"""A real Redis server on a free loopback port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

# So that the suite's assertions tell what they compared, though its file is no test file.
pytest.register_assert_rewrite("tests.unit.online.conformance")

_ATTEMPTS = 5
_START_TIMEOUT_S = 30


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server that keeps nothing on disk, one for each test process."""
    binary = shutil.which("redis-server")
    if binary is None:
        reason = "Redis's server is missing: run scripts/install-redis.sh"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    server, port = start_redis(binary, tmp_path_factory.mktemp("redis"))
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(timeout=10)


@pytest.fixture
def free_port() -> int:
    """A port on which nobody listens."""
    return find_port()


def start_redis(binary: str, folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """A running server and its port; another process may take a free port first, so try again."""
    from redis import Redis
    from redis.exceptions import RedisError

    for _ in range(_ATTEMPTS):
        port = find_port()
        options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen([binary, *options], cwd=folder, stdout=log)
        until = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < until and server.poll() is None:
            try:
                with Redis(port=port) as redis:
                    redis.ping()
            except RedisError:
                time.sleep(0.02)
            else:
                return server, port
        server.kill()
        server.wait()
    pytest.fail(f"Redis did not start:\n{(folder / 'log').read_text(errors='replace')}")


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
