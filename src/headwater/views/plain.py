"""Values as JSON has them: what `--json` prints and what notebooks read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from headwater.ids import DataInterval, NodeId


def plain(value: Any) -> Any:
    """Frozen values as dicts and lists; times in ISO, durations in seconds, node ids as text.

    >>> plain({"node": NodeId("table", "sales"), "amounts": (Decimal("1.5"), None)})
    {'node': 'table.sales', 'amounts': [1.5, None]}
    """
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, NodeId):
        return str(value)
    if isinstance(value, DataInterval):
        return {"start": value.start.isoformat(), "end": value.end.isoformat()}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return _compound(value)


def _compound(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return str(value)
