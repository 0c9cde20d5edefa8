"""What holds for the repository as a whole: it builds anywhere, imports lightly, is finished."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BINARY = {".gz", ".parquet", ".xlsx", ".png", ".ico", ".duckdb"}


def tracked_texts() -> Iterator[tuple[str, str]]:
    """Every tracked text file that is there, as its path and content."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if name and path.is_file() and path.suffix not in BINARY:
            yield name, path.read_text(encoding="utf-8", errors="replace")


def places(pattern: str, *, under: str = "") -> list[str]:
    """`path:line` of each match in the tracked texts, this file left out."""
    wanted = re.compile(pattern)
    found = []
    for name, text in tracked_texts():
        if name.startswith(under) and ROOT / name != Path(__file__):
            for number, line in enumerate(text.splitlines(), start=1):
                if wanted.search(line):
                    found.append(f"{name}:{number}")
    return found


def test_no_file_names_a_package_registry() -> None:
    hosts = r"pypi\.org|pythonhosted\.org|registry\.npmjs"
    options = r"--(extra-)?index-url[ =]|\"resolved\": *\"http"
    assert places(f"{hosts}|{options}") == []


def test_no_file_holds_an_absolute_path_of_the_machine_it_was_written_on() -> None:
    assert places(re.escape(f"{ROOT}/")) == []
    assert places(r"(?<![\w.])/(home|Users)/[a-z]") == []


def test_the_source_leaves_nothing_to_do_later() -> None:
    assert places(r"\b(TODO|FIXME|HACK)\b", under="src/") == []


@pytest.mark.parametrize(
    "lock",
    sorted(
        path.relative_to(ROOT).as_posix()
        for folder in ("requirements", "benchmarks/peers")
        for path in (ROOT / folder).glob("*.txt")
    ),
)
def test_a_lock_pins_every_package_by_version_and_hash(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text())
    packages = [entry for entry in entries if not entry.startswith("#")]
    assert len(packages) > 10
    for package in packages:
        assert re.match(r"[a-z0-9.-]+==\S+", package), package
        assert "--hash=sha256:" in package, package


def test_the_lock_covers_every_declared_dependency() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        declared += extra
    names = {re.split(r"[\[=<>~ ]", text)[0].lower().replace("_", "-") for text in declared}
    locked = re.findall(
        r"^([a-z0-9.-]+)==", (ROOT / "requirements/lock.txt").read_text(), re.MULTILINE
    )
    assert names - {"headwater"} - set(locked) == set()


def test_importing_headwater_is_light() -> None:
    program = "import sys; before = set(sys.modules); import headwater, json; "
    program += "print(json.dumps(sorted(set(sys.modules) - before)))"
    printed = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "src")},
    )
    loaded = json.loads(printed.stdout)
    heavy = {"pandas", "sqlalchemy", "duckdb", "pyarrow", "sqlglot", "pydantic", "fastapi", "dlt"}
    assert len(loaded) <= 200
    assert heavy & {name.partition(".")[0] for name in loaded} == set()


def test_every_module_says_what_it_is() -> None:
    silent = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "src").rglob("*.py"))
        if path.read_text().strip() and not path.read_text().lstrip().startswith('"""')
    ]
    assert silent == []
