"""All definition files of a project at one moment: path → text.

A tree comes from a folder on disk or from what a release kept, and behaves the same: definitions
are read from the tree alone. The files of `seeds/` are data, so that only their names are here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Final

from headwater.errors import Issue, Place

SETTINGS_FILE: Final = "headwater.yml"
SEEDS: Final = "seeds"

#: Every folder that a kind of Headwater may own, so that no other one is searched for definitions.
FOLDERS: Final = frozenset(
    (
        "alerts", "contracts", "dashboards", "decisions", "experiments", "exports", "features",
        "functions", "incidents", "labels", "launches", "metrics", "models", "queries", "reports",
        SEEDS, "sources", "tables",
    )
)  # fmt: skip
_SUFFIXES = (".yml", ".yaml", ".sql", ".py")
_SKIPPED = frozenset(("__pycache__", "node_modules", "venv", "env", "site-packages"))
#: Folders of other purposes are searched for Python modules, but not without end: they hold data.
_FOREIGN_ENTRIES = 5_000


@dataclass(frozen=True)
class Tree:
    """Path (relative, with `/`) → text of every definition file, and what could not be read."""

    files: Mapping[str, str]
    strays: tuple[str, ...] = ()  # definition files in folders that belong to no kind; not read
    issues: tuple[Issue, ...] = field(default=(), compare=False)

    @classmethod
    def from_disk(cls, root: str | os.PathLike[str], folders: Iterable[str] = FOLDERS) -> Tree:
        """Read a project folder; links that leave it and text that is not UTF-8 become issues."""
        scan = _Scan(os.path.realpath(root), frozenset(folders))
        scan.run()
        return cls(dict(sorted(scan.files.items())), tuple(sorted(scan.strays)), tuple(scan.issues))

    @classmethod
    def from_blobs(cls, blobs: Mapping[str, str]) -> Tree:
        """From path → text, as a release keeps them."""
        return cls(dict(sorted(blobs.items())))

    def __contains__(self, path: object) -> bool:
        return path in self.files

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)

    @cached_property
    def hashes(self) -> Mapping[str, str]:
        """Path → hash of the text (128 bits, hexadecimal)."""
        return {
            path: blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
            for path, text in self.files.items()
        }

    @cached_property
    def digest(self) -> str:
        """One hash of all paths and texts."""
        total = blake2b(digest_size=16)
        for path, name in self.hashes.items():
            total.update(f"{path}\0{name}\n".encode("utf-8", "surrogatepass"))
        return total.hexdigest()

    @cached_property
    def _by_folder(self) -> Mapping[str, tuple[str, ...]]:
        grouped: dict[str, list[str]] = {}
        for path in self.files:
            folder, slash, _ = path.partition("/")
            grouped.setdefault(folder if slash else "", []).append(path)
        return {folder: tuple(paths) for folder, paths in grouped.items()}

    def under(self, folder: str) -> tuple[str, ...]:
        """The paths below one top-level folder, in order; `""` gives the files beside it."""
        return self._by_folder.get(folder, ())

    @property
    def folders(self) -> tuple[str, ...]:
        """The top-level folders that hold files."""
        return tuple(folder for folder in self._by_folder if folder)

    def write_to(self, folder: str | os.PathLike[str]) -> None:
        """Write every file below `folder`, but no seed: its content is data."""
        root = Path(folder).resolve()
        for path, text in self.files.items():
            if is_seed(path):
                continue
            target = (root / path).resolve()
            if not target.is_relative_to(root):
                raise ValueError(f"`{path}` leaves the folder")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")


def is_seed(path: str) -> bool:
    """Whether the file is a seed, of which a tree holds the name alone."""
    return path.startswith(f"{SEEDS}/") and path.lower().endswith(".csv")


class _Scan:
    """One walk through a project folder."""

    def __init__(self, root: str, folders: frozenset[str]) -> None:
        self.files: dict[str, str] = {}
        self.strays: list[str] = []
        self.issues: list[Issue] = []
        self._root = root
        self._folders = folders
        self._budget = _FOREIGN_ENTRIES

    def run(self) -> None:
        with os.scandir(self._root) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                name = entry.name
                if name == SETTINGS_FILE or (name.endswith(".py") and entry.is_file()):
                    self._file(entry, name)
                elif name.endswith(".sql"):
                    self.strays.append(name)
                elif not name.startswith(".") and name not in _SKIPPED and entry.is_dir():
                    self._budget = _FOREIGN_ENTRIES
                    self._folder(entry, name, owned=name in self._folders)

    def _folder(self, folder: os.DirEntry[str], path: str, *, owned: bool) -> None:
        if folder.is_symlink():
            if owned:
                what = "a link to a folder; definitions are not read through links"
                self._wrong("E103", what, path, "move the files here")
            return
        below: list[os.DirEntry[str]] = []
        try:
            with os.scandir(folder.path) as entries:
                for entry in entries:
                    self._budget -= not owned
                    if self._budget < 0:
                        return
                    if not entry.name.startswith("."):
                        self._entry(entry, f"{path}/{entry.name}", below, owned=owned)
        except OSError as error:
            self._wrong("E101", f"cannot be read: {error.strerror}", path)
        for entry in below:
            self._folder(entry, f"{path}/{entry.name}", owned=owned)

    def _entry(
        self, entry: os.DirEntry[str], path: str, below: list[os.DirEntry[str]], *, owned: bool
    ) -> None:
        if path.endswith(_SUFFIXES):
            self._take(entry, path, owned=owned)
        elif is_seed(path):
            self.files[path] = ""
        elif entry.is_dir():
            if entry.name not in _SKIPPED:
                below.append(entry)
        elif owned and path.lower().endswith(_SUFFIXES):
            ending = path.rpartition(".")[2].lower()
            self._wrong("E122", "the ending is in capitals", path, f"rename it to `.{ending}`")

    def _take(self, entry: os.DirEntry[str], path: str, *, owned: bool) -> None:
        if owned or path.endswith(".py"):
            self._file(entry, path)
        else:
            self.strays.append(path)

    def _file(self, entry: os.DirEntry[str], path: str) -> None:
        if entry.is_symlink():
            target = os.path.realpath(entry.path)
            if os.path.commonpath((self._root, target)) != self._root:
                self._wrong("E103", "a link that leaves the project", path, "copy the file here")
                return
        try:
            with open(entry.path, "rb", buffering=0) as file:
                raw = file.readall()
            text = raw.decode("utf-8")
        except OSError as error:
            self._wrong("E101", f"cannot be read: {error.strerror}", path)
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            column = error.start - raw.rfind(b"\n", 0, error.start)
            place = Place(path, line, column)
            what = f"not UTF-8: byte 0x{raw[error.start]:02x}"
            self.issues.append(
                Issue(code="E102", what=what, place=place, fix="save the file as UTF-8")
            )
        else:
            # One text on every system: a checkout with CRLF hashes like one without.
            text = text.removeprefix("\ufeff")
            self.files[path] = text.replace("\r\n", "\n") if "\r" in text else text

    def _wrong(self, code: str, what: str, path: str, fix: str = "") -> None:
        self.issues.append(Issue(code=code, what=what, place=Place(path), fix=fix))
