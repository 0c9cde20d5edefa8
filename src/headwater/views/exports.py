"""Rows written for other programs: CSV, JSON, Parquet, Arrow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO

if TYPE_CHECKING:
    import pyarrow as pa

Rows = Sequence[tuple[Any, ...]]
#: With these a cell begins that a spreadsheet takes for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
ExportFormat = Literal["csv", "json", "parquet", "arrow"]

#: Format → what HTTP calls it.
MEDIA_TYPES: Final[Mapping[ExportFormat, str]] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}


def write_csv(columns: Sequence[str], batches: Iterable[Rows], stream: TextIO) -> None:
    """A header and the rows as they are, for programs; null is empty."""
    import csv

    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    for rows in batches:
        writer.writerows(rows)


def write_json(columns: Sequence[str], batches: Iterable[Rows], stream: TextIO) -> None:
    """A list of one object a row, a line each; what is no number is null."""
    import json

    between = "[\n"
    for rows in batches:
        for row in rows:
            record = dict(zip(columns, row, strict=True))
            try:
                text = json.dumps(record, ensure_ascii=False, default=json_value, allow_nan=False)
            except ValueError:
                finite = {name: _finite(value) for name, value in record.items()}
                text = json.dumps(finite, ensure_ascii=False, default=json_value)
            stream.write(f"{between}{text}")
            between = ",\n"
    stream.write("[]\n" if between == "[\n" else "\n]\n")


def json_value(value: object) -> object:
    """What JSON has no form for: decimals as numbers, bytes as hexadecimal, the rest as text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.hex() if isinstance(value, bytes) else str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return {k: _finite(v) for k, v in value.items()} if isinstance(value, dict) else value


def batches_of(reader: Iterable[pa.RecordBatch]) -> Iterator[Rows]:
    """Arrow batches as rows of Python values."""
    for batch in reader:
        yield list(zip(*(column.to_pylist() for column in batch.columns), strict=True))


def write_parquet(table: pa.Table, path: str | BytesIO) -> None:
    """A table as Parquet; a column of a type that Parquet lacks becomes text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for index, field in enumerate(table.schema):
        if pa.types.is_interval(field.type):
            texts = [None if v is None else str(v) for v in table.column(index).to_pylist()]
            table = table.set_column(index, field.name, pa.array(texts, pa.string()))
    pq.write_table(table, path)


def write_arrow(table: pa.Table, sink: str | BytesIO) -> None:
    """A table as a stream of Arrow's IPC format."""
    import pyarrow as pa

    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


def without_formulas(batches: Iterable[Rows]) -> Iterator[Rows]:
    """Texts that a spreadsheet would execute get an apostrophe in front; numbers stay numbers.

    >>> list(without_formulas([[("=1+1", -1), ("b", 2)]]))
    [[("'=1+1", -1), ('b', 2)]]
    """
    for rows in batches:
        yield [tuple(map(_guarded, row)) for row in rows]


def _guarded(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def exported(table: pa.Table, format: ExportFormat) -> bytes:
    r"""A table of moderate size in one piece, as HTTP answers with it: CSV for spreadsheets.

    >>> import pyarrow as pa
    >>> exported(pa.table({"country": ["France", "=1+1", None], "orders": [3, 4, 5]}), "csv")
    b"country,orders\nFrance,3\n'=1+1,4\n,5\n"
    """
    if format in ("arrow", "parquet"):
        sink = BytesIO()
        (write_arrow if format == "arrow" else write_parquet)(table, sink)
        return sink.getvalue()
    stream = StringIO()
    batches = batches_of(table.to_batches())
    if format == "csv":
        names = list(map(_guarded, table.column_names))
        write_csv(names, without_formulas(batches), stream)
    else:
        write_json(table.column_names, batches, stream)
    return stream.getvalue().encode("utf-8", "surrogatepass")
