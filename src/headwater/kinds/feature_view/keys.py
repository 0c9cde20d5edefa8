"""The keys of a feature view's file."""

from __future__ import annotations

import re
from typing import Any, Final, get_args

from headwater.clock import parse_duration
from headwater.definitions.fields import (
    DESCRIBED,
    MOVED,
    ByShape,
    Choice,
    Duration,
    FieldType,
    Flag,
    Key,
    ListOf,
    MapOf,
    Names,
    Number,
    Record,
    Schema,
    Text,
)
from headwater.definitions.schemas import Declared, DescribedFiles
from headwater.definitions.yamltext import Located
from headwater.errors import Issue
from headwater.features.model import Every, NamedWindow
from headwater.windows.model import ALL_TIME, Window, WindowsError

_MONTHS: Final = re.compile(r"(\d+)\s*(mo|y)\Z")
#: Names of types with sizes, lists of them: `decimal(10, 2)`, `timestamp with time zone`, `text[]`.
_TYPE: Final = re.compile(r"[A-Za-z]\w*( \w+){0,3}(\(\s*\d+\s*(,\s*\d+\s*)?\))?(\[\])*")
_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*%")


class WindowLength(FieldType):
    """How far back rows count: `90d`, `6mo`, or `all`."""

    def _expected(self) -> str:
        return "a window such as `36h`, `90d`, `2w`, `6mo` or `all`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        text = re.sub(r"\s", "", str(located.value))
        if text == "all":
            return NamedWindow(text=text, window=ALL_TIME)
        months = _MONTHS.match(text)
        try:
            if months is not None:
                number = int(months[1]) * (12 if months[2] == "y" else 1)
                return NamedWindow(text=text, window=Window(months=number))
            return NamedWindow(text=text, window=Window(length=parse_duration(text)))
        except (ValueError, OverflowError, WindowsError):
            pass
        hint = f"write `{text}d` for days" if isinstance(located.value, int) else ""
        return self.refuse(located, issues, hint)

    def _schema(self, _names: Names) -> Schema:
        return {"type": "string", "pattern": r"^\s*(all|\d+\s*(mo|min|ms|[smhdwy]))\s*$"}


class TypeName(FieldType):
    """A type of DuckDB."""

    def _expected(self) -> str:
        return "a type such as `integer`, `decimal(10, 2)`, `varchar` or `boolean`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        text = located.value
        if isinstance(text, str) and _TYPE.fullmatch(text.strip()):
            return text.strip().upper()
        return self.refuse(located, issues)

    def _schema(self, _names: Names) -> Schema:
        return {"type": "string", "examples": ["integer", "double", "boolean", "varchar"]}


class Share(FieldType):
    """A share of rows: `5%` or `0.05`."""

    def _expected(self) -> str:
        return "a share such as `5%`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        value = located.value
        match = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is not None:
            value = float(match[1]) / 100
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
        return self.refuse(located, issues)

    def _schema(self, _names: Names) -> Schema:
        return {"anyOf": [{"type": "string", "pattern": r"^\d+(\.\d+)?\s*%$"}, {"type": "number"}]}


_WINDOWS: Final = ListOf(WindowLength())
FEATURE: Final = Record(
    (
        Key("expr", Text(), "aggregates of columns, or other features", required=True),
        Key("windows", _WINDOWS, "how far back rows count; those of the view by default"),
        Key("where", Text(), "the rows that count"),
        Key("type", TypeName(), "what its values are cast to"),
        Key("description", Text(), "what it is, in a sentence"),
    ),
    moved={
        "window": "did you mean `windows`?",
        "time_window": "did you mean `windows`?",
        "function": "write `expr: sum(amount)`",
        "column": "write `expr: sum(amount)`",
        "dtype": "did you mean `type`?",
        "filter": "did you mean `where`?",
        "name": "its key is its name",
    },
)
PROMISE: Final = Record(
    (
        Key("minimum", Number(), "no value is smaller"),
        Key("maximum", Number(), "no value is greater"),
        Key("required", Flag(), "no value is null"),
        Key("nulls", Share(), "the largest share that may be null"),
        Key("drift", Number(minimum=0), "the largest PSI of the newest period against all earlier"),
    ),
    moved={
        "min": "did you mean `minimum`?",
        "max": "did you mean `maximum`?",
        "not_null": "write `required: true`",
        "psi": "did you mean `drift`?",
        "null_rate": "did you mean `nulls`?",
    },
)
_ONLINE: Final = Record(
    (Key("ttl", Duration(), "how long a value in the store is good", required=True),)
)
VIEW: Final = Record(
    (
        *DESCRIBED,
        Key("entity", Text(names="tables"), "a table with a key: who is described", required=True),
        Key("source", Text(names="tables"), "a table or source with time", required=True),
        Key("windows", _WINDOWS, "how far back rows count, of all features that say nothing"),
        Key("where", Text(), "the rows of the source that count at all"),
        Key("features", MapOf(ByShape(Text(), FEATURE)), "name → expression", required=True),
        Key("request", MapOf(TypeName()), "`:name` → type, of values that come with a request"),
        Key("latency", Duration(), "how long after a moment its values are computed; 1d"),
        Key("known_at", Text(names="columns"), "the column of when a row was loaded"),
        Key("every", Choice(get_args(Every)), "how often the batch table has rows; month"),
        Key("online", _ONLINE, "kept in the online store"),
        Key("contract", MapOf(PROMISE), "feature → what holds for its values"),
    ),
    moved={
        **MOVED,
        "entities": "did you mean `entity`?",
        "feature_view": "one view a file, and the file's path is its name",
        "feature_views": "one view a file, and the file's path is its name",
        "batch_source": "did you mean `source`?",
        "stream_source": "did you mean `source`?",
        "sources": "did you mean `source`? A view reads one; make what joins several a table",
        "schema": "did you mean `features`?",
        "fields": "did you mean `features`?",
        "columns": "did you mean `features`?",
        "aggregations": "aggregates are expressions in `features:`: `spend: sum(amount)`",
        "join_keys": "the key columns are the `key` of the entity's table",
        "join_key": "the key columns are the `key` of the entity's table",
        "key": "the key columns are the `key` of the entity's table",
        "time_window": "did you mean `windows`?",
        "time": "the time is that of the source",
        "timestamp_field": "the time is that of the source",
        "event_timestamp_column": "the time is that of the source",
        "created_timestamp_column": "did you mean `known_at`?",
        "ttl": "write `online: {ttl: 7d}`",
        "rules": "what holds for features is their `contract`",
        "grain": "did you mean `every`?",
        "schedule": "what is stale is built; `every` says how often there are rows",
    },
)

#: What an editor is told.
SCHEMAS: Final[Declared] = {"features": DescribedFiles(folder="features", holds=(VIEW,))}
