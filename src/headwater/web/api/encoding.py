"""Rows as programs get them: JSON with every digit, CSV that no spreadsheet executes, Arrow."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from fastapi import Response

from headwater.views.exports import MEDIA_TYPES, exported

if TYPE_CHECKING:
    import pyarrow as pa

RowFormat = Literal["json", "csv", "arrow"]
FORMATS: Final[tuple[RowFormat, ...]] = get_args(RowFormat)
#: Says in CSV and Arrow what JSON says in the body: there are more rows.
TRUNCATED_HEADER: Final = "x-headwater-truncated"
_HEADERS: Final = {"cache-control": "private, no-cache"}


def json_response(body: Mapping[str, Any], status: int = 200) -> Response:
    """An object as JSON."""
    return Response(
        json_text(body), status_code=status, media_type="application/json", headers=_HEADERS
    )


def table_response(
    table: pa.Table, format: RowFormat, facts: Mapping[str, Any], *, truncated: bool
) -> Response:
    """Rows in a format; JSON carries the facts beside them."""
    if format == "json":
        return json_response({**facts, "truncated": truncated, "rows": table.to_pylist()})
    headers = {**_HEADERS, TRUNCATED_HEADER: str(truncated).lower()}
    return Response(exported(table, format), media_type=MEDIA_TYPES[format], headers=headers)


def json_text(value: Any) -> str:
    """JSON in which a decimal keeps all of its digits; what is no number is null, times are ISO.

    >>> json_text({"a": Decimal("1044842.5000"), "b": [float("nan"), None], "c": date(2011, 12, 9)})
    '{"a":1044842.5000,"b":[null,null],"c":"2011-12-09"}'
    """
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return f"{value:f}" if value.is_finite() else "null"
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else "null"
    if isinstance(value, Mapping):
        items = (
            f"{json.dumps(str(k), ensure_ascii=False)}:{json_text(v)}" for k, v in value.items()
        )
        return f"{{{','.join(items)}}}"
    if isinstance(value, datetime | date | time):
        return json.dumps(value.isoformat())
    if isinstance(value, timedelta):
        return repr(value.total_seconds())
    if isinstance(value, bytes):
        return json.dumps(value.hex())
    if isinstance(value, Iterable):
        return f"[{','.join(map(json_text, value))}]"
    return json.dumps(str(value), ensure_ascii=False)


def column_facts(names: Sequence[str], types: Sequence[str]) -> list[dict[str, str]]:
    """Columns with their types in DuckDB."""
    return [{"name": n, "type": t} for n, t in zip(names, types, strict=True)]
