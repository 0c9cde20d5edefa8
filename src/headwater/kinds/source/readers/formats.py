"""What the reader of files asks of a file format."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from headwater.contracts.definition import Contract
from headwater.errors import Issue, Place
from headwater.kinds.source.readers.casting import TextFormat
from headwater.kinds.source.readers.flow import Task
from headwater.kinds.source.readers.listing import FoundFile
from headwater.kinds.source.readers.model import LoadStamp
from headwater.kinds.source.readers.options import FileOptions
from headwater.sql.relations import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a file is to become. `stem` begins the names of the Parquet files.

    `positional`: no header and no declared names, so fields are the columns in order.
    """

    columns: tuple[Column, ...]
    contract: Contract | None
    form: TextFormat
    load: LoadStamp
    stem: Path
    place: Place
    positional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A file being read: a task for each of its pieces, and what was noticed on opening it.

    `exact` gives the tasks once more, slower, with every record counted exactly.
    """

    issues: tuple[Issue, ...] = ()
    tasks: Iterable[Task] = ()
    exact: Callable[[], Iterable[Task]] | None = None


class FileFormat(Protocol):
    """One way of writing rows into a file."""

    def read(self, file: FoundFile, options: FileOptions, context: Context) -> Reading:
        """Open the file; raises `BrokenDeliveryError` or `OSError`."""

    def sniff(self, file: FoundFile, options: FileOptions) -> tuple[Column, ...]:
        """Names and types as the data show them; raises `BrokenDeliveryError` or `OSError`."""
