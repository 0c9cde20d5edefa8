"""Ctrl-C: the engine stops, the run ends, and what is published stays as it was."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headwater.project import Project

#: Set from the moment of Ctrl-C on. The step that it interrupts may be noted as a failure of its
#: node, so whoever starts the next one asks here first.
STOPPED = threading.Event()


class Stopped(KeyboardInterrupt):
    """Ctrl-C was pressed."""


@contextmanager
def stoppable(project: Project) -> Iterator[None]:
    """Ctrl-C (and `kill`) interrupts the engine, if one is at work, and raises `Stopped`."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        STOPPED.set()
        engine = project.workspace.__dict__.get("engine")
        if engine is not None:
            engine.interrupt()
        raise Stopped

    STOPPED.clear()
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
