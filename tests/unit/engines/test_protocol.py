"""The DuckDB engine keeps the protocol that callers write against; mypy proves it, too."""

from __future__ import annotations

import inspect
from pathlib import Path
from zoneinfo import ZoneInfo

from headwater.engines.duckdb import DuckDBEngine
from headwater.engines.protocol import Engine, Session


def test_duckdb_keeps_the_protocol(tmp_path: Path) -> None:
    engine: Engine = DuckDBEngine(temp_folder=tmp_path, zone=ZoneInfo("Europe/London"))
    with engine.session() as session:
        kept: Session = session
        for name, promised in inspect.getmembers(Session, inspect.isfunction):
            if name.startswith("_"):
                continue
            own = inspect.signature(getattr(kept, name)).parameters
            assert list(inspect.signature(promised).parameters)[1:] == list(own), name
    engine.close()
    assert engine.capabilities.dialect == "duckdb"
