"""Types of PostgreSQL as types of DuckDB, and how values are asked for so that none is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

_TYPES: Final = {
    "bool": "BOOLEAN", "int2": "SMALLINT", "int4": "INTEGER", "int8": "BIGINT", "oid": "BIGINT",
    "float4": "FLOAT", "float8": "DOUBLE", "date": "DATE", "time": "TIME",
    "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMP WITH TIME ZONE", "interval": "INTERVAL",
    "uuid": "UUID", "json": "JSON", "jsonb": "JSON", "bytea": "BLOB", "money": "DECIMAL(18,2)",
}  # fmt: skip

#: `numeric` without a precision: DuckDB has no number without limits.
_NUMERIC: Final = "DECIMAL(38,10)"


def duckdb_type(column: psycopg.Column, server: psycopg.Connection[Any]) -> str:
    """The type in which a column lands; what DuckDB has no type for lands as text."""
    info = server.adapters.types.get(column.type_code)
    if info is None:
        return "VARCHAR"  # an enum, a range, a type of an extension
    scalar = _numeric(column) if info.name == "numeric" else _TYPES.get(info.name, "VARCHAR")
    return f"{scalar}[]" if info.array_oid == column.type_code else scalar


def _numeric(column: psycopg.Column) -> str:
    if column.precision is None:
        return _NUMERIC
    scale = column.scale or 0
    fits = column.precision <= 38 and 0 <= scale <= column.precision
    return f"DECIMAL({column.precision},{scale})" if fits else _NUMERIC


def select_item(column: psycopg.Column, server: psycopg.Connection[Any]) -> sql.Composable:
    """The SQL that delivers a column: arrays as JSON, bytes as escapes, money without its sign."""
    from psycopg import sql

    name = sql.Identifier(column.name)
    info = server.adapters.types.get(column.type_code)
    if info is None:
        return sql.SQL("{}::text").format(name)
    if info.array_oid == column.type_code:
        return sql.SQL("to_json({})").format(name)
    if info.name == "bytea":
        escapes = sql.SQL(r"regexp_replace(encode({}, 'hex'), '(..)', '\\x\1', 'g')")
        return escapes.format(name)
    if info.name == "money":
        return sql.SQL("{}::numeric").format(name)
    return name
