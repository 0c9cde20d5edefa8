"""One piece of CSV text as typed Parquet.

The quick way reads every field as text and casts it, all in one query; almost every piece goes it.
If a row does not fit, the careful way reads the piece once more and parts the rows: what cannot be
taken apart (by `records`) and what cannot be cast is rejected with its text and every reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.contracts.quoting import literal, quote
from headwater.kinds.source.readers.casting import TextFormat, cast_text
from headwater.kinds.source.readers.decoding import BrokenDeliveryError
from headwater.kinds.source.readers.dialect import Dialect
from headwater.kinds.source.readers.model import LoadStamp
from headwater.kinds.source.readers.records import (
    Sorted,
    nth_records,
    sort_records,
)
from headwater.kinds.source.readers.writing import Part, copy_rows, discard, meta_sql
from headwater.sql.relations import Column

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvShape:
    """How the records of one delivery become the columns of the source.

    `positions` has one entry a column: the field that it is read from, or None.
    """

    delivery: str
    columns: tuple[Column, ...]
    width: int
    positions: tuple[int | None, ...]
    dialect: Dialect
    form: TextFormat
    load: LoadStamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of whole records; `before` counts the records of the delivery that precede it."""

    text: bytes
    count: int
    before: int
    stem: Path

    def beside(self, suffix: str) -> Path:
        """A path that belongs to this piece alone."""
        return self.stem.with_name(self.stem.name + suffix)


def land_piece(connection: DuckDBPyConnection, piece: Piece, shape: CsvShape) -> Part:
    """Write the piece; raises `BrokenDeliveryError` if its records cannot all be accounted for."""
    if not piece.text.strip(b"\r\n") and piece.count == 0:
        return Part()
    source = piece.beside(".csv")
    try:
        return _land_quickly(connection, piece, shape, source) or _land_carefully(
            connection, piece, shape, source
        )
    finally:
        source.unlink(missing_ok=True)


def _land_quickly(
    connection: DuckDBPyConnection, piece: Piece, shape: CsvShape, source: Path
) -> Part | None:
    import duckdb

    if has_mixed_newlines(piece.text):
        return None
    source.write_bytes(piece.text)
    casts = _casts(shape, strict=True)
    listed = ", ".join(
        f"{sql} AS {quote(c.name)}" for sql, c in zip(casts, shape.columns, strict=True)
    )
    row = f"row_number() OVER () + {piece.before}"
    meta = meta_sql(shape.delivery, row, shape.load)
    path = piece.beside(".parquet")
    try:
        landed = copy_rows(
            connection, f"SELECT {listed}, {meta} FROM {_read_csv(source, shape)}", path
        )
    except (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException):
        path.unlink(missing_ok=True)
        return None
    if landed != piece.count:
        path.unlink(missing_ok=True)
        return None
    rows = path if landed else None
    return Part(rows=rows, counted=piece.count, delivered=landed, landed=landed)


def _land_carefully(
    connection: DuckDBPyConnection, piece: Piece, shape: CsvShape, source: Path
) -> Part:
    """Part the rows; first as if every record were well-formed, which is the commoner case."""
    try:
        parted = Sorted(good=piece.text, good_count=piece.count, longest=0, bad=())
        if has_mixed_newlines(piece.text) or not _read_text(connection, parted, shape, source):
            parted = sort_records(piece.text, shape.dialect, shape.width)
            source.write_bytes(parted.good)
            if not _read_text(connection, parted, shape, source):
                raise BrokenDeliveryError(f"of {parted.good_count} records not all could be read")
        _number_good_rows(connection, parted)
        return _part_rows(connection, piece, shape, parted)
    finally:
        for name in ("piece_text", "piece_typed", "piece_gaps"):
            connection.execute(f"DROP TABLE IF EXISTS temp.{name}")


def _read_text(
    connection: DuckDBPyConnection, parted: Sorted, shape: CsvShape, source: Path
) -> bool:
    """`piece_text`: the fields of the good records as text; False if they do not come out whole."""
    import duckdb

    longest = max(2 << 20, parted.longest + 1) if parted.longest else 0
    fields = ", ".join(f"c{i}" for i in range(shape.width))
    table = _read_csv(source, shape, longest)
    numbered = f"SELECT {fields}, row_number() OVER () AS good FROM {table}"
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE piece_text AS {numbered}")
    except duckdb.InvalidInputException:
        return False
    [(read,)] = connection.execute("SELECT count(*) FROM piece_text").fetchall()
    return int(read) == parted.good_count


def _number_good_rows(connection: DuckDBPyConnection, parted: Sorted) -> None:
    """`piece_gaps`: after `after` good rows, `gap` malformed ones have been passed."""
    import pyarrow as pa

    after = [number - 1 - index for index, (number, _, _) in enumerate(parted.bad)]
    gaps = pa.table(
        {
            "after": pa.array([-1, *after], pa.int64()),
            "gap": pa.array(range(len(after) + 1), pa.int64()),
        }
    )
    connection.register("gaps_arrow", gaps)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE piece_gaps AS "
        "SELECT after, max(gap) AS gap FROM gaps_arrow GROUP BY after"
    )
    connection.unregister("gaps_arrow")


