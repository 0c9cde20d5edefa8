"""The DuckDB engine: one in-memory instance a process, one cursor a session."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

import duckdb

from headwater.engines.duckdb.faults import translated
from headwater.engines.duckdb.interruptible import InterruptibleCalls
from headwater.engines.duckdb.machine import default_memory_limit
from headwater.engines.duckdb.parquet import FLUSH_ROWS
from headwater.engines.duckdb.quoting import text
from headwater.engines.duckdb.session import DuckDBSession
from headwater.engines.duckdb.shelf import DuckDBShelf
from headwater.engines.duckdb.temp import TempFolder
from headwater.engines.protocol import Capabilities


class DuckDBEngine:
    """Runs SQL over local Parquet files with DuckDB, spilling to `temp_folder` beyond the limit.

    `threads` 0 takes all cores; `memory_limit` "" 60 % of the machine or container.
    """

    capabilities = Capabilities(
        dialect="duckdb",
        python_tables=True,
        given_rows=True,
        concurrent_sessions=True,
        local_files_only=True,
    )

    def __init__(
        self, *, temp_folder: Path, zone: ZoneInfo, threads: int = 0, memory_limit: str = ""
    ) -> None:
        self.zone = zone
        self._temp = TempFolder(temp_folder)
        self.temp_folder = self._temp.path
        self._calls = InterruptibleCalls()
        self._open: set[DuckDBSession] = set()
        self._lock = threading.RLock()  # a signal handler may interrupt whoever holds it
        with translated():
            self._connection = duckdb.connect(":memory:", config=self._settings(memory_limit))
            # The default zone of every cursor: TIMESTAMPTZ shows and casts as local time.
            self._connection.execute(f"SET GLOBAL TimeZone = {text(zone.key)}")
            # Data files never change; the option comes with the parquet extension, once connected.
            self._connection.execute("SET GLOBAL parquet_metadata_cache = true")
            if threads:
                self._connection.execute("SET GLOBAL threads = ?", [threads])

    def _settings(self, memory_limit: str) -> dict[str, str | bool | int | float | list[str]]:
        return {
            "memory_limit": memory_limit or default_memory_limit(),
            "temp_directory": str(self.temp_folder / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_persistent_secrets": False,
            # A misspelt table must not be found among the variables of the calling program.
            "python_enable_replacements": False,
            "errors_as_json": True,  # carries the position
            "partitioned_write_flush_threshold": FLUSH_ROWS,
            "partitioned_write_max_open_files": 400,
        }

    def session(self) -> DuckDBSession:
        """A session for one step: a context manager, or closed by hand."""
        with self._lock:
            session = DuckDBSession(
                self._connection.cursor(),
                zone=self.zone,
                temp_folder=self.temp_folder,
                calls=self._calls,
                on_close=self._forget,
            )
            self._open.add(session)
        return session

    def shelf(self) -> DuckDBShelf:
        """Tables in memory for many questions; close it, or the engine."""
        return DuckDBShelf(self._connection.cursor(), self.session)

    def interrupt(self) -> None:
        """Stop what all sessions are doing."""
        with self._lock:
            sessions = tuple(self._open)
        for session in sessions:
            session.interrupt()

    def close(self) -> None:
        """Close all sessions and delete temporary files."""
        with self._lock:
            sessions = tuple(self._open)
        for session in sessions:
            session.close()
        self._connection.close()
        self._calls.close()
        self._temp.close()

    def _forget(self, session: DuckDBSession) -> None:
        with self._lock:
            self._open.discard(session)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
