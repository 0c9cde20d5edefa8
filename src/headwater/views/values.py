"""Values of results for the eye."""

from __future__ import annotations

import re
from decimal import Decimal

_WIDEST = 60
_NAMES_SOMETHING = re.compile(
    r"(^|_)(id|key|no|nr|number|code|year|line|row|invoice|zip)$", re.IGNORECASE
)
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_NUMBERS = frozenset((*_WHOLE, *(f"U{name}" for name in _WHOLE), "FLOAT", "DOUBLE"))


def is_number(kind: str) -> bool:
    """Whether a DuckDB type is numeric, so that its values stand to the right."""
    return kind.startswith("DECIMAL") or kind in _NUMBERS


def value_text(value: object, column: str = "") -> str:
    """Thousands separators, no line breaks, nothing where it is null.

    A whole number that names something, as its column tells, has no separators.

    >>> value_text(Decimal("1044842.50")), value_text(None), value_text(True), value_text(0.1 + 0.2)
    ('1,044,842.50', '', 'true', '0.3')
    >>> value_text(15680, "customer_id"), value_text(15680, "quantity")
    ('15680', '15,680')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and _NAMES_SOMETHING.search(column):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.2f}"
    text = " ".join(str(value).split("\n"))
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def decimal_text(value: Decimal) -> str:
    """A decimal number without the zeros that only its type adds; two decimals stay.

    >>> decimal_text(Decimal("6.9500")), decimal_text(Decimal("7533187.8640"))
    ('6.95', '7,533,187.864')
    """
    text = f"{value:,f}"
    whole, point, decimals = text.partition(".")
    return f"{whole}{point}{decimals[:2]}{decimals[2:].rstrip('0')}"
