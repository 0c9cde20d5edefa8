"""Parquet files: rows counted by their footer, read by DuckDB, columns matched by name."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from headwater.contracts.quoting import literal
from headwater.kinds.source.readers.decoding import BrokenDeliveryError
from headwater.kinds.source.readers.formats import Context, Reading
from headwater.kinds.source.readers.listing import FoundFile
from headwater.kinds.source.readers.naming import column_names, match_headers
from headwater.kinds.source.readers.options import FileOptions
from headwater.kinds.source.readers.typed_landing import (
    TypedShape,
    choose,
    describe,
    land_relation,
)
from headwater.kinds.source.readers.writing import Part
from headwater.sql.relations import Column


class ParquetFormat:
    """Parquet, with types of its own."""

    def read(self, file: FoundFile, options: FileOptions, context: Context) -> Reading:  # noqa: ARG002
        """Match the columns; the rows are one task, which DuckDB streams."""
        path, fetched = _on_disk(file, context.stem)
        count = _count(path)
        found = _describe(path)
        match = match_headers(
            [column.name for column in found],
            context.columns,
            context.contract,
            file.name,
            context.place,
        )
        shape = TypedShape(
            delivery=file.name,
            columns=context.columns,
            found=choose(found, match.positions),
            form=context.form,
            load=context.load,
        )
        task = partial(_land, path=path, count=count, shape=shape, stem=context.stem)
        return Reading(issues=match.issues, tasks=_then_remove(task, fetched))

    def sniff(self, file: FoundFile, options: FileOptions) -> tuple[Column, ...]:  # noqa: ARG002
        """The columns of the file, with snake_case names."""
        with tempfile.TemporaryDirectory() as folder:
            path, _ = _on_disk(file, Path(folder, "sample"))
            _count(path)
            found = _describe(path)
        names = column_names(column.name for column in found)
        return tuple(Column(name=n, type=c.type) for n, c in zip(names, found, strict=True))


def _land(connection: object, path: Path, count: int, shape: TypedShape, stem: Path) -> Part:
    import duckdb

    assert isinstance(connection, duckdb.DuckDBPyConnection)
    relation = f"read_parquet({literal(str(path))})"
    try:
        return land_relation(connection, relation, "file_row_number + 1", count, shape, stem)
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise BrokenDeliveryError(str(error).split("\n", 1)[0]) from error


def _count(path: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return int(pq.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError) as error:
        raise BrokenDeliveryError(f"no Parquet file: {error}") from error


def _describe(path: Path) -> tuple[Column, ...]:
    import duckdb

    with duckdb.connect() as connection:
        return describe(connection, f"read_parquet({literal(str(path))})")


def _on_disk(file: FoundFile, stem: Path) -> tuple[Path, Path | None]:
    """The file itself, or a copy of a remote one beside `stem`, which is to be removed."""
    if file.system is None:
        return Path(file.path), None
    fetched = stem.with_name(stem.name + ".fetched")
    with file.open() as source, fetched.open("wb") as target:
        shutil.copyfileobj(source, target, 4 << 20)
    return fetched, fetched


def _then_remove(task: partial[Part], fetched: Path | None) -> Iterator[partial[Part]]:
    if fetched is None:
        yield task
        return

    def run(connection: object) -> Part:
        try:
            return task(connection)
        finally:
            fetched.unlink(missing_ok=True)

    yield partial(run)
