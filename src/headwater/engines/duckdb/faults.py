"""DuckDB's exceptions as issues: what happened, where in the user's SQL, and how to mend it."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from headwater.engines import codes
from headwater.errors import HeadwaterError, Issue, Place

_FILE = re.compile(r"([\"'])(.+?\.parquet)\1")  # a path may hold the other quote, or its own
_NO_SPACE = ("No space left", "Disk quota exceeded", "File too large", "max_temp_directory_size")
_BROKEN = (
    "No magic bytes",
    "No files found that match",
    "No such file",
    "Failed to read file",
    "too small to be a Parquet file",
    "Footer length",
    "file footer",
    "ecompression failure",
    "Out of buffer",
    "don't know what type",
    "Failed to read Parquet",
    "TProtocolException",
    "Could not read enough bytes",
    "could not read enough bytes",
)


_STOPPED = Issue(code=codes.INTERRUPTED, what="stopped; nothing was published")


class Interrupted(HeadwaterError):
    """The work was stopped from outside (Ctrl-C); nothing was published."""

    exit_code = 130


@dataclass(frozen=True, slots=True)
class UserText:
    """Where the user's SQL stands inside the statement that an engine runs."""

    text: str
    place: Place = Place()
    code: str = codes.SQL_FAILED

    def place_of(self, statement: str, position: int) -> Place:
        """The place of a byte position of the statement, if it lies in the user's text."""
        characters = len(statement.encode()[:position].decode(errors="ignore"))
        offset = characters - statement.find(self.text)
        if not 0 <= offset <= len(self.text):
            return self.place
        before = self.text[:offset]
        line = before.count("\n") + 1
        return Place(self.place.path, line, offset - (before.rfind("\n") + 1) + 1)


@contextmanager
def disk_faults() -> Iterator[None]:
    """Raise what the operating system says about a file as a `HeadwaterError`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise HeadwaterError(_disk_full(str(error))) from error
        issue = Issue(
            code=codes.ENGINE_FAILED,
            what=f"cannot write {error.filename}: {error.strerror}",
            fix="`headwater debug` checks folders and permissions",
        )
        raise HeadwaterError(issue) from error


@contextmanager
def translated(statement: str = "", user: UserText | None = None) -> Iterator[None]:
    """Raise what DuckDB raises as a `HeadwaterError`."""
    try:
        yield
    except duckdb.Error as error:
        raise fault(error, statement, user) from error
    except RuntimeError as error:  # what DuckDB's client makes of Ctrl-C in the main thread
        if "interrupted" not in str(error):
            raise
        raise Interrupted(_STOPPED) from error


def fault(error: duckdb.Error, statement: str = "", user: UserText | None = None) -> HeadwaterError:
    """The issue that a DuckDB exception stands for."""
    message, position = _read(error)
    if isinstance(error, duckdb.InterruptException):
        return Interrupted(_STOPPED)
    first = message.split("\n", 1)[0]
    if any(sign in message for sign in _NO_SPACE):
        return HeadwaterError(_disk_full(first))
    if isinstance(error, duckdb.OutOfMemoryException):
        return HeadwaterError(_out_of_memory(first))
    if any(sign in message for sign in _BROKEN):
        return HeadwaterError(_broken_file(first))
    if user is not None:
        place = user.place if position is None else user.place_of(statement, position)
        return HeadwaterError(Issue(code=user.code, what=_plain(message), place=place))
    return HeadwaterError(Issue(code=codes.ENGINE_FAILED, what=f"DuckDB: {_plain(message)}"))


def _read(error: duckdb.Error) -> tuple[str, int | None]:
    """Message and byte position; the engine asks DuckDB for errors as JSON."""
    kind, brace, rest = str(error).partition("{")
    try:
        read = json.loads(brace + rest)
    except json.JSONDecodeError:
        return str(error), None
    if not isinstance(read, dict) or "exception_message" not in read:
        return f"{kind}{brace}{rest}", None
    position = read.get("position")
    return str(read["exception_message"]), None if position is None else int(position)


def _plain(message: str) -> str:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return "; ".join(lines[:2])


def _disk_full(first: str) -> Issue:
    return Issue(
        code=codes.DISK_FULL,
        what=f"the disk is full, nothing was published: {first}",
        fix="free space (`headwater vacuum` deletes what nothing refers to), then `headwater run`",
    )


def _out_of_memory(first: str) -> Issue:
    return Issue(
        code=codes.OUT_OF_MEMORY,
        what=f"out of memory, nothing was published: {first}",
        fix="raise `memory_limit` in the profile, or set a smaller `chunk` in the table's header",
    )


def _broken_file(first: str) -> Issue:
    named = _FILE.search(first)
    subject = f"data file {named[2]}" if named else "a data file"
    return Issue(
        code=codes.DATA_FILE_BROKEN,
        what=f"{subject} is missing or damaged: {first}",
        fix="restore it, or rebuild its node with `headwater run --full-refresh NODE`",
    )
