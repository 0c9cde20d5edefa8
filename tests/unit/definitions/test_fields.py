"""Every sort of value: what it takes, what it refuses and with which words, and its schema."""

from __future__ import annotations

from datetime import timedelta

import pytest

from headwater.definitions.fields import (
    INVALID,
    Anything,
    ByShape,
    Choice,
    Duration,
    FieldType,
    Flag,
    Key,
    ListOf,
    MapOf,
    Number,
    Record,
    Text,
)
from headwater.definitions.yamltext import read_yaml
from headwater.errors import Issue


def read(kind: FieldType, text: str) -> tuple[object, list[str]]:
    located, _ = read_yaml("f.yml", text)
    assert located is not None
    issues: list[Issue] = []
    return kind.read(located, issues), [str(issue) for issue in issues]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Text(), "a b", "a b"),
        (Text(), "2011", "2011"),
        (Flag(), "true", True),
        (Number(), "1.5", 1.5),
        (Number(whole=True, minimum=0), "0", 0),
        (Duration(), "2w", timedelta(weeks=2)),
        (Choice(("keep", "restate")), "keep", "keep"),
        (ListOf(Text()), "one", ("one",)),
        (ListOf(Text()), "[one, two]", ("one", "two")),
        (ListOf(Text(), at_least=0), "[]", ()),
        (MapOf(Number()), "{a: 1}", {"a": 1}),
        (Anything(), "{a: [1, ~]}", {"a": [1, None]}),
        (ByShape(Text(), MapOf(Text())), "x", "x"),
        (ByShape(Text(), MapOf(Text())), "{a: x}", {"a": "x"}),
    ],
)
def test_reads(kind: FieldType, text: str, value: object) -> None:
    assert read(kind, text) == (value, [])


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (Text(), "[a]", "expected text, got a list · f.yml:1:1"),
        (Text(), "1.10", "expected text, got the number 1.1 · f.yml:1:1 · put it in quotes"),
        (Text(), "~", "expected text, got nothing · f.yml:1:1 · give a value; inside"),
        (Flag(), "yes", "expected `true` or `false`, got `yes` · f.yml:1:1 · write `true`"),
        (Number(), "true", "expected a number, got `true` · f.yml:1:1"),
        (Number(whole=True, minimum=1), "0", "expected a whole number from 1, got the number 0"),
        (Duration(), "3", "got the number 3 · f.yml:1:1 · write `3d` for days"),
        (Duration(), "3 fortnights", "got `3 fortnights`"),
        (
            Choice(("keep", "restate")),
            "restat",
            "expected `keep` or `restate`, got `restat` · f.yml:1:1 · did you mean `restate`?",
        ),
        (ListOf(Text()), "[]", "expected a list of at least 1, got an empty list"),
        (ListOf(Text()), "~", "got nothing"),
        (MapOf(Text()), "a", "expected a mapping, got `a`"),
    ],
)
def test_refuses(kind: FieldType, text: str, message: str) -> None:
    value, issues = read(kind, text)
    assert value is INVALID
    assert len(issues) == 1
    assert issues[0].startswith("E115 ")
    assert message in issues[0]


RECORD = Record(
    (Key("time", Text()), Key("key", ListOf(Text())), Key("url", Text(), "where", required=True)),
    moved={"grain": "write `key`"},
)


def test_a_record_reports_every_mistake_and_keeps_what_is_right() -> None:
    value, issues = read(RECORD, "time_colum: a\ngrain: b\nkey: [x, [y]]\ntime: t")
    assert value == {"key": ("x",), "time": "t"}
    assert issues == [
        "E114 unknown key `time_colum` · f.yml:1:1 · did you mean `time`?",
        "E114 unknown key `grain` · f.yml:2:1 · write `key`",
        "E115 expected text, got a list · f.yml:3:10",
        "E116 missing key `url` · f.yml:1:1 · add `url:`, where",
    ]


def test_an_open_record_keeps_other_keys() -> None:
    open_record = Record((Key("a", Text()),), open_to_others=True)
    assert read(open_record, "{a: x, b: [1]}") == ({"a": "x", "b": [1]}, [])


def test_a_schema_says_what_reading_takes() -> None:
    names = {"columns": ["id"]}
    record = Record((Key("key", ListOf(Text(names="columns")), "what a row is known by"),))
    column = {"anyOf": [{"enum": ["id"]}, {"type": "string"}]}
    assert record.schema(names) == {
        "type": "object",
        "properties": {
            "key": {
                "description": "what a row is known by",
                "anyOf": [
                    column,
                    {"type": "array", "items": column, "minItems": 1},
                ],
            }
        },
        "additionalProperties": False,
    }
