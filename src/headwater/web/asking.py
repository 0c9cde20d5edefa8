"""SQL asked on a page: its rows within limits, personal columns left out, as a page or a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import Response

from headwater.errors import HeadwaterError, Issue
from headwater.graph.node import Schema
from headwater.project.asked import SqlResult
from headwater.project.limits import Limits
from headwater.views.exports import MEDIA_TYPES, ExportFormat, exported
from headwater.web.context import Snapshot
from headwater.web.masking import personal_columns, without

if TYPE_CHECKING:
    import pyarrow as pa

#: What a page asks at most; a file may hold all of it.
LIMITS = Limits(rows=10_000, seconds=30.0)
SHOWN_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of a question: a result, or what is wrong with it."""

    result: SqlResult | None = None
    masked: frozenset[str] = frozenset()
    issues: tuple[Issue, ...] = ()

    @property
    def columns(self) -> Schema:
        """Names and types."""
        found = self.result
        return () if found is None else tuple(zip(found.columns, found.types, strict=True))

    @property
    def rows(self) -> Sequence[tuple[Any, ...]]:
        """The rows that a page shows."""
        if self.result is None:
            return []
        return _rows(self.table, SHOWN_ROWS)

    @property
    def table(self) -> pa.Table:
        """All rows, with a mask in place of what is personal."""
        assert self.result is not None
        return without(self.result.table, self.masked)


def ask(snapshot: Snapshot, question: Callable[[], SqlResult]) -> Asked:
    """The answer to a question, or its mistakes."""
    try:
        result = question()
    except HeadwaterError as error:
        return Asked(issues=error.issues)
    return Asked(result=result, masked=personal_columns(snapshot, result))


def download(asked: Asked, name: str, format: ExportFormat) -> Response:
    """All rows as a file; raises what is wrong with the question."""
    if asked.result is None:
        raise HeadwaterError(*asked.issues)
    headers = {
        "content-disposition": f'attachment; filename="{name}.{format}"',
        "cache-control": "no-store",
    }
    if asked.result.truncated:
        headers["x-headwater-truncated"] = str(len(asked.result))
    body = exported(asked.table, format)
    return Response(body, media_type=MEDIA_TYPES[format], headers=headers)


def _rows(table: pa.Table, first: int) -> list[tuple[Any, ...]]:
    columns = [column.to_pylist() for column in table.slice(0, first).columns]
    return list(zip(*columns, strict=True))
