"""The lake as a local folder: where data files lie, and what makes them durable.

Data files are immutable and their paths unique, so nothing is ever replaced. A publish is safe in
this order: write files, `sync` them, change the ledger in one transaction, `write_epoch`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from headwater.errors import HeadwaterError, Issue, UsageError
from headwater.ids import NodeId
from headwater.lake import codes
from headwater.plan.state import DataFile, Part

_MAGIC = b"PAR1"
_SMALLEST_PARQUET = 12  # magic, footer length, magic
_STAGE = ".stage"
_EPOCH = "epoch"

#: fsync waits for the disk; four at once let the file system commit them together (100 new files:
#: 24 ms one by one, 5 ms so, and slower again with more).
_SYNC_THREADS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A Parquet file as it lies in the lake."""

    path: str  # relative to the lake
    bytes: int
    modified_at: datetime


class Lake:
    """A local folder of immutable data files; made when it does not exist."""

    def __init__(self, root: Path | str) -> None:
        if "://" in str(root):
            raise UsageError(
                Issue(
                    code=codes.REMOTE_LAKE,
                    what=f"the lake `{root}` is a URL",
                    fix="set `lake:` in the profile to a local or mounted folder",
                )
            )
        self.root = Path(root).absolute()
        with _folder_faults(self.root):
            self.root.mkdir(parents=True, exist_ok=True)

    # --- paths

    def new_path(
        self, node: NodeId, month: str | None, build: str, part: Part = "rows", n: int = 0
    ) -> str:
        """Where the n-th file of a build's local month lies, relative to the lake.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Lake(folder).new_path(NodeId("table", "sales"), "2011-11", "b41f", "quarantined")
        'table/sales/_quarantined/2011-11/b41f-0.parquet'
        """
        folders = [node.kind, node.name]
        if part != "rows":
            folders.append(f"_{part}")
        if month is not None:
            folders.append(month)
        return "/".join([*folders, f"{build}-{n}.parquet"])

    def absolute(self, path: str) -> Path:
        """The place of a data file on this machine."""
        return self.root / path

    def relative(self, path: Path) -> str:
        """A path below the lake as the ledger keeps it."""
        return path.relative_to(self.root).as_posix()

    def stage_folder(self, run: str) -> Path:
        """A folder for files of one run that are no data files yet; `vacuum` clears it."""
        folder = self.root / _STAGE / run
        with _folder_faults(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def drop_stage(self, run: str) -> None:
        """Delete the folder of one run."""
        shutil.rmtree(self.root / _STAGE / run, ignore_errors=True)

    # --- durability

    def sync(self, paths: Iterable[str]) -> None:
        """Return once these files, and the folders that name them, are on the disk."""
        files = [self.absolute(path) for path in paths]
        folders = {parent for file in files for parent in file.parents if self._holds(parent)}
        with _folder_faults(self.root), ThreadPoolExecutor(_SYNC_THREADS) as pool:
            list(pool.map(_fsync, files))
            list(pool.map(_fsync, folders))

    def _holds(self, folder: Path) -> bool:
        return folder == self.root or self.root in folder.parents

    def check_space(self, needed_bytes: int) -> None:
        """Raise an issue if the disk has less free than needed."""
        free = shutil.disk_usage(self.root).free
        if free < needed_bytes:
            raise HeadwaterError(
                Issue(
                    code=codes.NO_SPACE,
                    what=f"{needed_bytes >> 20:,} MiB are needed at {self.root}, "
                    f"{free >> 20:,} MiB are free",
                    fix="free space; `headwater vacuum` deletes what nothing refers to",
                )
            )

    # --- what lies there

    def verify(self, file: DataFile) -> Issue | None:
        """Whether a data file is there and whole: its size, and Parquet's marks at both ends."""
        path = self.absolute(file.path)
        try:
            found = path.stat().st_size
            with path.open("rb") as stream:
                head = stream.read(len(_MAGIC))
                stream.seek(max(found - 8, 0))
                tail = stream.read(8)
        except FileNotFoundError:
            return _broken(codes.FILE_MISSING, file, "is missing")
        except OSError as error:
            return _broken(codes.FILE_DAMAGED, file, f"cannot be read: {error.strerror}")
        if found != file.bytes:
            what = f"has {found:,} bytes; {file.bytes:,} were written"
            return _broken(codes.FILE_DAMAGED, file, what)
        footer = int.from_bytes(tail[:4], "little")
        if head != _MAGIC or tail[4:] != _MAGIC or footer + _SMALLEST_PARQUET > found:
            return _broken(codes.FILE_DAMAGED, file, "is no whole Parquet file")
        return None

    def files(self) -> Iterator[FoundFile]:
        """Every Parquet file in the lake, in no order."""
        for folder, folders, names in os.walk(self.root):
            if Path(folder) == self.root and _STAGE in folders:
                folders.remove(_STAGE)
            for name in names:
                if not name.endswith(".parquet"):
                    continue
                path = Path(folder, name)
                try:
                    status = path.stat()
                except FileNotFoundError:  # deleted meanwhile
                    continue
                yield FoundFile(
                    path=self.relative(path),
                    bytes=status.st_size,
                    modified_at=datetime.fromtimestamp(status.st_mtime, UTC),
                )

    def stages(self) -> Iterator[tuple[str, datetime]]:
        """The runs that left a stage folder, and when they last changed it."""
        stage = self.root / _STAGE
        for folder in stage.iterdir() if stage.is_dir() else ():
            yield folder.name, datetime.fromtimestamp(folder.stat().st_mtime, UTC)

    # --- the ledger's epoch

    def read_epoch(self) -> int:
        """The epoch of the newest ledger that published here; 0 in a new lake."""
        try:
            return int((self.root / _EPOCH).read_text())
        except FileNotFoundError:
            return 0

    def write_epoch(self, epoch: int) -> None:
        """Note the ledger's epoch, durably; a lower one than noted changes nothing."""
        with _folder_faults(self.root), _locked(self.root / f"{_EPOCH}.lock"):
            if epoch <= self.read_epoch():
                return
            path = self.root / _EPOCH
            new = path.with_suffix(".new")
            with new.open("w") as stream:
                stream.write(f"{epoch}\n")
                stream.flush()
                os.fsync(stream.fileno())
            new.replace(path)
            _fsync(self.root)

    def check_epoch(self, epoch: int) -> None:
        """Raise an issue if the ledger is older than the lake."""
        known = self.read_epoch()
        if epoch < known:
            raise HeadwaterError(
                Issue(
                    code=codes.OLD_LEDGER,
                    what=f"the ledger is at epoch {epoch}, the lake has seen {known}: "
                    "the ledger was restored from an older backup",
                    fix="restore the newest ledger; until then files that it does not know stay",
                )
            )


def _broken(code: str, file: DataFile, what: str) -> Issue:
    return Issue(
        code=code,
        what=f"data file {file.path} (build {file.build}) {what}",
        fix="restore it, or rebuild its node with `headwater run --full-refresh NODE`",
    )


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _folder_faults(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        issue = Issue(
            code=codes.UNUSABLE_FOLDER,
            what=f"the lake at {folder} cannot be used: {error.strerror} ({error.filename})",
            fix="`headwater debug` checks folders, space and permissions",
        )
        raise HeadwaterError(issue) from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Exclusive among processes of this machine; the system frees it when its holder dies."""
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
