"""Files that someone else keeps: listed and described, never copied."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from headwater.contracts.quoting import literal
from headwater.errors import HeadwaterError, Issue
from headwater.kinds.source.definition import InPlaceOrigin, SourceDefinition
from headwater.kinds.source.readers.files import format_of
from headwater.kinds.source.readers.listing import FoundFile, list_files
from headwater.kinds.source.readers.model import Delivery, Discovery, Known, Landed, LoadStamp
from headwater.kinds.source.readers.typed_landing import describe
from headwater.sql.relations import Column

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_READ: Final = {"csv": "read_csv", "parquet": "read_parquet", "json": "read_json"}


class InPlaceReader:
    """Names the files of a source that is read where it lies; their identity is size and time."""

    def __init__(
        self,
        definition: SourceDefinition,
        origin: InPlaceOrigin,
        *,
        root: Path,
        columns: tuple[Column, ...] | None,
    ) -> None:
        self._definition = definition
        self._origin = origin
        self._root = root
        self._columns = columns

    def discover(self, known: Known) -> Discovery:
        """Files whose size or time changed. `sha256` is of these, not of the content."""
        files, issues = list_files(self._origin.patterns, self._root, self._definition.place)
        deliveries = [
            Delivery(name=f.name, sha256=_identity(f), size=f.size, modified=f.modified)
            for f in files
        ]
        new = [each for each in deliveries if known.deliveries.get(each.name) != each.sha256]
        offered = {file.name for file in files}
        return Discovery(
            new=tuple(new),
            unchanged=len(files) - len(new),
            gone=tuple(name for name in known.deliveries if name not in offered),
            issues=tuple(issues),
        )

    def schema(self, deliveries: Sequence[Delivery] = ()) -> tuple[Column, ...]:  # noqa: ARG002
        """The declared columns, or those of the files."""
        if self._columns is None:
            import duckdb

            with duckdb.connect() as connection:
                try:
                    self._columns = describe(connection, self._table())
                except duckdb.Error as error:
                    what = f"{self._definition.id} cannot be read: {str(error).splitlines()[0]}"
                    fix = "check the files, or declare `format`"
                    issue = Issue(code="E507", what=what, place=self._definition.place, fix=fix)
                    raise HeadwaterError(issue) from error
        return self._columns

    def relation_sql(self) -> str:
        """A SELECT over the files as they are now, with the columns of the source."""
        from headwater.contracts.quoting import quote

        listed = ", ".join(
            f"CAST({quote(column.name)} AS {column.type}) AS {quote(column.name)}"
            for column in self.schema()
        )
        return f"SELECT {listed} FROM {self._table()}"

    def land(
        self,
        deliveries: Sequence[Delivery],
        folder: Path,
        load: LoadStamp,
        connection: DuckDBPyConnection,
    ) -> Iterator[Landed]:
        """Nothing: the files stay where they are."""
        del deliveries, folder, load, connection
        return iter(())

    def _table(self) -> str:
        files, issues = list_files(self._origin.patterns, self._root, self._definition.place)
        if not files:
            raise HeadwaterError(*issues)
        kind = self._origin.format or format_of(files[0].name)
        if kind not in _READ:
            what = f"{files[0].name} cannot be read in place"
            fix = "Parquet, CSV and JSON can; copy others in with `files:`"
            raise HeadwaterError(
                Issue(code="E510", what=what, place=self._definition.place, fix=fix)
            )
        paths = ", ".join(
            literal(file.path if file.system is None else file.name) for file in files
        )
        return f"{_READ[kind]}([{paths}], union_by_name = true)"


def _identity(file: FoundFile) -> str:
    return hashlib.sha256("\0".join((str(file.size), *file.stamp[:2])).encode()).hexdigest()
