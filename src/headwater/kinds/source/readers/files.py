"""Files: found, hashed, and landed by their format."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from headwater.errors import HeadwaterError, Issue
from headwater.kinds.source.definition import FilesOrigin, SourceDefinition
from headwater.kinds.source.readers.csv_files import CsvFormat
from headwater.kinds.source.readers.decoding import BrokenDeliveryError, compression_of
from headwater.kinds.source.readers.excel_files import ExcelFormat
from headwater.kinds.source.readers.flow import Opened, broken_delivery, land_all
from headwater.kinds.source.readers.formats import Context, FileFormat, Reading
from headwater.kinds.source.readers.hashing import hash_file, hash_files
from headwater.kinds.source.readers.json_files import JsonFormat
from headwater.kinds.source.readers.listing import FoundFile, find_again, list_files
from headwater.kinds.source.readers.model import Delivery, Discovery, Known, Landed, LoadStamp
from headwater.kinds.source.readers.options import read_options
from headwater.kinds.source.readers.parquet_files import ParquetFormat
from headwater.kinds.source.readers.sniffing import sniff_columns
from headwater.kinds.source.readers.writing import workers
from headwater.sql.relations import Column

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FORMATS: Final[Mapping[str, FileFormat]] = {
    "csv": CsvFormat(),
    "excel": ExcelFormat(),
    "json": JsonFormat(),
    "parquet": ParquetFormat(),
}
_ENDINGS: Final = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet",
    ".json": "json", ".jsonl": "json", ".ndjson": "json", ".xlsx": "excel", ".xlsm": "excel",
}  # fmt: skip


def format_of(name: str) -> str | None:
    """The format that a file name tells, compression aside.

    >>> format_of("2010-12.csv.gz"), format_of("events.ndjson"), format_of("notes.doc")
    ('csv', 'json', None)
    """
    path = Path(name.lower())
    return _ENDINGS.get(path.with_suffix("").suffix if compression_of(name) else path.suffix)


class FilesReader:
    """Reads the files of a source; each file is one delivery."""

    def __init__(
        self,
        definition: SourceDefinition,
        origin: FilesOrigin,
        *,
        root: Path,
        project_zone: str,
        columns: tuple[Column, ...] | None,
        memory: Path,
    ) -> None:
        self._definition = definition
        self._origin = origin
        self._root = root
        self._columns = columns
        self._memory = memory
        self._options = read_options(origin.options, definition.place)
        source_zone = definition.timezone or project_zone
        self._source_zone = source_zone
        self._form = self._options.text_format(source_zone, project_zone)

    def discover(self, known: Known) -> Discovery:
        """New and changed files in the declared order."""
        files, issues = list_files(self._origin.patterns, self._root, self._definition.place)
        issues += self._unknown_formats(files)
        hashes = self._hashes(files)
        new = [
            Delivery(
                name=file.name, sha256=hashes[file.name], size=file.size, modified=file.modified
            )
            for file in files
            if known.deliveries.get(file.name) != hashes[file.name]
        ]
        if self._definition.order != "name":
            new.sort(key=lambda delivery: (str(delivery.modified), delivery.name))
        offered = {file.name for file in files}
        return Discovery(
            new=tuple(new),
            unchanged=len(files) - len(new),
            gone=tuple(name for name in known.deliveries if name not in offered),
            issues=tuple(issues),
        )

    def schema(self, deliveries: Sequence[Delivery] = ()) -> tuple[Column, ...]:
        """The declared columns; else those that a sample of the files shows."""
        if self._columns is None:
            files, issues = list_files(self._origin.patterns, self._root, self._definition.place)
            wanted = {delivery.name for delivery in deliveries}
            chosen = [file for file in files if not wanted or file.name in wanted]
            if not chosen:
                raise HeadwaterError(*issues)
            self._columns = sniff_columns(chosen, self._sniff, self._definition.place)
        return self._columns

    def land(
        self,
        deliveries: Sequence[Delivery],
        folder: Path,
        load: LoadStamp,
        connection: DuckDBPyConnection,
    ) -> Iterator[Landed]:
        """Each file whole, or refused with its issue while the others go on."""
        files, _ = list_files(self._origin.patterns, self._root, self._definition.place)
        offered = {file.name: file for file in files}
        wanted = [offered[d.name] for d in deliveries if d.name in offered]
        hashes = self._hashes(files) if wanted else {}
        columns = self.schema(deliveries)
        folder.mkdir(parents=True, exist_ok=True)

        def opened() -> Iterator[Opened]:
            for delivery in deliveries:
                file = offered.get(delivery.name)
                if file is None or hashes[file.name] != delivery.sha256:
                    yield Opened(delivery=delivery, issues=(self._changed(delivery.name),))
                else:
                    yield self._open(file, delivery, columns, folder, load)

        with workers(connection, self._source_zone) as pool:
            yield from land_all(opened(), pool, self._definition.place)

    def _open(
        self,
        file: FoundFile,
        delivery: Delivery,
        columns: tuple[Column, ...],
        folder: Path,
        load: LoadStamp,
    ) -> Opened:
        context = Context(
            columns=columns,
            contract=self._definition.contract,
            form=self._form,
            load=load,
            stem=folder / stem_of(delivery),
            place=self._definition.place,
            positional=not self._options.header and not self._options.columns,
        )
        try:
            reading = self._format(file).read(file, self._options, context)
        except BrokenDeliveryError as error:
            issue = broken_delivery(file.name, str(error), self._definition.place)
            reading = Reading(issues=(issue,))
        except OSError as error:
            reading = Reading(issues=(self._unreadable(file, error),))
        return Opened(
            delivery=delivery,
            tasks=reading.tasks,
            issues=reading.issues,
            exact=reading.exact,
            complete=lambda landed: self._verify(file, landed),
        )

    def _verify(self, file: FoundFile, landed: Landed) -> Landed:
        """That the file is still what it was when it was found."""
        same = find_again(file) == file.stamp
        if same and not file.stamp:
            same = hash_file(file) == landed.delivery.sha256
        return (
            landed if same else replace(landed, issues=(*landed.issues, self._changed(file.name)))
        )

    def _sniff(self, file: FoundFile) -> tuple[Column, ...]:
        try:
            return self._format(file).sniff(file, self._options)
        except BrokenDeliveryError as error:
            issue = broken_delivery(file.name, str(error), self._definition.place)
            raise HeadwaterError(issue) from error
        except OSError as error:
            raise HeadwaterError(self._unreadable(file, error)) from error

    def _hashes(self, files: Sequence[FoundFile]) -> dict[str, str]:
        try:
            return hash_files(files, self._memory)
        except OSError as error:
            fix = "check that it may be read, and that its disk or network answers"
            what = f"a file of {self._definition.id} cannot be read: {error}"
            issue = Issue(code="E501", what=what, place=self._definition.place, fix=fix)
            raise HeadwaterError(issue) from error

    def _format(self, file: FoundFile) -> FileFormat:
        name = self._origin.format or format_of(file.name)
        if name is None:
            raise HeadwaterError(*self._unknown_formats([file]))
        return FORMATS[name]

    def _unknown_formats(self, files: Sequence[FoundFile]) -> list[Issue]:
        if self._origin.format is not None:
            return []
        return [
            Issue(
                code="E510",
                what=f"the format of {file.name} is not told by its name",
                place=self._definition.place,
                fix="add `format: csv` (or parquet, json, excel), or narrow the pattern",
            )
            for file in files
            if format_of(file.name) is None
        ]

    def _changed(self, name: str) -> Issue:
        return Issue(
            code="E511",
            what=f"{name} changed or went away while it was read",
            place=self._definition.place,
            fix="run again; let the producer write beside and rename when it is complete",
        )

    def _unreadable(self, file: FoundFile, error: OSError) -> Issue:
        fix = "check that it may be read, and that its disk or network answers"
        what = f"{file.name} cannot be read: {error.strerror or error}"
        return Issue(code="E501", what=what, place=self._definition.place, fix=fix)


def stem_of(delivery: Delivery) -> str:
    """A file name for the Parquet of a delivery: readable, and unique by name and content."""
    mark = hashlib.sha256(f"{delivery.name}\0{delivery.sha256}".encode()).hexdigest()[:12]
    readable = "".join(c if c.isalnum() or c in "-_" else "_" for c in Path(delivery.name).name)
    return f"{readable[:60]}-{mark}"
