"""A session of the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from headwater.engines.duckdb.engine import DuckDBEngine
from headwater.engines.protocol import Session

ZONE = ZoneInfo("Europe/London")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session in the zone of the tests."""
    with (
        DuckDBEngine(temp_folder=tmp_path, zone=ZONE, threads=1) as engine,
        engine.session() as opened,
    ):
        yield opened
