"""The standard's logical and physical types as types of DuckDB."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from headwater.contracts.expressions import ExpressionError, check_expression

#: Logical type → DuckDB type, where nothing more is said.
_LOGICAL: Final = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "time": "TIME",
    "boolean": "BOOLEAN",
}

#: The standard's numeric formats.
_FORMATS: Final = {
    "i8": "TINYINT", "i16": "SMALLINT", "i32": "INTEGER", "i64": "BIGINT", "i128": "HUGEINT",
    "u8": "UTINYINT", "u16": "USMALLINT", "u32": "UINTEGER", "u64": "UBIGINT", "u128": "UHUGEINT",
    "f32": "FLOAT", "f64": "DOUBLE",
}  # fmt: skip

#: Names of physical types, in any case, as DuckDB and its neighbours write them.
_PHYSICAL: Final = {
    **dict.fromkeys(("varchar", "text", "string", "char", "bpchar", "nvarchar"), "VARCHAR"),
    **dict.fromkeys(("character varying", "varchar2", "nvarchar2", "character"), "VARCHAR"),
    **dict.fromkeys(("tinyint", "int1"), "TINYINT"),
    **dict.fromkeys(("smallint", "int2", "short"), "SMALLINT"),
    **dict.fromkeys(("integer", "int", "int4", "signed"), "INTEGER"),
    **dict.fromkeys(("bigint", "int8", "long", "int64"), "BIGINT"),
    **dict.fromkeys(("hugeint", "int128"), "HUGEINT"),
    "utinyint": "UTINYINT",
    "usmallint": "USMALLINT",
    "uinteger": "UINTEGER",
    "ubigint": "UBIGINT",
    "uhugeint": "UHUGEINT",
    **dict.fromkeys(("float", "float4", "real"), "FLOAT"),
    **dict.fromkeys(("double", "float8", "double precision", "float64"), "DOUBLE"),
    **dict.fromkeys(("decimal", "numeric"), "DECIMAL"),
    **dict.fromkeys(("boolean", "bool", "logical"), "BOOLEAN"),
    "date": "DATE",
    **dict.fromkeys(("time", "time without time zone"), "TIME"),
    **dict.fromkeys(("timestamp", "datetime", "timestamp without time zone"), "TIMESTAMP"),
    **dict.fromkeys(("timestamp_ntz", "timestamp_us"), "TIMESTAMP"),
    **dict.fromkeys(("timestamptz", "timestamp with time zone", "timestamp_tz"), "TIMESTAMPTZ"),
    "timestamp_s": "TIMESTAMP_S",
    "timestamp_ms": "TIMESTAMP_MS",
    "timestamp_ns": "TIMESTAMP_NS",
    "uuid": "UUID",
    "interval": "INTERVAL",
    **dict.fromkeys(("blob", "bytea", "binary", "varbinary"), "BLOB"),
    **dict.fromkeys(("json", "jsonb"), "JSON"),
}

_FAMILIES: Final = {
    "string": ("VARCHAR", "UUID", "BLOB", "JSON"),
    "integer": ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
                "UINTEGER", "UBIGINT", "UHUGEINT", "DECIMAL"),
    "number": ("DECIMAL", "DOUBLE", "FLOAT", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    "date": ("DATE",),
    "timestamp": ("TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"),
    "time": ("TIME",),
    "boolean": ("BOOLEAN",),
    "object": ("STRUCT", "MAP", "JSON"),
    "map": ("MAP", "JSON"),
    "array": ("LIST",),
    "vector": ("LIST",),
}  # fmt: skip

_SCALAR = re.compile(r"([A-Za-z][\w ]*?)\s*(?:\(\s*([\d\s,]+)\s*\))?\s*\Z")
_NESTED = re.compile(r"(struct|map)\s*\(.*\)\Z|.*\[\d*\]\Z", re.IGNORECASE | re.DOTALL)
_NESTED_SAFE = re.compile(r'[\w\s(),"\[\]]+\Z')


def physical_type(text: str) -> str | None:
    """A physical type in DuckDB's words; None where DuckDB has no such type.

    >>> physical_type("decimal(12, 4)"), physical_type("varchar(20)"), physical_type("geometry")
    ('DECIMAL(12,4)', 'VARCHAR', None)
    """
    text = text.strip()
    if _NESTED.match(text):
        return text if _NESTED_SAFE.match(text) and _is_closed(text) else None
    match = _SCALAR.match(text)
    name = _PHYSICAL.get(match[1].lower()) if match else None
    if match is None or name is None:
        return None
    digits = (match[2] or "").replace(" ", "")
    return f"{name}({digits})" if name == "DECIMAL" and digits else name


def _is_closed(text: str) -> bool:
    try:
        check_expression(text)
    except ExpressionError:
        return False
    return True


def family(type: str) -> str:
    """A type without its numbers and items: `DECIMAL(12,4)` → `DECIMAL`, `BIGINT[]` → `LIST`."""
    return "LIST" if type.endswith("]") else type.split("(", maxsplit=1)[0].strip().upper()


def duckdb_type(
    logical: str | None, physical: str | None, options: Mapping[str, object]
) -> str | None:
    """The DuckDB type of a scalar column; None where neither type decides.

    A physical type refines the logical one (`number` as `decimal(12,4)`); where the two are of
    different families, what the data mean decides over how a server happens to keep them.
    """
    exact = physical_type(physical) if physical else None
    if exact is not None and (logical is None or family(exact) in _FAMILIES.get(logical, ())):
        return exact
    if logical is None:
        return None
    number_format = options.get("format")
    if logical in ("integer", "number") and isinstance(number_format, str):
        return _FORMATS.get(number_format, _LOGICAL[logical])
    if logical == "timestamp" and options.get("timezone") is True:
        return "TIMESTAMPTZ"
    return _LOGICAL.get(logical)


# The standard takes the letters of the JDK's DateTimeFormatter; DuckDB those of strptime.
_DATE_LETTERS: Final = (
    ("yyyy", "%Y"), ("uuuu", "%Y"), ("yy", "%y"), ("MMMM", "%B"), ("MMM", "%b"), ("MM", "%m"),
    ("M", "%-m"), ("dd", "%d"), ("d", "%-d"), ("EEEE", "%A"), ("EEE", "%a"), ("HH", "%H"),
    ("H", "%-H"), ("hh", "%I"), ("h", "%-I"), ("mm", "%M"), ("ss", "%S"), ("SSSSSS", "%f"),
    ("SSS", "%g"), ("a", "%p"), ("XXX", "%z"), ("xx", "%z"), ("Z", "%z"),
)  # fmt: skip


def strptime_format(pattern: str) -> str | None:
    """A date pattern of the standard as a format of strptime; None where a letter has no match.

    >>> strptime_format("dd/MM/yyyy HH:mm"), strptime_format("yyyy-MM-dd'T'HH:mm:ss")
    ('%d/%m/%Y %H:%M', '%Y-%m-%dT%H:%M:%S')
    """
    out: list[str] = []
    at = 0
    while at < len(pattern):
        if pattern[at] == "'":
            end = pattern.find("'", at + 1)
            if end < 0:
                return None
            out.append(pattern[at + 1 : end].replace("%", "%%") or "'")
            at = end + 1
            continue
        known = next((pair for pair in _DATE_LETTERS if pattern.startswith(pair[0], at)), None)
        if known is not None:
            out.append(known[1])
            at += len(known[0])
        elif pattern[at].isalpha():
            return None
        else:
            out.append("%%" if pattern[at] == "%" else pattern[at])
            at += 1
    return "".join(out)
