"""The keys of a label's file."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final, get_args

from headwater.clock import parse_duration
from headwater.definitions.fields import (
    DESCRIBED,
    MOVED,
    Choice,
    FieldType,
    Key,
    Names,
    Record,
    Schema,
    Text,
)
from headwater.definitions.schemas import Declared, DescribedFiles
from headwater.definitions.yamltext import Located
from headwater.errors import Issue
from headwater.features.model import Every

_LENGTH: Final = re.compile(r"\s*[1-9]\d*\s*[hdw]\s*\Z")


class Horizon(FieldType):
    """How long an outcome is waited for: months differ in length, so that they are none."""

    def _expected(self) -> str:
        return "a horizon such as `36h`, `90d` or `12w`"

    def _read(self, located: Located, issues: list[Issue]) -> timedelta | Any:
        text = located.value
        if isinstance(text, str) and _LENGTH.match(text):
            try:
                return parse_duration(text)
            except OverflowError:
                pass
        return self.refuse(located, issues, _in_days(text))

    def _schema(self, _names: Names) -> Schema:
        return {"type": "string", "pattern": r"^\s*[1-9]\d*\s*[hdw]\s*$"}


def _in_days(value: object) -> str:
    """What to write instead."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return f"write `{value}d` for days"
    try:
        days = parse_duration(str(value)).days
    except (ValueError, OverflowError):
        return ""
    return f"write `{days}d`" if days else ""


OBSERVE: Final = Record(
    (
        Key("every", Choice(get_args(Every)), "a row for every entity at the end of each; month"),
        Key("table", Text(names="tables"), "a table with the rows, instead of `every`"),
        Key("at", Text(names="columns"), "the table's time"),
        Key("where", Text(), "the rows that count, over `view.feature` and the table's columns"),
    ),
    moved={
        "grain": "did you mean `every`?",
        "schedule": "did you mean `every`?",
        "time": "did you mean `at`?",
        "timestamp": "did you mean `at`?",
        "event_timestamp": "did you mean `at`?",
        "cutoff_time": "did you mean `at`?",
        "source": "did you mean `table`?",
        "entity_df": "did you mean `table`?",
        "filter": "did you mean `where`?",
        "entities": "the entity is the label's; which of them count, says `where`",
    },
)
LABEL: Final = Record(
    (
        *DESCRIBED,
        Key("entity", Text(names="tables"), "a table with a key: whom it is about", required=True),
        Key("source", Text(names="tables"), "where the outcome is seen: it has time",
            required=True),
        Key("horizon", Horizon(), "how long the outcome is waited for", required=True),
        Key("expr", Text(), "the outcome, true or false, over rows of the horizon", required=True),
        Key("where", Text(), "the rows of the source that count at all"),
        Key("observe", OBSERVE, "its rows: of whom, and when"),
    ),
    moved={
        **MOVED,
        "target": "did you mean `expr`? The file's path is the label's name",
        "target_column": "did you mean `expr`?",
        "label": "display names are `title`; what is foretold is `expr`",
        "labels": "one label a file",
        "entity_df": "its rows are `observe: {table: …}`",
        "spine": "its rows are `observe: {table: …}`",
        "cutoff_time": "its rows are `observe: {table: …, at: …}`",
        "cutoff_times": "its rows are `observe: {table: …, at: …}`",
        "label_times": "its rows are `observe: {table: …, at: …}`",
        "event_timestamp": "the moments of its rows are `observe`'s",
        "prediction_window": "did you mean `horizon`?",
        "window": "did you mean `horizon`?",
        "windows": "a label has one window, its `horizon`",
        "window_size": "did you mean `horizon`?",
        "lead": "did you mean `horizon`?",
        "minimum_data": "who counts, says `observe: {where: …}`",
        "every": "write `observe: {every: month}`",
        "table": "did you mean `source`? Rows of your own are `observe: {table: …}`",
        "features": "a model reads features; a label may name them in `observe: {where: …}`",
        "key": "the key columns are the `key` of the entity's table",
        "join_key": "the key columns are the `key` of the entity's table",
        "time": "the time is that of the source",
        "latency": "a label is what is known now; `latency` is of feature views",
        "known_at": "a label is what is known now; `known_at` is of feature views",
    },
)  # fmt: skip

#: What an editor is told.
SCHEMAS: Final[Declared] = {"labels": DescribedFiles(folder="labels", holds=(LABEL,))}
