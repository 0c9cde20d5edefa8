"""What `pip install headwater` would bring: the code, its types, and the example with its data."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("headwater-*.whl")
    return built


def test_the_wheel_carries_the_code_and_its_types(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("headwater/")}
    sources = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "headwater").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources - packed == set()
    assert {
        name for name in packed - sources if not name.startswith("headwater/_examples/")
    } == set()


def test_the_example_is_found_in_an_installed_package(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    program = "from headwater.examples import example_path; print(example_path('shop'))"
    printed = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    shop = Path(printed.stdout.strip())
    assert shop == tmp_path / "headwater" / "_examples" / "shop"
    assert len(list(shop.glob("data/invoices/*.csv.gz"))) == 318
    packed = {path.relative_to(shop).as_posix() for path in shop.rglob("*") if path.is_file()}
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "examples/shop"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    wanted = {
        Path(name).relative_to("examples/shop").as_posix()
        for name in tracked.stdout.split("\0")
        if name and (ROOT / name).is_file()
    }
    assert wanted - packed == set()
