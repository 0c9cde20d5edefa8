"""Answers and Arrow: many rows stay a table until somebody looks at them as Python values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, overload

from headwater.semantics.asking import Answer, AnswerColumn

if TYPE_CHECKING:
    import pyarrow as pa

_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
_SAME = frozenset(
    ("BOOLEAN", "SMALLINT", "INTEGER", "BIGINT", "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP")
)


Row = tuple[object, ...]


class TableRows(Sequence[Row]):
    """The rows of an Arrow table, made into Python values when they are first looked at."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    @cached_property
    def _rows(self) -> tuple[Row, ...]:
        return tuple(zip(*(column.to_pylist() for column in self.table.columns), strict=True))

    @overload
    def __getitem__(self, at: int) -> Row: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Row]: ...

    def __getitem__(self, at: int | slice) -> Row | Sequence[Row]:
        if isinstance(at, int):
            return self._rows[at]
        first, end, step = at.indices(len(self))
        if step != 1:
            return self._rows[at]
        return TableRows(self.table.slice(first, max(0, end - first)))

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TableRows):
            return self._rows == other._rows
        return self._rows == other

    def __hash__(self) -> int:
        return hash(self._rows)

    def __repr__(self) -> str:
        return repr(self._rows)


def can_stay_arrow(columns: Iterable[AnswerColumn]) -> bool:
    """Whether Arrow has the very values of these columns that DuckDB gives to Python."""
    return all(column.type in _SAME or _DECIMAL.fullmatch(column.type) for column in columns)


def answer_table(answer: Answer) -> pa.Table:
    """The rows of an answer, column by column, with the types that they have in DuckDB."""
    import pyarrow as pa

    if isinstance(answer.rows, TableRows):
        return answer.rows.table
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
