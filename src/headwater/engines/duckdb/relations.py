"""One upstream name as a SELECT over data files: cut by time, columns chosen, latest rows only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from headwater.engines.duckdb.quoting import identifier, identifiers, parquet_scan
from headwater.engines.duckdb.times import within
from headwater.engines.protocol import InputRelation, Latest
from headwater.graph.node import Schema
from headwater.ids import DataInterval

#: Finds the column names that each group of files of one physical schema has.
FileGroups = Callable[[Sequence[Path]], Sequence[tuple[tuple[Path, ...], frozenset[str]]]]

#: Where several changes carry the same `latest_by`, the one landed last wins.
_LANDED = ("_loaded_at", "_load_id", "_row")

#: What `read_parquet` gives back as it was written; every other type is cast to the promised one.
_SAME_IN_PARQUET = frozenset(
    {"BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT"}
    | {"DOUBLE", "FLOAT", "BOOLEAN", "VARCHAR", "BLOB", "UUID", "JSON", "DATE", "TIME"}
    | {"TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"}
)


def input_select(relation: InputRelation, zone: ZoneInfo, groups: FileGroups) -> str:
    """The SELECT that shows an input of files."""
    files, filtered = _files_to_read(relation)
    types = dict(relation.schema)
    shown = relation.columns or tuple(types)
    condition = ""
    if filtered and relation.time and relation.cut:
        condition = within(identifier(relation.time), types[relation.time], relation.cut, zone)
    if relation.latest is None and not condition:
        return files_select(files, relation.schema, relation.uniform, groups, shown)
    source = files_select(files, relation.schema, relation.uniform, groups)
    if relation.latest is not None:
        source = latest_select(source, relation.latest, tuple(types))
    where = f" WHERE {condition}" if condition else ""
    return f"SELECT {identifiers(shown)} FROM ({source}){where}"


def _files_to_read(relation: InputRelation) -> tuple[tuple[Path, ...], bool]:
    """The files that can hold shown rows, and whether their rows need the filter."""
    cut = relation.cut
    if cut is None or relation.time is None:
        return relation.files, False
    # The latest change of a key may lie outside of the cut, so all files have to be read.
    if not relation.spans or relation.latest is not None:
        return relation.files, True
    near = [
        (file, span)
        for file, span in zip(relation.files, relation.spans, strict=True)
        if span.overlaps(cut)
    ]
    return tuple(file for file, _ in near), not all(cut.contains(span) for _, span in near)


def files_select(
    files: Sequence[Path],
    schema: Schema,
    uniform: bool,
    groups: FileGroups,
    shown: Sequence[str] = (),
) -> str:
    """The rows of files with the promised columns and types."""
    columns = [(name, kind) for name, kind in schema if not shown or name in shown]
    if shown:
        order = {name: position for position, name in enumerate(shown)}
        columns.sort(key=lambda column: order[column[0]])
    if not files:
        return f"SELECT {projection(columns, frozenset())} WHERE false"
    if uniform:
        present = frozenset(name for name, _ in schema)
        return f"SELECT {projection(columns, present)} FROM {parquet_scan(tuple(files))}"
    return " UNION ALL ".join(
        f"SELECT {projection(columns, present, exact=False)} FROM {parquet_scan(paths)}"
        for paths, present in groups(files)
    )


def projection(
    columns: Sequence[tuple[str, str]], present: frozenset[str], *, exact: bool = True
) -> str:
    """The columns with the promised types; those that files lack are null."""
    parts = []
    for name, kind in columns:
        quoted = identifier(name)
        if name not in present:
            parts.append(f"CAST(NULL AS {kind}) AS {quoted}")
        elif exact and (kind in _SAME_IN_PARQUET or kind.startswith("DECIMAL(")):
            parts.append(quoted)
        else:
            parts.append(f"CAST({quoted} AS {kind}) AS {quoted}")
    return ", ".join(parts)


def given_select(relation: InputRelation, registered: str, given: Sequence[str]) -> str:
    """Given rows as the input: cast to its schema; columns that were not given are null."""
    columns = [c for c in relation.schema if not relation.columns or c[0] in relation.columns]
    projected = projection(columns, frozenset(given), exact=False)
    return f"SELECT {projected} FROM {identifier(registered)}"


def latest_select(source: str, latest: Latest, columns: tuple[str, ...]) -> str:
    """The latest row of each key that is not deleted."""
    order = [latest.latest_by, *(name for name in _LANDED if name in columns)]
    ranked = ", ".join(f"{identifier(name)} DESC NULLS LAST" for name in order)
    kept = (
        f"SELECT * FROM ({source}) QUALIFY row_number() OVER "
        f"(PARTITION BY {identifiers(list(latest.key))} ORDER BY {ranked}) = 1"
    )
    if latest.deleted is None:
        return kept
    return f"SELECT * FROM ({kept}) WHERE NOT coalesce((\n{latest.deleted}\n), false)"


def rest_select(
    source: str, time: str, column_type: str, interval: DataInterval, zone: ZoneInfo
) -> str:
    """The rows whose time lies outside of the interval."""
    condition = within(identifier(time), column_type, interval, zone)
    return f"SELECT * FROM ({source}) WHERE NOT ({condition or 'true'})"
