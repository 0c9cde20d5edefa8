"""Values of parameters: text from a file, the command line or a URL, and Python's own, as typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final

from headwater.errors import Issue, Place
from headwater.kinds.query.definition import Parameter, ParameterType

Value = str | int | float | bool | date | datetime | None

_WORDS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_LARGEST: Final = 2**63

#: What completes "expected …" in a message.
EXPECTED: Final[Mapping[ParameterType, str]] = {
    "text": "text",
    "integer": "a whole number",
    "number": "a number",
    "date": "a date such as 2011-12-09",
    "timestamp": "a date and time such as 2011-12-09T14:30",
    "boolean": "true or false",
}


def _whole(text: str) -> int:
    value = int(text)
    if not -_LARGEST <= value < _LARGEST:
        raise ValueError(text)
    return value


def _finite(text: str) -> float:
    value = float(text)
    if value - value != 0:  # infinite, or no number
        raise ValueError(text)
    return value


def _local(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    if value.tzinfo is not None:
        raise ValueError(text)
    return value


def _flag(text: str) -> bool:
    if text.casefold() not in _WORDS:
        raise ValueError(text)
    return _WORDS[text.casefold()]


_READERS: Final[Mapping[ParameterType, Callable[[str], Value]]] = {
    "text": str,
    "integer": _whole,
    "number": _finite,
    "date": date.fromisoformat,
    "timestamp": _local,
    "boolean": _flag,
}


def read_value(kind: ParameterType, text: str) -> Value:
    """The typed value of a text; an empty one, and `null`, are null. Raises ValueError.

    >>> read_value("date", "2011-12-09"), read_value("integer", "20"), read_value("text", "")
    (datetime.date(2011, 12, 9), 20, None)
    """
    bare = text.strip()
    if bare in ("", "null"):
        return None
    return _READERS[kind](text if kind == "text" else bare)


def written(value: object) -> str:
    """A value as the text that reads as it again.

    >>> written(True), written(date(2011, 12, 9)), written(None)
    ('true', '2011-12-09', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)


def guess_type(value: object) -> ParameterType:
    """The type of a default as YAML gives it.

    >>> [guess_type(value) for value in ("2011-01-01", 20, 0.5, True, None, "France")]
    ['date', 'integer', 'number', 'boolean', 'text', 'text']
    """
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    text = str(value)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return "date"
    return "timestamp" if re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text) else "text"


def wrong_value(parameter: Parameter, text: str, place: Place = Place()) -> Issue:
    """A value that is not of the parameter's type. Code E980."""
    shown = text if len(text) <= 40 else f"{text[:39]}…"
    return Issue(
        code="E980",
        what=f"`{parameter.name}` expects {EXPECTED[parameter.type]}, got `{shown}`",
        place=place,
    )
