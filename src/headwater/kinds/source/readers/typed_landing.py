"""Rows that come with types (Parquet, Arrow) as Parquet with the types of the source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from headwater.contracts.quoting import literal, quote
from headwater.kinds.source.readers.casting import (
    TextFormat,
    cast_text,
    is_local_time,
    shift_zone,
)
from headwater.kinds.source.readers.model import LoadStamp
from headwater.kinds.source.readers.writing import Part, copy_rows, meta_sql
from headwater.sql.relations import Column

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_WITH_FRACTION: Final = re.compile(r"(DOUBLE|FLOAT|DECIMAL)\b")
_WHOLE: Final = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedShape:
    """Which column of a relation each column of the source is; None where it is missing."""

    delivery: str
    columns: tuple[Column, ...]
    found: tuple[Column | None, ...]
    form: TextFormat
    load: LoadStamp


def land_relation(
    connection: DuckDBPyConnection,
    relation: str,
    row: str,
    count: int,
    shape: TypedShape,
    stem: Path,
) -> Part:
    """Write a relation's rows; `row` is the SQL of a row's position, `count` how many there are."""
    import duckdb

    rows = stem.with_name(stem.name + ".parquet")
    rejected = stem.with_name(stem.name + ".rejected.parquet")
    strict = ", ".join(_targets(shape, strict=True))
    meta = meta_sql(shape.delivery, row, shape.load)
    try:
        landed = copy_rows(connection, f"SELECT {strict}, {meta} FROM {relation}", rows)
        refused = 0
    except (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException):
        rows.unlink(missing_ok=True)
        lenient = ", ".join(_targets(shape, strict=False))
        # Both queries read the relation, so that it need not fit into memory.
        parted = (
            f"SELECT {lenient}, {meta}, CAST(to_json(delivered) AS VARCHAR) AS _raw, "
            f"{_faults(shape)} AS _rules FROM {relation} AS delivered"
        )
        names = "* EXCLUDE (_raw, _rules)"
        landed = copy_rows(
            connection, f"SELECT {names} FROM ({parted}) WHERE len(_rules) = 0", rows
        )
        refused = copy_rows(connection, f"SELECT * FROM ({parted}) WHERE len(_rules) > 0", rejected)
    return Part(
        rows=rows if landed else None,
        rejected=rejected if refused else None,
        counted=count,
        delivered=count,
        landed=landed,
        rejected_count=refused,
    )


def describe(connection: DuckDBPyConnection, relation: str) -> tuple[Column, ...]:
    """The columns of a relation."""
    found = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return tuple(Column(name=str(row[0]), type=str(row[1])) for row in found)


def choose(found: Sequence[Column], positions: Sequence[int | None]) -> tuple[Column | None, ...]:
    """The found columns at these positions."""
    return tuple(None if at is None else found[at] for at in positions)


def _targets(shape: TypedShape, *, strict: bool) -> list[str]:
    return [
        f"{_cast(found, column, shape.form, strict=strict)} AS {quote(column.name)}"
        for found, column in zip(shape.found, shape.columns, strict=True)
    ]


def _faults(shape: TypedShape) -> str:
    faults = [
        f"CASE WHEN {quote(found.name)} IS NOT NULL AND "
        f"({_cast(found, column, shape.form, strict=False)}) IS NULL "
        f"THEN {literal(f'{column.name}: not a {column.type}')} END"
        for found, column in zip(shape.found, shape.columns, strict=True)
        if found is not None
    ]
    return f"list_filter([{', '.join(faults)}], lambda fault: fault IS NOT NULL)"


def _cast(found: Column | None, column: Column, form: TextFormat, *, strict: bool) -> str:
    if found is None:
        return f"CAST(NULL AS {column.type})"
    name, cast = quote(found.name), "CAST" if strict else "TRY_CAST"
    if found.type == column.type:
        return shift_zone(name, column.type, form)
    if found.type == "VARCHAR":
        return cast_text(name, column.type, form, strict=strict)
    if found.type == "TIMESTAMP WITH TIME ZONE" and is_local_time(column.type):
        return f"CAST(timezone({literal(form.project_zone)}, {name}) AS {column.type})"
    if _WHOLE.match(column.type) and _WITH_FRACTION.match(found.type):
        otherwise = "error('a fraction')" if strict else "NULL"
        whole = f"CASE WHEN {name} = trunc({name}) THEN {cast}({name} AS {column.type})"
        return f"{whole} WHEN {name} IS NOT NULL THEN {otherwise} END"
    value = f"{cast}({name} AS {column.type})"
    return shift_zone(value, column.type, form) if is_local_time(found.type) else value
