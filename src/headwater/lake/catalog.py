"""`catalog.duckdb`: the tables of prod's newest release as views, for any tool that reads DuckDB.

Each release gets a file of its own, written once and then only read; the link moves in one step,
so a reader keeps the release that it opened. The storage version is one that DuckDB 1.x reads.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.errors import HeadwaterError, Issue
from headwater.graph.node import Schema
from headwater.ids import digest
from headwater.lake import codes

if TYPE_CHECKING:
    import duckdb

LINK = "catalog.duckdb"
STORAGE_VERSION = "v1.0.0"
KEPT = 3

#: Itself a view: a digest of each view. The next catalog starts
#: as a copy of this one and defines only those views anew whose digest differs, since binding a
#: view opens a file (0.5 ms each).
CONTENTS = "_headwater_catalog"

_NAME = re.compile(r"catalog-(\d+)\.duckdb\Z")
_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogTable:
    """One table of a release; `uniform` says that all files have exactly the schema."""

    schema: Schema
    files: tuple[Path, ...]
    uniform: bool = True


def write_catalog(
    folder: Path,
    release: int,
    tables: Mapping[str, CatalogTable],
    *,
    kept: int = KEPT,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> Path:
    """Write `catalog-<release>.duckdb` into the folder and point `catalog.duckdb` to it.

    Views name the data files by absolute path. Of older catalogs `kept - 1` stay. A release that
    has its catalog keeps it. A `connection` at hand saves the start of a DuckDB instance. Raises an
    issue of code W764 where the file cannot be written; the release stands without it.
    """
    import duckdb

    path = folder / f"catalog-{release}.duckdb"
    views = {name: _view_select(table) for name, table in sorted(tables.items())}
    try:
        if not path.exists():
            with connection.cursor() if connection else duckdb.connect(":memory:") as own:
                try:
                    _make(own, path, _newest(folder), views)
                except duckdb.Error:  # the previous catalog may be damaged
                    _make(own, path, None, views)
        _point(folder / LINK, path)
        _prune(folder, path, kept)
    except (duckdb.Error, OSError) as error:
        issue = Issue(code=codes.NO_CATALOG, what=f"no catalog file {path.name}: {error}")
        raise HeadwaterError(issue) from error
    return path


def _make(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    previous: Path | None,
    views: Mapping[str, str],
) -> None:
    new = path.with_name(f".{path.name}-{os.getpid()}.new")
    alias = f"headwater_{path.stem.replace('-', '_')}"
    try:
        if previous is not None:
            shutil.copyfile(previous, new)
        options = f" (STORAGE_VERSION {_text(STORAGE_VERSION)})" if previous is None else ""
        connection.execute(f"ATTACH {_text(str(new))} AS {alias}{options}")
        try:
            _define(connection, alias, previous is not None, views)
        finally:
            connection.execute(f"DETACH {alias}")  # checkpoints
        new.chmod(0o444)
        with new.open("rb") as stream:
            os.fsync(stream.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
        new.with_name(f"{new.name}.wal").unlink(missing_ok=True)


def _define(
    connection: duckdb.DuckDBPyConnection, alias: str, copied: bool, views: Mapping[str, str]
) -> None:
    contents = f"{alias}.{CONTENTS}"
    wanted = {name: digest(select) for name, select in views.items()}
    connection.execute("BEGIN")
    try:
        known = {}
        if copied:
            rows = connection.execute(f"SELECT name, digest FROM {contents}").fetchall()
            known = {name: mark for name, mark in rows if name is not None}
        for name in known.keys() - wanted.keys():
            connection.execute(f"DROP VIEW {alias}.{_name(name)}")
        for name, mark in wanted.items():
            if known.get(name) != mark:
                view = f"CREATE OR REPLACE VIEW {alias}.{_name(name)} AS {views[name]}"
                connection.execute(view)
        names, marks = (", ".join(map(_text, values)) for values in (wanted, wanted.values()))
        connection.execute(
            f"CREATE OR REPLACE VIEW {contents} AS SELECT unnest(CAST([{names}] AS VARCHAR[])) "
            f"AS name, unnest(CAST([{marks}] AS VARCHAR[])) AS digest"
        )
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _view_select(table: CatalogTable) -> str:
    nothing = ", ".join(f"CAST(NULL AS {kind}) AS {_name(name)}" for name, kind in table.schema)
    if not table.files:
        return f"SELECT {nothing} WHERE false"
    columns = ", ".join(
        f"CAST({_name(name)} AS {kind}) AS {_name(name)}" for name, kind in table.schema
    )
    listed = ", ".join(_text(_GLOB.sub(r"[\g<0>]", str(file))) for file in table.files)
    if table.uniform:
        return f"SELECT {columns} FROM read_parquet([{listed}], hive_partitioning = false)"
    # Columns that no file has yet come from the empty first part.
    files = f"read_parquet([{listed}], hive_partitioning = false, union_by_name = true)"
    return (
        f"SELECT {columns} FROM "
        f"(SELECT {nothing} WHERE false UNION ALL BY NAME SELECT * FROM {files})"
    )


def _newest(folder: Path) -> Path | None:
    catalogs = _catalogs(folder)
    return catalogs[-1] if catalogs else None


def _catalogs(folder: Path) -> list[Path]:
    found = [
        (int(match[1]), path) for path in folder.iterdir() if (match := _NAME.match(path.name))
    ]
    return [path for _, path in sorted(found)]


def _point(link: Path, path: Path) -> None:
    new = link.with_name(f".{link.name}-{os.getpid()}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(path.name)
    new.replace(link)


def _prune(folder: Path, current: Path, kept: int) -> None:
    older = [path for path in _catalogs(folder) if path != current]
    for path in older[: max(len(older) - kept + 1, 0)]:
        path.unlink(missing_ok=True)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