def _part_rows(
    connection: DuckDBPyConnection, piece: Piece, shape: CsvShape, parted: Sorted
) -> Part:
    casts = _casts(shape, strict=False)
    typed = ", ".join(f"{sql} AS t{i}" for i, sql in enumerate(casts))
    faults = ", ".join(
        f"CASE WHEN c{position} IS NOT NULL AND t{i} IS NULL THEN {literal(_not_a(column))} END"
        for i, (position, column) in enumerate(zip(shape.positions, shape.columns, strict=True))
        if position is not None
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE piece_typed AS SELECT {_targets(shape, 't')}, "
        f"list_filter([{faults}], lambda fault: fault IS NOT NULL) AS _rules, "
        f"good + gap + {piece.before} AS _row "
        f"FROM (SELECT *, {typed} FROM piece_text) ASOF JOIN piece_gaps ON good > after"
    )
    names = ", ".join(quote(c.name) for c in shape.columns)
    meta = meta_sql(shape.delivery, "_row", shape.load)
    rows, rejected = piece.beside(".parquet"), piece.beside(".rejected.parquet")
    landed = copy_rows(
        connection,
        f"SELECT {names}, {meta} FROM piece_typed WHERE len(_rules) = 0 ORDER BY piece_typed._row",
        rows,
    )
    refused = parted.count - landed
    if refused and _write_rejected(connection, piece, shape, parted, rejected) != refused:
        discard((rows, rejected))
        raise BrokenDeliveryError("the rejected rows do not add up")
    return Part(
        rows=rows if landed else None,
        rejected=rejected if refused else None,
        counted=piece.count,
        delivered=parted.count,
        landed=landed,
        rejected_count=refused,
    )


def _write_rejected(
    connection: DuckDBPyConnection, piece: Piece, shape: CsvShape, parted: Sorted, path: Path
) -> int:
    import pyarrow as pa

    found = connection.execute("SELECT _row FROM piece_typed WHERE len(_rules) > 0").fetchall()
    wanted = {int(row) - piece.before for (row,) in found}
    texts = nth_records(piece.text, shape.dialect, shape.width, parted.count, wanted)
    raw = {number: (text.decode("utf-8", errors="replace"), "") for number, text in texts.items()}
    raw.update({number: (text, reason) for number, text, reason in parted.bad})
    numbers = sorted(raw)
    columns = {
        "record": pa.array([n + piece.before for n in numbers], pa.int64()),
        "text": pa.array([raw[n][0] for n in numbers], pa.string()),
        "reason": pa.array([raw[n][1] for n in numbers], pa.string()),
    }
    connection.register("piece_raw", pa.table(columns))
    names = ", ".join(f"typed.{quote(c.name)}" for c in shape.columns)
    meta = meta_sql(shape.delivery, "raw.record", shape.load)
    rules = "CASE WHEN raw.reason = '' THEN typed._rules ELSE [raw.reason] END AS _rules"
    try:
        return copy_rows(
            connection,
            f"SELECT {names}, {meta}, raw.text AS _raw, {rules} FROM piece_raw AS raw "
            "LEFT JOIN piece_typed AS typed ON typed._row = raw.record ORDER BY raw.record",
            path,
        )
    finally:
        connection.unregister("piece_raw")


def _not_a(column: Column) -> str:
    return f"{column.name}: not a {column.type}"


def _casts(shape: CsvShape, *, strict: bool) -> list[str]:
    return [
        f"CAST(NULL AS {column.type})"
        if position is None
        else cast_text(f"c{position}", column.type, shape.form, strict=strict)
        for position, column in zip(shape.positions, shape.columns, strict=True)
    ]


def _targets(shape: CsvShape, prefix: str) -> str:
    return ", ".join(f"{prefix}{i} AS {quote(c.name)}" for i, c in enumerate(shape.columns))


def has_mixed_newlines(text: bytes) -> bool:
    r"""Whether some lines end in `\r\n` and others in `\n`; DuckDB then loses track."""
    if b"\r" not in text:
        return False
    pairs = text.count(b"\r\n")
    return not pairs == text.count(b"\n") == text.count(b"\r")


def _read_csv(path: Path, shape: CsvShape, longest: int = 0) -> str:
    """The table function; `longest` only for sorted records, which need no further strictness."""
    dialect = shape.dialect
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(shape.width))
    mark = literal(dialect.quote)
    options = [
        f"columns = {{{columns}}}",
        "header = false, auto_detect = false",
        f"delim = {literal(dialect.delimiter)}, quote = {mark}, escape = {_escape(dialect)}",
        f"nullstr = [{', '.join(literal(text) for text in dialect.nulls)}]",
        f"allow_quoted_nulls = {str(dialect.quoted_nulls).lower()}",
    ]
    if longest:
        options.append(f"strict_mode = false, max_line_size = {longest}")
        options.append(f"buffer_size = {longest * 16}")
    return f"read_csv({literal(str(path))}, {', '.join(options)})"


def _escape(dialect: Dialect) -> str:
    return literal(dialect.escape or dialect.quote)


def sample_types(
    connection: DuckDBPyConnection, path: Path, dialect: Dialect, width: int
) -> list[str]:
    """The types that DuckDB finds in a file of whole records; empty where every value is NULL."""
    names = [f"c{i}" for i in range(width)]
    mark = literal(dialect.quote)
    options = ", ".join(
        (
            f"names = [{', '.join(map(literal, names))}]",
            f"delim = {literal(dialect.delimiter)}, quote = {mark}, escape = {_escape(dialect)}",
            f"nullstr = [{', '.join(map(literal, dialect.nulls))}]",
            "header = false, null_padding = true, ignore_errors = true, strict_mode = false",
        )
    )
    read = f"read_csv({literal(str(path))}, {options}"
    found = connection.execute(f"DESCRIBE SELECT * FROM {read}, sample_size = -1)").fetchall()
    counts = ", ".join(f"count({name})" for name in names)
    filled = connection.execute(f"SELECT {counts} FROM {read}, all_varchar = true)").fetchone()
    assert filled is not None
    return [str(row[1]) if count else "" for row, count in zip(found, filled, strict=True)]
