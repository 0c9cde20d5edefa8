"""How much a question may cost: rows, time and memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from headwater.errors import HeadwaterError, Issue

#: An interrupt that comes before a statement begins is lost, so it is repeated.
_AGAIN_S: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most rows and bytes that are read, and the longest that reading may take."""

    rows: int = 10_000
    seconds: float = 30.0
    bytes: int = 64 << 20


class Interruptible(Protocol):
    """What can be stopped from another thread."""

    def interrupt(self) -> None:
        """Stop the statement under way."""


@contextmanager
def deadline(session: Interruptible, seconds: float) -> Iterator[None]:
    """Stop what the session does after so many seconds. Code E983."""
    from headwater.engines.duckdb.faults import Interrupted

    done, late = threading.Event(), threading.Event()

    def watch() -> None:
        if done.wait(seconds):
            return
        late.set()
        while not done.wait(_AGAIN_S):
            session.interrupt()

    watcher = threading.Thread(target=watch, name="headwater-deadline", daemon=True)
    watcher.start()
    try:
        yield
    except Interrupted as error:
        if not late.is_set():
            raise
        what = f"too slow: stopped after {seconds:g} s"
        fix = "read fewer days or columns, or add a condition to the join"
        raise HeadwaterError(Issue(code="E983", what=what, fix=fix)) from error
    finally:
        done.set()
        watcher.join()
