"""What columns data files really have, for inputs whose files are of several schemas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from headwater.engines.duckdb.faults import translated
from headwater.engines.duckdb.quoting import parquet_scan


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
