"""Writes the rows of a SELECT into data files: one, or one a local month."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from headwater.engines.duckdb.faults import UserText, disk_faults, translated
from headwater.engines.duckdb.interruptible import InterruptibleCalls
from headwater.engines.duckdb.parquet import (
    MONTH_COLUMN,
    CopiedFile,
    cast_select,
    check_types,
    copy_by_month,
    copy_statement,
    sorted_select,
)
from headwater.engines.duckdb.quoting import identifier
from headwater.engines.duckdb.times import month_name, only_month, within
from headwater.engines.protocol import Parameters, Target, Written
from headwater.graph.node import Schema
from headwater.ids import DataInterval

_numbers = count()


class FileWriter:
    """Runs COPY on one connection; after an error none of the files it began is left."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        zone: ZoneInfo,
        temp_folder: Path,
        calls: InterruptibleCalls,
    ) -> None:
        self._connection = connection
        self._zone = zone
        self._temp_folder = temp_folder
        self._calls = calls

    def write(
        self,
        source: str,
        *,
        schema: Schema,
        time: str | None,
        keep: DataInterval | None,
        target: Target,
        sort: tuple[str, ...] = (),
        user: UserText | None = None,
    ) -> tuple[Written, ...]:
        """The source's rows, cast to the schema and kept within `keep`."""
        check_types(schema)
        select = cast_select(source, schema)
        kind = dict(schema)[time] if time else ""
        if time and keep:
            condition = within(identifier(time), kind, keep, self._zone)
            if condition:  # rows without a time pass, to be counted and refused
                condition = f"({condition}) OR {identifier(time)} IS NULL"
                select = f"SELECT * FROM ({select}) WHERE {condition}"
        select = sorted_select(select, sort)
        month = only_month(keep, self._zone) if time else None
        if time and month is None:
            return self._write_months(select, time, kind, target, user)
        path = target(month, 0)
        copied = self.copy(select, path, user=user, statistics=time is not None)
        if copied is None:
            return ()
        with unlinked_on_error((path,)):
            return (copied.written(time, kind, self._zone),)

    def copy(
        self,
        select: str,
        path: Path,
        parameters: Parameters = (),
        user: UserText | None = None,
        *,
        statistics: bool = False,
    ) -> CopiedFile | None:
        """The SELECT's rows in one file; None where there are none."""
        with disk_faults():
            path.parent.mkdir(parents=True, exist_ok=True)
        with unlinked_on_error((path,)):
            rows = self._run(copy_statement(select, path, statistics=statistics), parameters, user)
        if statistics:
            return CopiedFile.of(rows[0]) if rows else None
        count = rows[0][0]
        return CopiedFile(path, count, path.stat().st_size) if count else None

    def _write_months(
        self, select: str, time: str, kind: str, target: Target, user: UserText | None
    ) -> tuple[Written, ...]:
        """One pass into a temporary folder; nothing refers to its files before they are moved."""
        folder = self._temp_folder / f"months-{next(_numbers)}"
        try:
            rows = self._run(copy_by_month(select, folder, time, kind, self._zone), (), user)
            copied = [CopiedFile.of(row) for row in rows]
            intervals = [file.interval(time, kind, self._zone) for file in copied]
            paths = _month_paths(copied, target)
            with unlinked_on_error(paths), disk_faults():
                for file, path in zip(copied, paths, strict=True):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    shutil.move(file.path, path)  # a rename, within one file system
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        files = [
            Written(path=path, rows=file.rows, bytes=file.bytes, interval=interval)
            for file, path, interval in zip(copied, paths, intervals, strict=True)
        ]
        return tuple(sorted(files, key=lambda file: str(file.path)))

    def _run(
        self, statement: str, parameters: Parameters, user: UserText | None
    ) -> list[tuple[Any, ...]]:
        def execute() -> list[tuple[Any, ...]]:
            return self._connection.execute(statement, parameters or None).fetchall()

        with translated(statement, user):
            return self._calls(self._connection, execute)


def _month_paths(copied: Sequence[CopiedFile], target: Target) -> list[Path]:
    numbers: dict[str, Iterator[int]] = {}
    paths = []
    for file in copied:
        month = month_name(int(file.partition[MONTH_COLUMN]))
        paths.append(target(month, next(numbers.setdefault(month, count()))))
    return paths


@contextmanager
def unlinked_on_error(paths: Sequence[Path]) -> Iterator[None]:
    """Delete the files again if what follows fails; what cannot be deleted `vacuum` finds."""
    try:
        yield
    except BaseException:
        for path in paths:
            try:
                path.unlink(missing_ok=True)
            except OSError:
                continue
        raise
