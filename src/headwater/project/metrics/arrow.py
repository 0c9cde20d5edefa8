"""An answer as an Arrow table, with the types that its columns have in DuckDB."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.semantics.asking import Answer

if TYPE_CHECKING:
    import pyarrow as pa

_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")


def answer_table(answer: Answer) -> pa.Table:
    """The rows of an answer, column by column."""
    import pyarrow as pa

    values = list(zip(*answer.rows, strict=True)) or [()] * len(answer.columns)
    arrays = [
        pa.array(column, type=arrow_type(known.type))
        for known, column in zip(answer.columns, values, strict=True)
    ]
    return pa.table(arrays, names=[column.name for column in answer.columns])


def arrow_type(kind: str) -> pa.DataType | None:
    """The Arrow type of a DuckDB type; None where the values tell it."""
    import pyarrow as pa

    match = _DECIMAL.fullmatch(kind)
    if match is not None:
        return pa.decimal128(int(match[1]), int(match[2]))
    return {
        "BOOLEAN": pa.bool_(),
        "TINYINT": pa.int8(),
        "SMALLINT": pa.int16(),
        "INTEGER": pa.int32(),
        "BIGINT": pa.int64(),
        "UTINYINT": pa.uint8(),
        "USMALLINT": pa.uint16(),
        "UINTEGER": pa.uint32(),
        "UBIGINT": pa.uint64(),
        "FLOAT": pa.float32(),
        "DOUBLE": pa.float64(),
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
        "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", "UTC"),
    }.get(kind)


@dataclass(frozen=True, slots=True)
class AnswerRows:
    """An answer as rows that can be written to a file."""

    answer: Answer

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.answer.columns)

    @property
    def types(self) -> tuple[str, ...]:
        """Their DuckDB types."""
        return tuple(column.type for column in self.answer.columns)

    def arrow_reader(self) -> pa.RecordBatchReader:
        """The rows in batches."""
        return answer_table(self.answer).to_reader()
