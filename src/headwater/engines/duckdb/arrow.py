"""Rows from Python as Arrow: anything that streams, and given rows of unit tests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows that a relation hands over at a time.
BATCH_ROWS = 122_880


def arrow_rows(rows: Any) -> pa.Table | pa.RecordBatchReader:
    """A table or reader as it is, everything else through Arrow's C stream; lazily."""
    import pyarrow as pa

    if isinstance(rows, pa.Table | pa.RecordBatchReader):
        return rows
    if isinstance(rows, pa.RecordBatch):
        return pa.Table.from_batches([rows])
    if hasattr(rows, "to_arrow_reader"):  # a DuckDB relation
        return rows.to_arrow_reader(BATCH_ROWS)
    return pa.RecordBatchReader.from_stream(rows)


def with_a_batch(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The same batches, or one without rows: who yields a batch for each still shows columns."""
    import pyarrow as pa

    def batches() -> Iterator[pa.RecordBatch]:
        first = next(reader, None)
        yield first if first is not None else pa.RecordBatch.from_pylist([], schema=reader.schema)
        yield from reader

    return pa.RecordBatchReader.from_batches(reader.schema, batches())


def given_table(rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Rows as a unit test gives them, for `InputRelation.rows`: text, which the input casts.

    >>> given_table([{"n": 1, "on": True}, {"n": None}]).to_pylist()
    [{'n': '1', 'on': 'True'}, {'n': None, 'on': None}]
    """
    import pyarrow as pa

    names = list(dict.fromkeys(name for row in rows for name in row))
    return pa.table(
        {name: pa.array([_text(row.get(name)) for row in rows], pa.string()) for name in names}
    )


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, default=str)
    return str(value)
