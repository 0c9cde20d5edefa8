"""Personal columns in the results of SQL: found by lineage, and masked for whoever reads.

A column under `pii` is masked where it is passed through unchanged, and so is text that is computed
from one. Numbers and dates that are computed from one are shown: how many customers, how long.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from headwater.project.asked import SqlResult
from headwater.project.metrics.masking import MASK
from headwater.web.context import Snapshot

if TYPE_CHECKING:
    import pyarrow as pa

#: Types of DuckDB whose values cannot hold a text.
_NO_TEXT: Final = (
    "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
    "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "DATE", "TIME", "TIMESTAMP",
    "INTERVAL",
)  # fmt: skip


def personal_columns(snapshot: Snapshot, result: SqlResult) -> frozenset[str]:
    """The columns of a result that nobody is shown."""
    masked = {
        (facts.node, column.name.casefold())
        for facts in (snapshot.facts[node] for node in result.tables if node in snapshot.facts)
        for column in facts.columns
        if column.masked
    }
    found = set()
    for name, kind, origin, reads in zip(
        result.columns, result.types, result.origins, result.reads, strict=True
    ):
        sources = {origin} if origin is not None else reads if _holds_text(kind) else ()
        if any((node, column.casefold()) in masked for node, column in sources):
            found.add(name)
    return frozenset(found)


def _holds_text(kind: str) -> bool:
    return kind.endswith("]") or not kind.startswith(_NO_TEXT)


def shown(snapshot: Snapshot, result: SqlResult) -> SqlResult:
    """A result as readers get it: personal columns are text that says nothing."""
    masked = personal_columns(snapshot, result)
    columns = zip(result.columns, result.types, strict=True)
    types = tuple("VARCHAR" if name in masked else kind for name, kind in columns)
    return replace(result, table=without(result.table, masked), types=types)


def without(table: pa.Table, masked: frozenset[str]) -> pa.Table:
    """The table with a mask in place of every value of some columns."""
    import pyarrow as pa

    for index, name in enumerate(table.column_names):
        if name in masked:
            table = table.set_column(index, name, pa.array([MASK] * table.num_rows, pa.string()))
    return table
