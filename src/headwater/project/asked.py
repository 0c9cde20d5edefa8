"""SQL that somebody asks, within limits: its rows, held as an Arrow table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from headwater.ids import NodeId
from headwater.project.limits import Limits
from headwater.project.reading import Origin, Reading, read_session, released_functions

if TYPE_CHECKING:
    import pyarrow as pa

    from headwater.project import Project

#: What a page or a notebook asks without saying more.
DEFAULT = Limits()
_BATCH_ROWS = 2_048


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlResult:
    """The rows that a SELECT gave; `truncated` where there are more than the limits allow."""

    table: pa.Table
    types: tuple[str, ...]  # of DuckDB
    truncated: bool
    seconds: float
    tables: tuple[NodeId, ...]  # that it read
    limits: Limits
    origins: tuple[Origin | None, ...]  # of columns that are passed through unchanged
    reads: tuple[frozenset[Origin], ...]  # what each column is computed from

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.table.column_names)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def arrow_reader(self) -> pa.RecordBatchReader:
        """The rows in batches."""
        return self.table.to_reader()

    def rows(self, first: int | None = None) -> list[tuple[Any, ...]]:
        """The rows, or the first of them, as Python values."""
        shown = self.table if first is None else self.table.slice(0, first)
        return list(zip(*(column.to_pylist() for column in shown.columns), strict=True))


def run_adhoc(
    project: Project,
    sql: str,
    *,
    limits: Limits = DEFAULT,
    parameters: Mapping[str, object] | None = None,
    types: Mapping[str, str] | None = None,
) -> SqlResult:
    """One SELECT over what the environment shows, within limits.

    Raises what `read_session` does, and E983 for one that is too slow. More rows than the limit
    are no error: the result says that it is truncated.
    """
    view = project.published
    started = monotonic()
    functions = released_functions(view)
    with read_session(
        project.workspace, view, sql, parameters, functions, types=types, limits=limits
    ) as reading:
        table, truncated = _read(reading, limits)
        return SqlResult(
            table=table,
            types=reading.types,
            truncated=truncated,
            seconds=monotonic() - started,
            tables=reading.tables,
            limits=limits,
            origins=reading.origins,
            reads=reading.reads,
        )


def _read(reading: Reading, limits: Limits) -> tuple[pa.Table, bool]:
    """The rows within the limits, and whether there are more."""
    import pyarrow as pa

    from headwater.engines.duckdb.faults import translated

    batches: list[pa.RecordBatch] = []
    rows = held = 0
    with translated():
        reader = reading.relation.to_arrow_reader(_BATCH_ROWS)
        for batch in reader:
            batches.append(batch)
            rows += batch.num_rows
            held += batch.nbytes
            if rows > limits.rows or held > limits.bytes:
                break
    table = pa.Table.from_batches(batches, reader.schema)
    most = min(limits.rows, rows)
    return table.slice(0, most), rows > limits.rows or held > limits.bytes
