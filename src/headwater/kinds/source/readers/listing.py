"""Which files an origin offers: local by glob, or anywhere that fsspec reaches."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from headwater.definitions.secrets import mask
from headwater.errors import HeadwaterError, Issue, Place

#: What to install for a URL scheme whose file system fsspec does not bring along.
_PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs",
             "abfss": "adlfs", "az": "adlfs", "http": "aiohttp", "https": "aiohttp",
             "sftp": "paramiko", "ssh": "paramiko", "smb": "smbprotocol"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A file as it is offered now. `stamp` changes with its content as far as one sees outside."""

    name: str
    path: str
    size: int
    modified: datetime | None
    stamp: tuple[str, ...]
    system: Any = None  # an fsspec file system; None for local files

    def open(self) -> IO[bytes]:
        """Open it for reading bytes."""
        if self.system is None:
            return open(self.path, "rb")
        stream: IO[bytes] = self.system.open(self.path, "rb")
        return stream


def list_files(
    patterns: Sequence[str], root: Path, place: Place
) -> tuple[list[FoundFile], list[Issue]]:
    """Every file of the patterns once, by name; a pattern without any is an error (E501)."""
    found: dict[str, FoundFile] = {}
    issues: list[Issue] = []
    for pattern in patterns:
        before = len(found)
        matches = _remote(pattern, place) if is_remote(pattern) else _local(pattern, root)
        count = 0
        for file in matches:
            found.setdefault(file.name, file)
            count += 1
        if count == 0 and before == len(found):
            what = f"no file matches `{mask(pattern)}`"
            fix = "paths are relative to the project's folder; `**` goes through subfolders"
            issues.append(Issue(code="E501", what=what, place=place, fix=fix))
    return sorted(found.values(), key=lambda file: file.name), issues


def is_remote(pattern: str) -> bool:
    """Whether it is a URL."""
    return "://" in pattern


def find_again(file: FoundFile) -> tuple[str, ...]:
    """The stamp of the file as it is now; empty if it is gone."""
    if file.system is None:
        try:
            return _stamp(os.stat(file.path))
        except FileNotFoundError:
            return ()
    file.system.invalidate_cache()
    try:
        return _remote_stamp(file.system.info(file.path))
    except FileNotFoundError:
        return ()


def _local(pattern: str, root: Path) -> Iterator[FoundFile]:
    names = [pattern]
    if glob.has_magic(pattern):
        names = glob.glob(pattern, root_dir=root, recursive=True)
    for name in names:
        path = root / name
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        if not path.is_file():
            continue
        yield FoundFile(
            name=_relative(path, root),
            path=str(path),
            size=status.st_size,
            modified=datetime.fromtimestamp(status.st_mtime, UTC),
            stamp=_stamp(status),
        )


def _relative(path: Path, root: Path) -> str:
    plain = os.path.normpath(path)
    inside = os.path.relpath(plain, root)
    return Path(plain if inside.startswith("..") and path.is_absolute() else inside).as_posix()


def _stamp(status: os.stat_result) -> tuple[str, ...]:
    return (str(status.st_size), str(status.st_mtime_ns), str(status.st_ino))


def _remote(pattern: str, place: Place) -> Iterator[FoundFile]:
    import fsspec

    scheme = pattern.split("://", 1)[0]
    try:
        system, path = fsspec.core.url_to_fs(pattern)
        system.invalidate_cache()
        paths = system.glob(path) if glob.has_magic(path) else [path]
        infos = [system.info(each) for each in paths]
    except FileNotFoundError:
        return
    except (ImportError, ValueError) as error:
        package = _PACKAGES.get(scheme)
        fix = (
            f"pip install {package}"
            if package
            else "write s3://, gs://, abfs://, https:// or a path"
        )
        what = f"`{scheme}://` cannot be read: {mask(str(error))}"
        raise HeadwaterError(Issue(code="E502", what=what, place=place, fix=fix)) from error
    except OSError as error:
        what = f"`{mask(pattern)}` cannot be listed: {mask(str(error))}"
        fix = "check the address, the network and the credentials of this machine"
        raise HeadwaterError(Issue(code="E501", what=what, place=place, fix=fix)) from error
    for info in infos:
        if info.get("type") != "directory":
            yield FoundFile(
                name=str(system.unstrip_protocol(info["name"])),
                path=str(info["name"]),
                size=int(info.get("size") or 0),
                modified=_modified(info),
                stamp=_remote_stamp(info),
                system=system,
            )


def _modified(info: dict[str, Any]) -> datetime | None:
    for key in ("LastModified", "last_modified", "mtime", "updated", "created"):
        value = info.get(key)
        if isinstance(value, datetime):
            return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
    return None


def _remote_stamp(info: dict[str, Any]) -> tuple[str, ...]:
    """Empty where the store says nothing that would change with the content."""
    marks = [str(info[key]) for key in ("ETag", "etag", "md5Hash", "version_id") if info.get(key)]
    modified = _modified(info)
    if not marks and modified is None:
        return ()
    return (str(info.get("size")), str(modified), *marks)
