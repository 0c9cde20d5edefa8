"""The example shop, run once for all tests that only read it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

import headwater
from headwater.api.opened import OpenProject
from headwater.examples import example_path
from headwater.project.recording import RunReport

FirstRun = tuple[OpenProject, RunReport]


@pytest.fixture(scope="session")
def shop_and_report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstRun]:
    """The example, copied and run; tests that only read it are of one group of xdist."""
    folder = tmp_path_factory.mktemp("run_shop") / "shop"
    shutil.copytree(example_path("shop"), folder, ignore=shutil.ignore_patterns(".headwater"))
    with headwater.open(folder) as opened:
        report = opened.run().value
        assert not report.failed
        yield opened, report


@pytest.fixture
def run_shop(shop_and_report: FirstRun) -> OpenProject:
    """The example after its first run."""
    return shop_and_report[0]
