"""Servers and folders that tests of every room share."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no mistake of the code. The unit tests have a minute: 50 examples, not 100.
settings.register_profile("headwater", deadline=None, max_examples=50)
settings.load_profile("headwater")

_ATTEMPTS = 5
_START_TIMEOUT_S = 60


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a real PostgreSQL server on a free loopback port, one for each test process."""
    binaries = _postgres_binaries()
    if binaries is None:
        reason = "PostgreSQL's server binaries are missing: run scripts/install-postgres.sh"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    home = Path(tempfile.mkdtemp(prefix="headwater-postgres-"))
    try:
        owner = _server_owner(home)
        _initialize(binaries, home, owner)
        server, port = _start(binaries, home, owner)
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The URL of a fresh, empty PostgreSQL database, dropped after the test."""
    import psycopg
    from psycopg import sql

    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        yield postgres_url.rpartition("/")[0] + f"/{name}"
        admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _postgres_binaries() -> Path | None:
    """The folder of the newest `initdb` and `postgres`, where Debian keeps them or on the path."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(debian, key=lambda path: int(path.parts[-3].split(".")[0]), default=None)
    if newest is not None:
        return newest.parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _server_owner(home: Path) -> str | None:
    """The account that must run the server: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    account = pwd.getpwnam("postgres")
    os.chown(home, account.pw_uid, account.pw_gid)
    return account.pw_name


def _initialize(binaries: Path, home: Path, owner: str | None) -> None:
    command = [str(binaries / "initdb"), f"--pgdata={home / 'data'}", "--username=postgres"]
    options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    done = subprocess.run(
        [*command, *options], user=owner, cwd=home, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _start(binaries: Path, home: Path, owner: str | None) -> tuple[subprocess.Popen[bytes], int]:
    """A running server and its port; another process may take a free port first, so try again."""
    log = home / "log"
    for _ in range(_ATTEMPTS):
        port = _free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "wal_level": "logical",
            "timezone": "UTC",
        }
        command = [str(binaries / "postgres"), "-D", str(home / "data")]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with log.open("wb") as output:
            server = subprocess.Popen(
                command, user=owner, cwd=home, stdout=output, stderr=subprocess.STDOUT
            )
        if _is_ready(server, port):
            return server, port
        server.kill()
        server.wait()
    pytest.fail(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def _is_ready(server: subprocess.Popen[bytes], port: int) -> bool:
    import psycopg

    until = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < until and server.poll() is None:
        try:
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return server.poll() is None
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
