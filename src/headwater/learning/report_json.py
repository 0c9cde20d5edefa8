"""Reports of trainings ↔ JSON, the same bytes for the same report."""

from __future__ import annotations

import json
import math
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from headwater.errors import HeadwaterError, Issue
from headwater.learning.report import TrainingReport

FORMAT = 1


def to_json(report: TrainingReport) -> bytes:
    """A report as UTF-8 JSON: keys sorted, floats as short as they are exact, none of them NaN."""
    whole = {"format": FORMAT, "report": report}
    text = json.dumps(_plain(whole), sort_keys=True, ensure_ascii=False, allow_nan=False, indent=1)
    return text.encode() + b"\n"


def from_json(content: bytes) -> TrainingReport:
    """The report of `to_json`; HeadwaterError with E033 where it is none."""
    try:
        whole = json.loads(content)
        if whole["format"] != FORMAT:
            raise _unreadable(f"its format is {whole['format']}, and this Headwater reads {FORMAT}")
        found: TrainingReport = _read(TrainingReport, whole["report"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _unreadable(f"{type(error).__name__}: {error}"[:200]) from error
    return found


def _unreadable(why: str) -> HeadwaterError:
    return HeadwaterError(
        Issue(
            code="E033",
            what=f"the report of a training cannot be read: {why}",
            fix="train again; or read it with the version of Headwater that wrote it",
        )
    )


def _plain(value: Any) -> Any:
    """A value as JSON has it; numbers of NumPy become Python's, and what is not finite nothing."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _read(wanted: Any, value: Any) -> Any:
    """A value of JSON as the type that a field declares."""
    origin, inner = get_origin(wanted), get_args(wanted)
    if is_dataclass(wanted):
        return _read_record(wanted, value)
    if origin in (Union, types.UnionType):
        return _read_either(inner, value)
    if origin is Literal:
        return _checked(value, value in inner)
    if origin is tuple:
        _checked(value, isinstance(value, list))
        each = inner[:1] * len(value) if inner[1:] == (...,) else inner
        return tuple(_read(kind, one) for kind, one in zip(each, value, strict=True))
    if origin is not None:  # a mapping, from text
        return {key: _read(inner[1], one) for key, one in value.items()}
    if wanted is date:
        return date.fromisoformat(value)
    if wanted is float:
        _checked(value, isinstance(value, (int, float)) and not isinstance(value, bool))
        return float(value)
    if wanted is int:
        return _checked(value, isinstance(value, int) and not isinstance(value, bool))
    return _checked(value, isinstance(value, wanted))


def _read_record(wanted: Any, value: Any) -> Any:
    types_of = _types(wanted)
    unknown = value.keys() - types_of.keys()
    if unknown:
        raise KeyError(min(unknown))
    return wanted(**{key: _read(types_of[key], one) for key, one in value.items()})


def _read_either(inner: tuple[Any, ...], value: Any) -> Any:
    for kind in inner:
        if kind is types.NoneType:
            if value is None:
                return None
            continue
        try:
            return _read(kind, value)
        except (TypeError, ValueError, AttributeError):
            continue
    return _checked(value, holds=False)


def _checked(value: Any, holds: bool) -> Any:
    if not holds:
        msg = f"{value!r:.40} is not what belongs there"
        raise TypeError(msg)
    return value


@cache
def _types(record: Any) -> Mapping[str, Any]:
    hints = get_type_hints(record)
    return {field.name: hints[field.name] for field in fields(record)}
