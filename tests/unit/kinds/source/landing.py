"""Sources made for tests, landed for real."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from headwater.definitions.model import Described
from headwater.errors import Place
from headwater.ids import NodeId
from headwater.kinds.source.definition import FilesOrigin, Origin, SourceDefinition
from headwater.kinds.source.readers.files import FilesReader
from headwater.kinds.source.readers.model import Known, Landed, LoadStamp
from headwater.sql.relations import Column

LOAD = LoadStamp(load_id="load-1", loaded_at=datetime(2011, 12, 10, tzinfo=UTC))
ABC = (("a", "VARCHAR"), ("b", "BIGINT"), ("c", "VARCHAR"))


def columns_of(*pairs: tuple[str, str]) -> tuple[Column, ...]:
    return tuple(Column(name=name, type=kind) for name, kind in pairs)


def define(origin: Origin, **settings: Any) -> SourceDefinition:
    return SourceDefinition(
        id=NodeId("source", "things"),
        place=Place("sources/things.yml", 1),
        files=("sources/things.yml",),
        described=Described(),
        origin=origin,
        **settings,
    )


def files_reader(
    root: Path,
    *patterns: str,
    columns: tuple[Column, ...] | None = columns_of(*ABC),
    project_zone: str = "UTC",
    format: Any = None,
    options: dict[str, Any] | None = None,
    **settings: Any,
) -> FilesReader:
    origin = FilesOrigin(patterns=patterns, format=format, options=options or {})
    return FilesReader(
        define(origin, **settings),
        origin,
        root=root,
        project_zone=project_zone,
        columns=columns,
        memory=root / ".headwater" / "cache" / "things.json",
    )


def land_files(reader: FilesReader, folder: Path, threads: int = 2) -> list[Landed]:
    with duckdb.connect(config={"threads": threads}) as connection:
        found = reader.discover(Known())
        return list(reader.land(found.new, folder, LOAD, connection))


def rows_of(
    landed: Landed | list[Landed], what: str = "* EXCLUDE (_file, _row, _load_id, _loaded_at)"
) -> list[tuple[Any, ...]]:
    return _query([p for each in _list(landed) for p in each.rows], what)


def rejected_of(
    landed: Landed | list[Landed], what: str = "_row, _raw, _rules"
) -> list[tuple[Any, ...]]:
    return _query([p for each in _list(landed) for p in each.rejected], what)


def codes_of(landed: Landed | list[Landed]) -> list[str]:
    return [issue.code for each in _list(landed) for issue in each.issues]


def _list(landed: Landed | list[Landed]) -> list[Landed]:
    return landed if isinstance(landed, list) else [landed]


def _query(paths: list[Path], what: str) -> list[tuple[Any, ...]]:
    if not paths:
        return []
    with duckdb.connect() as connection:
        read = "SELECT " + what + " FROM read_parquet(?)"
        return connection.execute(read, [[str(path) for path in paths]]).fetchall()
