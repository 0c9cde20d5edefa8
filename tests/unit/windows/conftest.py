"""A session of the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.windows.world import ZONE

from headwater.engines.duckdb.engine import DuckDBEngine
from headwater.engines.protocol import Session


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session in the zone of the tests."""
    folder: Path = tmp_path_factory.mktemp("engine")
    with (
        DuckDBEngine(temp_folder=folder, zone=ZONE, threads=1) as engine,
        engine.session() as opened,
    ):
        yield opened
