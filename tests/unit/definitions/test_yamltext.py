"""Every value keeps its place; scalars are those of YAML 1.2; hostile documents stay cheap."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.definitions.yamltext import Located, read_yaml, resolve_scalar
from headwater.errors import Place


def read(text: str) -> Located:
    located, issues = read_yaml("f.yml", text)
    assert issues == []
    assert located is not None
    return located


def codes(text: str) -> list[str]:
    return [issue.code for issue in read_yaml("f.yml", text)[1]]


def test_values_and_keys_know_their_place() -> None:
    located = read("title: Sales\nkey:\n  - invoice\n  - line\n")
    key = located.mapping["key"]
    assert key.key_place == Place("f.yml", 2, 1)
    assert [item.place for item in key] == [Place("f.yml", 3, 5), Place("f.yml", 4, 5)]


def test_offsets_of_a_header_inside_a_sql_file() -> None:
    located, _ = read_yaml("t.sql", " time: a\n key: b", first_line=3, first_column=3)
    assert located is not None
    assert located.mapping["time"].key_place == Place("t.sql", 3, 4)
    assert located.mapping["key"].key_place == Place("t.sql", 4, 2)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"), ("yes", "yes"), ("no", "no"), ("NO", "NO"), ("true", True), ("False", False),
        ("null", None), ("~", None), ("", None), ("12", 12), ("-3", -3), ("1_000", "1_000"),
        ("1.50", 1.5), ("1e3", 1000.0), (".5", 0.5), ("0x1F", 31), ("0o17", 15), ("007", "007"),
        ("2011-01-01", "2011-01-01"), ("09:15", "09:15"), ("1:30", "1:30"), ("+", "+"), ("-", "-"),
        (".inf", float("inf")), ("1.2.3", "1.2.3"), ("9" * 200, "9" * 200), ("=", "="),
    ],
)  # fmt: skip
def test_plain_scalars(text: str, value: object) -> None:
    assert resolve_scalar(text) == value
    assert type(resolve_scalar(text)) is type(value)


def test_quoted_scalars_are_text() -> None:
    assert read("[ '1', \"true\", '', !!str 5 ]").plain() == ["1", "true", "", "5"]


def test_anchors_and_merge_keys() -> None:
    located = read("base: &b {owner: data, tags: x}\nsales: {<<: *b, owner: me}\n")
    assert located.mapping["sales"].plain() == {"owner": "me", "tags": "x"}


def test_a_key_stands_once() -> None:
    _, issues = read_yaml("f.yml", "a: 1\nb: 2\na: 3")
    assert [str(issue) for issue in issues] == [
        "E111 the key `a` stands twice · f.yml:3:1 · first in line 1; remove one"
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: b: c", "E110"), ("\ta: 1", "E110"), ("a: [1", "E110"), ("a: \x00", "E110"),
        ("a\n---\nb", "E110"), ("a: !foo x", "E112"), ("? [a]\n: b", "E112"),
        ("&a [*a]", "E112"), ("[" * 200 + "]" * 200, "E112"), ("[" * 300_000, "E112"),
        ("- " * 300_000, "E112"),
    ],
)  # fmt: skip
def test_mistakes(text: str, code: str) -> None:
    assert codes(text) == [code]


def test_an_alias_bomb_is_refused_quickly() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    began = time.perf_counter()
    assert codes("\n".join(lines)) == ["E112"]
    assert time.perf_counter() - began < 5


def test_nothing_is_nothing() -> None:
    assert read_yaml("f.yml", "") == (None, [])
    assert read_yaml("f.yml", "# only a comment\n") == (None, [])


TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cc", "Cs"]), max_size=100)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)


@given(JSON)
def test_json_is_read_as_json_says(value: object) -> None:
    """JSON is a part of YAML; only a number that is too long stays text."""
    assert read(json.dumps(value)).plain() == value
