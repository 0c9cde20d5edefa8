"""The peers' environments: one virtual environment each under `build/peers`, locked with hashes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from measure import ROOT

_LOCKS = Path(__file__).resolve().parent


def headwater_command() -> Path:
    """The `headwater` of the environment that runs the benchmark."""
    return Path(sys.executable).parent / "headwater"


def environment(peer: str) -> Path:
    """The folder of a peer's programs; its environment is made where it is missing or outdated.

    Without dependencies, because the lock names every one that is wanted: dbt's says why.
    """
    lock = _LOCKS / f"{peer}.txt"
    home = ROOT / "build" / "peers" / peer
    stamp = home / ".lock-sha256"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != wanted:
        print(f"installing {peer}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        options = ["--quiet", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
        subprocess.run(
            [home / "bin" / "python", "-m", "pip", "install", *options, "-r", lock], check=True
        )
        stamp.write_text(wanted)
    return home / "bin"


def version(programs: Path, package: str) -> str:
    """The installed version of a package in the environment whose programs these are."""
    program = f"import importlib.metadata as m; print(m.version({package!r}))"
    shown = subprocess.run(
        [programs / "python", "-c", program], capture_output=True, text=True, check=True
    )
    return f"{package} {shown.stdout.strip()}"
