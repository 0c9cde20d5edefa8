"""A first contract, written from data: careful promises, each with the evidence beside it.

It promises what the data so far keep without exception and what is likely to stay: types that every
value has, no nulls where there were none, the form of code-like text. What tomorrow may well break
(the largest number, the list of countries) is a comment or a warning.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headwater.contracts.column_types import family
from headwater.contracts.quoting import literal, quote
from headwater.contracts.relation import UNCAST, Relation

if TYPE_CHECKING:
    import duckdb

#: Columns that landing adds; they are no part of a producer's promise.
LANDED: Final = ("_file", "_row", "_load_id", "_loaded_at", UNCAST)

_FEW_VALUES = 20
_FEW_SHAPES = 4
_CODE_LENGTH = 20
_ENOUGH_ROWS = 20
_INTEGER_TEXT = r"^-?(0|[1-9]\d{0,17})$"
_DECIMAL_TEXT = r"^-?(0|[1-9]\d{0,17})(\.\d{1,9})?$"
_DAY_TEXT = r"^\d{4}-\d{2}-\d{2}$"
_TIME_TEXT = r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$"
_TRUTH_TEXT = r"^(?i:true|false)$"
_COUNTED: Final = frozenset((
    "VARCHAR", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
    "UINTEGER", "UBIGINT", "UHUGEINT", "DECIMAL", "FLOAT", "DOUBLE",
))  # fmt: skip
_PERSONAL = re.compile(r"e_?mail|phone|birth|surname|first_?name|last_?name|iban|passport|ssn")
_PLAIN_TEXT = re.compile(r"[A-Za-z_][\w /-]*\Z")
# YAML 1.1, which other tools still read, takes these for booleans.
_NOT_TEXT = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """What one scan says about a column."""

    name: str
    type: str
    rows: int
    nulls: int
    distinct: int
    low: str | None
    high: str | None
    least: float | None = None
    most: float | None = None
    longest: int | None = None
    spaced: int = 0
    texts: Mapping[str, int] | None = None
    scale: int = 0
    whole_digits: int = 0

    @property
    def filled(self) -> int:
        return self.rows - self.nulls


def infer_contract(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    name: str,
    *,
    time: str | None = None,
    physical_names: Mapping[str, str] | None = None,
    owner: str | None = None,
) -> str:
    """The YAML text of a contract for the relation, with comments on the evidence.

    `time` is the column of event time, for the row count of the smallest day and the longest gap;
    `physical_names` maps columns to the headers of the delivered files. Reads the relation a few
    times; the same data give the same text. Raises DuckDB's errors.
    """
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation.sql}").fetchall()
    types = {row[0]: row[1] for row in described if row[0] not in LANDED}
    evidence = _examine(connection, relation, types)
    rows = evidence[0].rows if evidence else 0
    lines = [
        f"# Written from {rows:,} rows. Read each promise; remove what is not meant.",
        "apiVersion: v3.1.0",
        "kind: DataContract",
        f"id: {_yaml(name)}",
        "version: 1.0.0",
        "status: draft",
    ]
    if owner:
        lines.append(f"team: {{name: {_yaml(owner)}}}")
    lines += ["schema:", f"- name: {_yaml(name)}", "  properties:"]
    physical = physical_names or {}
    for each in evidence:
        lines += _property_lines(connection, relation, each, physical.get(each.name, each.name))
    if time in types:
        lines += _time_lines(connection, relation, name, quote(str(time)), str(time))
    else:
        lines += ["  quality:", "  - {metric: rowCount, mustBeGreaterThan: 0}"]
    return "\n".join(lines) + "\n"


def _examine(
    connection: duckdb.DuckDBPyConnection, relation: Relation, types: Mapping[str, str]
) -> list[_Evidence]:
    """One scan over all columns."""
    found = []
    aggregates = ["count(*)"]
    for name, type_name in types.items():
        aggregates += _aggregates(quote(name), family(type_name))
    row = connection.execute(f"SELECT {', '.join(aggregates)} FROM {relation.sql}").fetchone()
    assert row is not None
    values = iter(row[1:])
    for name, type_name in types.items():
        nulls, distinct, low, high, least, most, scale, digits, longest, spaced, *texts = (
            next(values) for _ in range(15)
        )
        named = dict(zip(("integer", "number", "date", "timestamp", "boolean"), texts, strict=True))
        found.append(
            _Evidence(
                name=name,
                type=type_name,
                rows=row[0],
                nulls=nulls,
                distinct=distinct,
                low=low,
                high=high,
                least=least,
                most=most,
                longest=longest,
                spaced=spaced or 0,
                texts=named if family(type_name) == "VARCHAR" else None,
                scale=scale or 0,
                whole_digits=digits or 0,
            )
        )
    return found


def _aggregates(column: str, kind: str) -> list[str]:
    """Fifteen aggregates of a column, in the order that `_examine` reads them."""
    nested = kind in ("LIST", "STRUCT", "MAP", "UNION")
    shown = [f"CAST({each}({column}) AS VARCHAR)" for each in ("min", "max")]
    number = f"TRY_CAST({column} AS DOUBLE)"
    base = [
        f"count(*) FILTER (WHERE {column} IS NULL)",
        "NULL" if nested else f"approx_count_distinct({column})",
        *(["NULL", "NULL"] if nested else shown),
        *([f"min({number})", f"max({number})"] if kind in _COUNTED else ["NULL", "NULL"]),
    ]
    text = f"CAST({column} AS VARCHAR)"
    if kind in ("DOUBLE", "FLOAT", "VARCHAR"):
        base.append(f"max(len(regexp_extract({text}, '\\.(\\d+)$', 1)))")
        base.append(f"max(len(regexp_extract({text}, '^-?(\\d+)', 1)))")
    else:
        base += ["NULL", "NULL"]
    if kind != "VARCHAR":
        return base + ["NULL"] * 7
    casts = {
        _INTEGER_TEXT: "BIGINT",
        _DECIMAL_TEXT: "DOUBLE",
        _DAY_TEXT: "DATE",
        _TIME_TEXT: "TIMESTAMP",
        _TRUTH_TEXT: "BOOLEAN",
    }
    return [
        *base,
        f"max(len({column}))",
        f"count(*) FILTER (WHERE regexp_matches({column}, '\\s'))",
        *(
            f"count(*) FILTER (WHERE regexp_matches({column}, {literal(pattern)}) "
            f"AND TRY_CAST({column} AS {type_name}) IS NOT NULL)"
            for pattern, type_name in casts.items()
        ),
    ]


def _logical(each: _Evidence) -> tuple[str | None, str | None]:
    """Logical and physical type that fit every value."""
    kind = family(each.type)
    if each.texts is not None and each.filled:
        whole = next((name for name, n in each.texts.items() if n == each.filled), "string")
        return whole, _decimal(each) if whole == "number" else None
    if kind in ("DOUBLE", "FLOAT"):
        return "number", _decimal(each)
    known: dict[str, tuple[str | None, str | None]] = {
        "VARCHAR": ("string", None),
        "ENUM": ("string", None),
        "BIGINT": ("integer", None),
        "DATE": ("date", None),
        "TIME": ("time", None),
        "TIMESTAMP": ("timestamp", None),
        "TIMESTAMP WITH TIME ZONE": ("timestamp", None),
        "NULL": (None, None),
        "BOOLEAN": ("boolean", None),
        "DECIMAL": ("number", each.type.lower()),
        "LIST": ("array", each.type),
        "STRUCT": ("object", each.type),
        "MAP": ("object", each.type),
        "UUID": ("string", "uuid"),
        "BLOB": ("string", "blob"),
    }
    kind = kind.strip('"')  # DuckDB writes the type of a column of nothing as "NULL"
    if kind in known:
        return known[kind]
    if kind.endswith("INT") or kind == "INTEGER":
        return "integer", kind.lower()
    return (("timestamp" if kind.startswith("TIMESTAMP") else None), kind.lower())


def _decimal(each: _Evidence) -> str | None:
    """A decimal that holds every number with room for two more digits before the point."""
    if not 0 < each.scale <= 6 or each.whole_digits > 15:
        return None
    scale = max(each.scale, 2)
    return f"decimal({min(each.whole_digits + 2 + scale, 38)},{scale})"


def _property_lines(
    connection: duckdb.DuckDBPyConnection, relation: Relation, each: _Evidence, physical: str
) -> Iterator[str]:
    """One column as a flow mapping, with its evidence behind it."""
    logical, physical_type = _logical(each)
    pairs = [("name", _yaml(each.name))]
    if physical != each.name:
        pairs.append(("physicalName", _yaml(physical)))
    if logical:
        pairs.append(("logicalType", logical))
    if physical_type:
        pairs.append(("physicalType", _yaml(physical_type, quoted=True)))
    if each.nulls == 0 and each.rows:
        pairs.append(("required", "true"))
    if _is_unique(connection, relation, each, logical):
        pairs.append(("unique", "true"))
    options, rules = _form(connection, relation, each, logical)
    if options:
        pairs.append(("logicalTypeOptions", f"{{{options}}}"))
    if _PERSONAL.search(each.name.lower()):
        pairs.append(("classification", "personal"))
    note = _note(each, logical)
    if not rules:
        yield f"  - {{{', '.join(f'{key}: {value}' for key, value in pairs)}}}{note}"
        return
    yield f"  - {pairs[0][0]}: {pairs[0][1]}{note}"
    yield from (f"    {key}: {value}" for key, value in pairs[1:])
    yield "    quality:"
    yield from rules


def _note(each: _Evidence, logical: str | None) -> str:
    """The evidence as a comment."""
    parts = []
    if each.nulls:
        parts.append(f"{each.nulls:,} of {each.rows:,} empty")
    if logical in ("integer", "number") and each.least is not None:
        parts.append(f"{each.least:,.15g} to {each.most:,.15g}")
    elif logical in ("date", "timestamp", "time") and each.low is not None:
        parts.append(f"{each.low} to {each.high}")
    elif logical == "string" and each.longest and each.distinct > _FEW_VALUES:
        parts.append(f"about {each.distinct:,} values, at most {each.longest} characters")
    shown = "; ".join(parts)
    return f"   # {_one_line(shown)}" if shown else ""


def _is_unique(
    connection: duckdb.DuckDBPyConnection, relation: Relation, each: _Evidence, logical: str | None
) -> bool:
    """Whether every value stands once, counted exactly where an estimate says that it may."""
    if logical not in ("string", "integer") or each.nulls or each.rows < _ENOUGH_ROWS:
        return False
    if each.distinct < 0.9 * each.rows:  # the estimate's error is a few percent
        return False
    exact = f"SELECT count(*) = count(DISTINCT {quote(each.name)}) FROM {relation.sql}"
    row = connection.execute(exact).fetchone()
    return bool(row and row[0])


def _form(
    connection: duckdb.DuckDBPyConnection, relation: Relation, each: _Evidence, logical: str | None
) -> tuple[str, list[str]]:
    """Options and quality lines: a pattern for codes, few values as a warning, a lower bound."""
    if logical in ("integer", "number"):
        return ("minimum: 0" if each.least is not None and each.least >= 0 else ""), []
    if logical == "timestamp" and each.type == "TIMESTAMP WITH TIME ZONE":
        return "timezone: true", []
    if logical != "string" or family(each.type) != "VARCHAR" or each.filled < _ENOUGH_ROWS:
        return "", []
    few = each.distinct <= _FEW_VALUES and each.distinct * _ENOUGH_ROWS <= each.filled
    if few:
        return "", _accepted_lines(connection, relation, each)
    if each.spaced == 0 and (each.longest or 0) <= _CODE_LENGTH:
        pattern = _pattern(connection, relation, each.name)
        return (f"pattern: {_yaml(pattern, quoted=True)}" if pattern else ""), []
    return "", []


def _accepted_lines(
    connection: duckdb.DuckDBPyConnection, relation: Relation, each: _Evidence
) -> list[str]:
    column = quote(each.name)
    values = connection.execute(
        f"SELECT DISTINCT {column} FROM {relation.sql} WHERE {column} IS NOT NULL ORDER BY 1"
    ).fetchall()
    listed = ", ".join(_yaml(value[0], quoted=True) for value in values)
    return [
        "    - metric: invalidValues   # a new value is told, not turned away",
        f"      arguments: {{validValues: [{listed}]}}",
        "      mustBe: 0",
        "      severity: warning",
    ]


def _pattern(connection: duckdb.DuckDBPyConnection, relation: Relation, name: str) -> str | None:
    """A regular expression of the few shapes that all values have; None where they have many."""
    shape = quote(name)
    for found, mark in (("[0-9]", "9"), ("[A-Z]", "A"), ("[a-z]", "a")):
        shape = f"regexp_replace({shape}, '{found}', '{mark}', 'g')"
    rows = connection.execute(
        f"SELECT {shape} AS shape FROM {relation.sql} WHERE {quote(name)} IS NOT NULL "
        f"GROUP BY shape ORDER BY shape LIMIT {_FEW_SHAPES + 1}"
    ).fetchall()
    if not rows or len(rows) > _FEW_SHAPES or any(not row[0] for row in rows):
        return None
    parts = [_shape_pattern(row[0]) for row in rows]
    return f"^{parts[0]}$" if len(parts) == 1 else f"^({'|'.join(parts)})$"


def _shape_pattern(shape: str) -> str:
    """`A999999` → `[A-Z][0-9]{6}`."""
    classes = {"9": "[0-9]", "A": "[A-Z]", "a": "[a-z]"}
    parts = []
    for run in re.finditer(r"(.)\1*", shape, re.DOTALL):
        mark, length = run[1], len(run[0])
        parts.append(classes.get(mark, re.escape(mark)) + (f"{{{length}}}" if length > 1 else ""))
    return "".join(parts)


def _time_lines(
    connection: duckdb.DuckDBPyConnection, relation: Relation, name: str, column: str, time: str
) -> list[str]:
    """The row count of the smallest day, and the longest time without a row."""
    day = f"TRY_CAST({column} AS DATE)"
    row = connection.execute(
        "SELECT arg_min(day, n), min(n), CAST(median(n) AS BIGINT), count(*), max(gap) FROM ("
        "SELECT day, count(*) AS n, day - lag(day) OVER (ORDER BY day) AS gap FROM ("
        f"SELECT {day} AS day FROM {relation.sql}) WHERE day IS NOT NULL GROUP BY day)"
    ).fetchone()
    if row is None or row[1] is None:
        return ["  quality:", "  - {metric: rowCount, mustBeGreaterThan: 0}"]
    smallest, rows, usual, days, gap = row
    words = f"{days:,} days; the smallest, {smallest}, had {rows:,} rows, the median {usual:,}"
    lines = [
        "  quality:",
        f"  - {{metric: rowCount, mustBeGreaterThan: {rows // 2}}}   # {words}",
    ]
    delay = (gap or 0) + 1
    element = _yaml(f"{name}.{time}")
    latency = f"{{property: latency, value: {delay}, unit: d, element: {element}}}"
    gaps = f"# the longest time without a row was {gap or 0} days"
    return [*lines, "slaProperties:", f"- {latency}   {gaps}"]


def _yaml(value: object, quoted: bool = False) -> str:
    """A scalar that reads back as the same text."""
    text = str(value)
    if (
        not quoted
        and _PLAIN_TEXT.match(text)
        and text == text.strip()
        and text.lower() not in _NOT_TEXT
    ):
        return text
    if (
        not quoted
        and re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", text)
        and text.lower() not in _NOT_TEXT
    ):
        return text
    return json.dumps(text, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join(text.split())
