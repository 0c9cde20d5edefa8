"""One engine in London's time for all tests, and a fresh session and folder for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from headwater.engines.duckdb import DuckDBEngine, DuckDBSession
from headwater.engines.protocol import Target

LONDON = ZoneInfo("Europe/London")


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBEngine]:
    with DuckDBEngine(
        temp_folder=tmp_path_factory.mktemp("engine"), zone=LONDON, threads=2, memory_limit="1GiB"
    ) as made:
        yield made


@pytest.fixture
def session(engine: DuckDBEngine) -> Iterator[DuckDBSession]:
    with engine.session() as made:
        yield made


@pytest.fixture
def target(tmp_path: Path) -> Target:
    def place(month: str | None, n: int) -> Path:
        return tmp_path / (month or "all") / f"b-{n}.parquet"

    return place
