"""What data files really hold: their columns, where schemas differ, and which one is damaged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from headwater.engines import codes
from headwater.engines.duckdb.faults import translated
from headwater.engines.duckdb.quoting import parquet_scan
from headwater.errors import HeadwaterError


def groups_of_one_schema(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path]
) -> tuple[tuple[tuple[Path, ...], frozenset[str]], ...]:
    """Files with equal names and types together, in order of their first, with column names.

    Reads the footers only.
    """
    if not files:
        return ()
    scan = parquet_scan(tuple(files)).removesuffix(", hive_partitioning = false)")
    listed = scan.replace("read_parquet(", "parquet_schema(", 1) + ")"
    with translated():
        rows = connection.execute(
            "SELECT file_name, name, coalesce(num_children, 0), "
            "concat_ws(' ', type, type_length, converted_type, scale, precision, logical_type, "
            f"duckdb_type) FROM {listed}"
        ).fetchall()
    elements: dict[str, list[tuple[str, int, str]]] = {}
    for file, name, children, kind in rows:
        elements.setdefault(file, []).append((name, children, kind))
    groups: dict[tuple[tuple[str, int, str], ...], list[Path]] = {}
    for path in files:
        groups.setdefault(tuple(elements[str(path)]), []).append(path)
    return tuple((tuple(paths), frozenset(_columns(tree))) for tree, paths in groups.items())


@contextmanager
def broken_named(
    connection: duckdb.DuckDBPyConnection, files: Callable[[], Iterable[Path]]
) -> Iterator[None]:
    """Where DuckDB says that a file is damaged but not which, read all of them to find it."""
    try:
        yield
    except HeadwaterError as error:
        issue = error.issues[0]
        if issue.code != codes.DATA_FILE_BROKEN or ".parquet" in issue.what:
            raise
        broken = next((path for path in files() if _is_broken(connection, path)), None)
        if broken is None:
            raise
        named = issue.what.replace("a data file", f"data file {broken}", 1)
        raise HeadwaterError(replace(issue, what=named)) from error


def _is_broken(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    try:
        connection.execute(f"SELECT max(hash(t)) FROM {parquet_scan((path,))} AS t").fetchall()
    except duckdb.Error:
        return True
    return False


def _columns(tree: Sequence[tuple[str, int, str]]) -> Iterator[str]:
    """The children of the root, of a schema listed depth first."""
    position = 1
    while position < len(tree):
        yield tree[position][0]
        position = _after(tree, position)


def _after(tree: Sequence[tuple[str, int, str]], position: int) -> int:
    following = position + 1
    for _ in range(tree[position][1]):
        following = _after(tree, following)
    return following
