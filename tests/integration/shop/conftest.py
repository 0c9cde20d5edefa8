"""The example shop, run once for all tests that only read it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

import headwater
from headwater.api.opened import OpenProject
from headwater.examples import example_path


@pytest.fixture(scope="session")
def run_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenProject]:
    """The example, copied and run."""
    folder = tmp_path_factory.mktemp("run_shop") / "shop"
    shutil.copytree(example_path("shop"), folder, ignore=shutil.ignore_patterns(".headwater"))
    with headwater.open(folder) as opened:
        assert not opened.run().value.failed
        yield opened
