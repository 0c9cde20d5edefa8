"""An engine's temporary folder: its own, and gone afterwards even if the process was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from headwater.engines.duckdb.faults import disk_faults

_PREFIX = "duckdb-"
_ALIVE = "alive"


class TempFolder:
    """A new folder below `parent`; folders that dead processes left there are deleted.

    A folder is alive while its process holds the lock on a file in it, which the system frees
    however the process ends.
    """

    def __init__(self, parent: Path) -> None:
        with disk_faults():
            parent.mkdir(parents=True, exist_ok=True)
            guard = _open(parent / ".lock")  # nobody cleans between making a folder and locking it
            try:
                fcntl.flock(guard, fcntl.LOCK_EX)
                _delete_dead(parent)
                self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
                self._alive = _open(self.path / _ALIVE)
                fcntl.flock(self._alive, fcntl.LOCK_EX)
            finally:
                os.close(guard)

    def close(self) -> None:
        """Delete the folder. Calling it again does nothing."""
        if self._alive >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._alive)
            self._alive = -1


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def _delete_dead(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        try:
            lock = os.open(folder / _ALIVE, os.O_RDWR)
        except FileNotFoundError:
            shutil.rmtree(folder, ignore_errors=True)
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(lock)
