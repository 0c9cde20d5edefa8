"""The parse cache: what was read from files whose content is known. It may be deleted at any time.

A row's key is a hash of everything that the reading saw: the code's version, paths, contents and
defaults. Rows hold JSON, never pickles: a cache that came with a copied folder cannot run code.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import headwater
from headwater.ids import digest

_FORMAT = 1
_PATIENCE_S = 2.0  # how long to wait for another process; then this one goes without
_SPARE_ROWS = 2_000  # of other branches and releases, kept beside those of this load
#: Rooms whose code decides what a file means.
_ROOMS = ("definitions", "contracts", "sql", "semantics", "kinds")


@cache
def code_version() -> str:
    """A hash that changes whenever the code that reads files may read them differently."""
    home = Path(headwater.__file__).parent
    seen: list[tuple[str, int, int]] = []
    for room in _ROOMS:
        for folder, _, names in os.walk(home / room):
            for name in sorted(names):
                if name.endswith(".py"):
                    status = os.stat(os.path.join(folder, name))
                    seen.append((name, status.st_size, status.st_mtime_ns))
    return digest(_FORMAT, headwater.__version__, sorted(seen))


class ParseCache:
    """Key → JSON value, read as a whole at the start and written as a whole at the end.

    Every failure of the file beneath means only that nothing is cached.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._rows: dict[str, str] = {}
        self._used: set[str] = set()
        self._new: dict[str, str] = {}
        if path is not None and path.exists():
            try:
                with contextlib.closing(self._connect(path)) as connection:
                    self._rows = dict(connection.execute("select key, value from parsed"))
            except sqlite3.OperationalError:
                pass  # locked for too long, or without the table yet
            except sqlite3.DatabaseError:
                with contextlib.suppress(OSError):
                    path.unlink()

    @staticmethod
    def _connect(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)

    @staticmethod
    def key(*parts: str) -> str:
        """The key of everything that a reading saw."""
        joined = "\0".join((code_version(), *parts))
        return blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def get(self, key: str) -> Any:
        """The value of a key, or None."""
        text = self._rows.get(key)
        if text is None:
            return None
        try:
            value = json.loads(text)
        except ValueError:
            return None
        self._used.add(key)
        return value

    def put(self, key: str, value: Any) -> None:
        """Keep a value for the next process."""
        self._new[key] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def save(self) -> None:
        """Write what is new, and drop what no load has used for long."""
        unused = self._rows.keys() - self._used
        surplus = len(unused) - max(_SPARE_ROWS, 2 * (len(self._used) + len(self._new)))
        if self._path is None or not (self._new or surplus > 0):
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(self._connect(self._path)) as connection:
                self._write(connection, unused if surplus > 0 else ())
        except sqlite3.OperationalError:
            pass  # another process writes, or the folder is read-only
        except sqlite3.DatabaseError:
            with contextlib.suppress(OSError):
                self._path.unlink()
        except OSError:
            pass

    def _write(self, connection: sqlite3.Connection, dropped: Iterable[str]) -> None:
        connection.execute("pragma synchronous = off")  # losing the cache loses nothing
        connection.execute("begin immediate")
        connection.execute(
            "create table if not exists parsed (key text primary key, value text) without rowid"
        )
        connection.executemany("delete from parsed where key = ?", ((key,) for key in dropped))
        connection.executemany("insert or replace into parsed values (?, ?)", self._new.items())
        connection.execute("commit")
