"""Write the projects that benchmarks run Headwater on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from measure import BUILD, Usage, measure
from peers.environments import headwater_command


def write_project(name: str, files: Mapping[str, str]) -> Path:
    """A fresh project folder with these files, by their paths."""
    folder = BUILD / name
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in {"headwater.yml": "name: bench\ntimezone: UTC\n", **files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def headwater(folder: Path, *arguments: str) -> Usage:
    """One command of Headwater on a project, as a whole process."""
    return measure([headwater_command(), *arguments, "--project", "."], cwd=folder)


def dataset(script: str, folder: str, *numbers: int) -> Path:
    """The folder of generated data, made once by `script` in a process of its own."""
    home = BUILD / "data" / f"{folder}-{'-'.join(map(str, numbers))}"
    done = home / ".done"
    if not done.exists():
        print(f"generating {home.name}", flush=True)
        program = Path(__file__).with_name(script)
        subprocess.run([sys.executable, program, home, *map(str, numbers)], check=True)
        done.touch()
    return home


def link_files(source: Path, target: Path, pattern: str) -> None:
    """Put generated files into a project without copying them."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob(pattern)):
        (target / path.name).hardlink_to(path)
