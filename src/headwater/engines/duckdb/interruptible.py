"""Lets Ctrl-C be heard while DuckDB works for the main thread.

Python runs signal handlers in the main thread alone, between two of its own instructions. DuckDB's
client looks for signals only between tasks, and a task can last as long as the query. So the main
thread hands its queries to a helper and waits, which any signal ends at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

import duckdb

Result = TypeVar("Result")

_PATIENCE_S = 0.05


class InterruptibleCalls:
    """Runs one call at a time for the main thread; other threads run theirs themselves."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    def __call__(self, connection: duckdb.DuckDBPyConnection, call: Callable[[], Result]) -> Result:
        """The call's result; whatever ends the waiting also stops the call, before it goes on."""
        if threading.current_thread() is not threading.main_thread():
            return call()
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="headwater-duckdb")
        future = self._pool.submit(call)
        try:
            return future.result()
        except BaseException:
            _stop(connection, future)
            raise

    def close(self) -> None:
        """End the helper."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


def _stop(connection: duckdb.DuckDBPyConnection, future: Future[Result]) -> None:
    while not future.done():  # an interrupt that comes before the query begins is lost
        connection.interrupt()
        wait([future], timeout=_PATIENCE_S)
