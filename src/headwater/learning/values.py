"""Single values as models read them, by their types. NumPy comes with models alone: not here."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from numbers import Real
from typing import Final, Literal

from headwater.learning.model import InputColumn

#: Types that are read alike; an INTEGER may become a BIGINT without a word.
Family = Literal["number", "boolean", "date", "time", "text", "nothing", "other"]
Value = float | str | None

_NUMBERS: tuple[str, ...] = (
    "TINYINT",
    "SMALLINT",
    "INT",
    "BIGINT",
    "HUGEINT",
    "UINTEGER",
    "UBIGINT",
    "USMALLINT",
)
_NUMBERS += ("UTINYINT", "UHUGEINT", "FLOAT", "REAL", "DOUBLE", "DECIMAL", "NUMERIC")
_DAY_S = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: XGBoost keeps values as float32: beyond its range they would be infinite.
LARGEST: Final = (2 - 2**-23) * 2.0**127


def family_of(type: str) -> Family:
    """How a DuckDB type is read.

    >>> family_of("DECIMAL(18,2)"), family_of("TIMESTAMP WITH TIME ZONE"), family_of("INTEGER[]")
    ('number', 'time', 'other')
    """
    name = type.upper().strip()
    if name.endswith("]"):
        return "other"
    if name.startswith("TIMESTAMP") or name == "DATETIME":
        return "time"
    if name.startswith(("VARCHAR", "TEXT", "STRING", "CHAR", "ENUM", "UUID")):
        return "text"
    if name.startswith(_NUMBERS) and not name.startswith("INTERVAL"):
        return "number"
    return {"BOOLEAN": "boolean", "BOOL": "boolean", "DATE": "date"}.get(name, "other")  # type: ignore[return-value]


def is_category(column: InputColumn) -> bool:
    """Whether the values of an input are names, not quantities."""
    return column.is_category or family_of(column.type) == "text"


def number(value: object) -> float:
    """One quantity as `columns.numbers` gives it; TypeError or ValueError for what is none."""
    if value is None:
        return float("nan")
    if isinstance(value, (float, int, Decimal, Real)):
        found = float(value)
    elif isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        since = moment - _EPOCH
        micros = (since.days * _DAY_S + since.seconds) * 10**6 + since.microseconds
        return micros / float(_DAY_S * 10**6)
    elif isinstance(value, date):
        return float((value - _EPOCH.date()).days)
    else:
        raise TypeError
    if abs(found) > LARGEST:
        raise ValueError
    return found


def name(value: object) -> str:
    """One name as `columns.names` gives it; raises TypeError where it is none.

    >>> name("GB"), name(3.0), name(True)
    ('GB', '3', 'true')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)) and value == int(value):
        return str(int(value))
    raise TypeError
