"""Whether values of one type can be cast to another at all: DuckDB says so at the first row."""

from __future__ import annotations

from collections.abc import Iterator

from headwater.errors import Issue
from headwater.features.formulas import Formulas
from headwater.sql import QueryTemplate

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
            "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN")  # fmt: skip
_TIMES = ("DATE", "TIMESTAMP")


def can_cast(kind: str, wanted: str) -> bool:
    """Whether some value of a type can be one of another; everything can be text, and text all.

    >>> can_cast("BIGINT", "DOUBLE"), can_cast("DATE", "TIMESTAMP"), can_cast("BIGINT", "DATE")
    (True, True, False)
    """
    if kind == wanted or "VARCHAR" in (kind, wanted) or kind.strip('"') == "NULL":
        return True
    if kind.endswith("]") or wanted.endswith("]"):
        both = kind.endswith("]") and wanted.endswith("]")
        return both and can_cast(kind.rpartition("[")[0], wanted.rpartition("[")[0])
    return any(
        kind.startswith(family) and wanted.startswith(family) for family in (_NUMBERS, _TIMES)
    )


def cast_issues(formulas: Formulas, uncast: QueryTemplate, cast: QueryTemplate) -> Iterator[Issue]:
    """E010 for each feature whose values cannot be of its `type`."""
    kinds = {column.name: column.type for column in uncast.columns}
    wanted = {column.name: column.type for column in cast.columns}
    for column in formulas.columns:
        feature, name = column.feature, column.name
        if not feature.type or name not in wanted or can_cast(kinds[name], wanted[name]):
            continue
        yield Issue(
            code="E010",
            what=f"`{feature.name}` is {kinds[name]}, which cannot be cast to {wanted[name]}",
            place=feature.place_of("type"),
            fix="leave `type` out, or change the expression",
        )
