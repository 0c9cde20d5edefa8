"""Whether anything at all changed since a run that left nothing to do.

A run without news should cost no more than looking at the files. After a run that brought
everything up to date, a stamp keeps what it depended on: size and time of every file of the
project, of the ledger and of this package. While all are as they were, the same run would again do
nothing, because a plan is a pure function of them. Where something else can change (a database, a
service, a file outside of the project), no stamp is kept. Deleting the stamp is always safe.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

STATE_FOLDER = ".headwater"
_SKIPPED = frozenset((STATE_FOLDER, ".git", ".venv", "venv", "node_modules", "__pycache__"))
_PACKAGE = Path(__file__).parent


class Stamp:
    """The stamp of one environment of a project folder; taken before anything is read."""

    def __init__(self, root: Path, environment: str, profile: str | None = None) -> None:
        self._root = root
        name = blake2b(f"{environment}\0{profile}".encode(), digest_size=8).hexdigest()
        self._path = root / STATE_FOLDER / "cache" / f"unchanged-{name}.json"
        profiles = os.environ.get("HEADWATER_PROFILE", "")
        try:
            self._files = _signature((*_walk(str(root)), *_walk(str(_PACKAGE))), profiles)
        except OSError:
            self._files = ""  # cannot be told

    def release(self) -> int | None:
        """The release that is up to date, if nothing changed since the stamp was kept."""
        try:
            kept = json.loads(self._path.read_text())
            same = kept["files"] == self._files and kept["ledger"] == _ledger(kept["path"])
            return int(kept["release"]) if same and self._files else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, release: int, ledger: Path) -> None:
        """Say that the files as they were, and the ledger as it is, leave nothing to do."""
        if not self._files:
            return
        kept = {
            "release": release,
            "files": self._files,
            "path": str(ledger),
            "ledger": _ledger(str(ledger)),
        }
        new = self._path.with_suffix(f".{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new.write_text(json.dumps(kept))
            new.replace(self._path)
        except OSError:
            new.unlink(missing_ok=True)


def _walk(folder: str) -> Iterator[tuple[str, int, int]]:
    """Path, size and time of every file below a folder, in order of their paths.

    Raises OSError where that cannot be told: a link to a folder, or one that leads nowhere.
    """
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in _SKIPPED:
                yield from _walk(entry.path)
        elif entry.is_dir():
            raise OSError(f"{entry.path} is a link to a folder")
        else:
            status = entry.stat()
            yield entry.path, status.st_size, status.st_mtime_ns


def _signature(files: Iterable[tuple[str, int, int]], *more: str) -> str:
    total = blake2b(repr(more).encode(), digest_size=16)
    for path, size, time_ns in files:
        total.update(f"{path}\0{size}\0{time_ns}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def _ledger(path: str) -> str:
    """A SQLite file and what its log still holds; an empty log is as good as none."""
    found = []
    for name in (path, f"{path}-wal"):
        try:
            status = os.stat(name)
        except FileNotFoundError:
            continue
        if status.st_size:
            found.append((name, status.st_size, status.st_mtime_ns))
    return _signature(found)
