"""The one place where names and constants of users become SQL text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal

Constant = str | int | float | bool | Decimal | date | datetime | time | None


def quote(name: str) -> str:
    """An identifier in double quotes; those inside it are doubled.

    >>> print(quote("Customer ID"))
    "Customer ID"
    """
    return '"' + name.replace('"', '""') + '"'


def quote_all(names: Iterable[str]) -> str:
    """Identifiers in double quotes, with commas between."""
    return ", ".join(map(quote, names))


def literal(value: Constant, type: str | None = None) -> str:
    """A constant as a SQL literal, cast where `type` says how to read it; raises `ValueError`.

    Decimal fractions become DECIMAL literals, so that `0.1` is compared exactly with money.

    >>> literal("O'Neill"), literal(0.1), literal("2011-01-01", "DATE")
    ("'O''Neill'", '0.1', "CAST('2011-01-01' AS DATE)")
    """
    text = _plain(value)
    return text if type is None or value is None else f"CAST({text} AS {type})"


def _plain(value: Constant) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return f"CAST('{value}' AS DOUBLE)"
        return repr(value)
    if isinstance(value, datetime):
        kind = "TIMESTAMPTZ" if value.tzinfo else "TIMESTAMP"
        return f"CAST('{value.isoformat(sep=' ')}' AS {kind})"
    if isinstance(value, date):
        return f"CAST('{value.isoformat()}' AS DATE)"
    if isinstance(value, time):
        return f"CAST('{value.isoformat()}' AS TIME)"
    if "\0" in value:
        raise ValueError("text in SQL cannot hold the character NUL")
    return "'" + value.replace("'", "''") + "'"
