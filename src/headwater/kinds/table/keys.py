"""The keys of a table's header, sidecar or decorator, and of its unit tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from headwater.clock import parse_duration
from headwater.contracts.definition import DatasetRule, RowRule
from headwater.definitions.fields import (
    DESCRIBED,
    INVALID,
    MOVED,
    Anything,
    Choice,
    Duration,
    FieldType,
    Key,
    ListOf,
    MapOf,
    Names,
    Record,
    Schema,
    Text,
)
from headwater.definitions.schemas import Declared, DescribedFiles
from headwater.definitions.yamltext import Located
from headwater.errors import Issue
from headwater.kinds.table.definition import History, ReadWindow, UnitTest

_COLUMN: Final = Text(names="columns")
_WINDOW = re.compile(
    r"\s*(?P<first>\d+\s*[a-z]+)\s+(?:"
    r"(?P<both>before\s+and\s+after|after\s+and\s+before)|"
    r"before(?:\s+and\s+(?P<later>\d+\s*[a-z]+)\s+after)?|(?P<after>after))\s*\Z"
)


class Window(FieldType):
    """How far around a day of output an input is read."""

    def _expected(self) -> str:
        return "`28d before`, `1d after` or `30m before and after`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        match = _WINDOW.match(str(located.value))
        if match is None:
            text = str(located.value).strip()
            fix = f"write `{text} before`" if re.fullmatch(r"\d+\s*[a-z]+", text) else ""
            return self.refuse(located, issues, fix)
        try:
            first = parse_duration(match["first"])
            later = parse_duration(match["later"]) if match["later"] else timedelta(0)
        except (ValueError, OverflowError):
            return self.refuse(located, issues)
        if match["both"]:
            return ReadWindow(before=first, after=first)
        if match["after"]:
            return ReadWindow(after=first)
        return ReadWindow(before=first, after=later)

    def _schema(self, _names: Names) -> Schema:
        return {"type": "string", "examples": ["28d before", "30m before and after", "1d after"]}


class Rules(FieldType):
    """Conditions of the rows, as `headwater.contracts` reads them."""

    def _expected(self) -> str:
        return "a list of conditions"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        from headwater.contracts.rules import read_rules

        rules, found = read_rules(located)
        issues.extend(found)
        return rules

    def _schema(self, _names: Names) -> Schema:
        rule = {"anyOf": [{"type": "string"}, {"type": "object"}]}
        return {"anyOf": [rule, {"type": "array", "items": rule}]}


class Rows(FieldType):
    """Rows as mappings from column to value; anything left out is null."""

    def _expected(self) -> str:
        return "a list of rows such as `{customer_id: 7, country: France}`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if located.value is None:
            return self.refuse(located, issues, "write `[]` for no rows")
        wrong = [item for item in located.items if not item.is_mapping]
        if wrong:
            return self.refuse(wrong[0], issues)
        return tuple(item.plain() for item in located.items)

    def _schema(self, names: Names) -> Schema:
        row = MapOf(Anything(), names="columns").schema(names)
        return {"anyOf": [row, {"type": "array", "items": row}]}


TEST: Final = Record(
    (
        Key("given", MapOf(Rows(), names="tables"), "the rows of each table read", required=True),
        Key("expect", Rows(), "the rows that come out, in any order", required=True),
    ),
    moved={"model": "a test stands beside its table", "expected": "did you mean `expect`?"},
)
HISTORY: Final = Record((Key("key", ListOf(_COLUMN), "what is followed over time", required=True),))
TABLE: Final = Record(
    (
        *DESCRIBED,
        Key("time", _COLUMN, "the column that says when a row happened; makes it incremental"),
        Key("key", ListOf(_COLUMN), "what a row is known by: unique, not null"),
        Key("references", MapOf(Text(names="tables"), names="columns"), "column → table"),
        Key("rules", Rules(), "conditions that every row keeps"),
        Key("reads", MapOf(Window(), names="tables"), "how far around a day an input is read"),
        Key(
            "on_change",
            MapOf(Choice(("keep", "restate")), names="tables"),
            "what a change of an input without time does to history",
        ),
        Key("late_limit", Duration(), "rows later than this go to quarantine"),
        Key("history", HISTORY, "keep validity ranges (type 2)"),
        Key("previous", MapOf(Text()), "column → type of the table's own interval before"),
        Key("on_breach", Choice(("quarantine", "hold")), "what happens to rows that break a rule"),
        Key("pii", MapOf(Text(), names="columns"), "column → how it is masked"),
        Key("chunk", Duration(), "how much a backfill builds at once"),
        Key("tests", MapOf(TEST), "given these rows, expect those"),
    ),
    moved={
        **MOVED,
        "unique_key": "did you mean `key`?",
        "primary_key": "did you mean `key`?",
        "foreign_keys": "did you mean `references`?",
        "event_time": "did you mean `time`?",
        "materialized": "`time:` alone makes a table incremental",
        "incremental_strategy": "`time:` alone makes a table incremental",
        "batch_size": "`chunk:` says how much a backfill builds at once",
        "lookback": "late rows reopen their own days; `reads: {input: 3d before}` reads further",
        "data_tests": "conditions of the data are `rules`",
        "checks": "conditions of the data are `rules`",
        "schedule": "what is stale is built; nothing has a schedule of its own",
    },
)
TESTS: Final = MapOf(TEST)

#: What an editor is told. Its globs cannot except `*.test.yml`, so one schema takes both.
SCHEMAS: Final[Declared] = {"tables": DescribedFiles(folder="tables", holds=(TABLE, TESTS))}
#: Keys whose values the definition holds as they are read.
SAME: Final = (
    "time", "key", "references", "rules", "reads", "on_change", "late_limit", "previous",
    "on_breach", "pii", "chunk",
)  # fmt: skip

Rule = RowRule | DatasetRule


def take_history(values: Mapping[str, Any]) -> History | None:
    """The history, where its key was right."""
    history = values.get("history", {})
    return History(**history) if history.get("key") else None


def read_tests(located: Located | None, issues: list[Issue]) -> tuple[UnitTest, ...]:
    """Unit tests from a mapping of name → given and expect."""
    if located is None:
        return ()
    found = TESTS.read(located, issues)
    if found is INVALID:
        return ()
    return tuple(
        UnitTest(
            name=name,
            place=located.mapping[name].key_place or located.mapping[name].place,
            given=test["given"],
            expect=test["expect"],
        )
        for name, test in found.items()
        if "given" in test and "expect" in test
    )
