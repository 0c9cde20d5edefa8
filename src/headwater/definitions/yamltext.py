"""YAML whose every value and key knows its line and column.

Scalars follow the core schema of YAML 1.2: `true` and `false` are the only booleans (`on`, `yes`,
`no` are text), `null`, `~` and nothing are null, and whole and decimal numbers are numbers. Dates,
`09:15` and numbers with a leading zero (`007`) stay text, so that no identifier loses a digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from headwater.errors import Issue, Place

Scalar = str | int | float | bool | None

#: How deep values may nest, and how many values aliases may repeat.
MAX_DEPTH = 100
MAX_REPEATED = 50_000
_SAFE_LENGTH = 4_000  # text as short as this cannot nest deep enough to hurt

_PLAIN = "plain"  # the tag given to every scalar that stands without quotes and without a tag
_STRING_TAG = "tag:yaml.org,2002:str"
_STANDARD_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str"))
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,99})\Z")
_PREFIXED = re.compile(r"0o[0-7]{1,99}\Z|0x[0-9a-fA-F]{1,99}\Z")
_DECIMAL = re.compile(
    r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]{0,99})(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z"
)


#: The fastest loader there is, without any idea of its own what a scalar means.
_LOADER: Any = type(
    "PlainLoader",
    (getattr(yaml, "CSafeLoader", yaml.SafeLoader),),
    {"yaml_implicit_resolvers": {None: [(_PLAIN, re.compile(""))]}},
)


@dataclass(frozen=True, slots=True)
class Located:
    """A YAML value and its place: a scalar, a tuple of `Located`, or a dict text → `Located`."""

    value: Scalar | tuple[Located, ...] | dict[str, Located]
    place: Place
    key_place: Place | None = None  # where its key stands, inside a mapping

    @property
    def is_mapping(self) -> bool:
        """Whether it holds keys."""
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        """Whether it holds items."""
        return isinstance(self.value, tuple)

    @property
    def mapping(self) -> dict[str, Located]:
        """Its keys and their values; empty unless it is a mapping."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> tuple[Located, ...]:
        """Its items; anything but a list is a list of itself."""
        return self.value if isinstance(self.value, tuple) else (self,)

    def get(self, key: str) -> Located | None:
        """The value of a key, or None where there is no such key (or no mapping)."""
        return self.mapping.get(key)

    def __iter__(self) -> Iterator[Located]:
        return iter(self.items)

    def plain(self) -> Any:
        """The same as plain lists, dicts and scalars."""
        if isinstance(self.value, tuple):
            return [item.plain() for item in self.value]
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        return self.value

    def describe(self) -> str:
        """What it is, for a message: `text`, `a list`, `the number 3`."""
        if isinstance(self.value, dict):
            return "a mapping"
        if isinstance(self.value, tuple):
            return "a list" if self.value else "an empty list"
        if self.value is None:
            return "nothing"
        if isinstance(self.value, bool):
            return "`true`" if self.value else "`false`"
        if isinstance(self.value, str):
            return f"`{self.value if len(self.value) <= 40 else self.value[:39] + '…'}`"
        return f"the number {self.value}"


def resolve_scalar(text: str) -> Scalar:
    """What an unquoted scalar stands for.

    >>> [resolve_scalar(text) for text in ("12", "1.5", "on", "true", "~", "09:15", "007")]
    [12, 1.5, 'on', True, None, '09:15', '007']
    """
    if text in _WORDS or text[0] not in "+-.0123456789":
        return _WORDS.get(text, text)
    if _INTEGER.match(text):
        return int(text)
    if _PREFIXED.match(text):
        return int(text, 0)
    if _SPECIAL.match(text):
        return float(text.replace(".", "").lower())
    return float(text) if _DECIMAL.match(text) else text


def read_yaml(
    path: str, text: str, first_line: int = 1, first_column: int = 1
) -> tuple[Located | None, list[Issue]]:
    """One YAML document and what is wrong with it; None where nothing could be read.

    `first_line` and `first_column` say where `text` begins inside the file `path`. An empty
    document is None without an issue.
    """
    reader = _Reader(path, first_line, first_column)
    try:
        if len(text) > _SAFE_LENGTH:
            _refuse_depth(text)
        node = yaml.compose(text, _LOADER)
        located = None if node is None else reader.read(node, 1)
    except yaml.YAMLError as error:
        return None, [reader.explain(error)]
    except _TooLargeError:
        what = f"values nest deeper than {MAX_DEPTH} levels, or aliases repeat too much"
        return None, [Issue(code="E112", what=what, place=Place(path, first_line))]
    return located, reader.issues


def _refuse_depth(text: str) -> None:
    """Raise `_TooLargeError` before `compose` recurses: libyaml would overflow the stack."""
    depth = 0
    for event in yaml.parse(text, _LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _TooLargeError
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _TooLargeError(Exception):
    """The document nests too deep, contains itself, or grows without bound through aliases."""


class _Reader:
    """Turns the nodes of one document into `Located` values, collecting issues."""

    def __init__(self, path: str, first_line: int, first_column: int) -> None:
        self.path = path
        self.issues: list[Issue] = []
        self._line, self._column = first_line, first_column
        self._seen: set[int] = set()  # ids of nodes; the document keeps them alive
        self._repeated = 0

    def at(self, line: int, column: int) -> Place:
        """The place in the file of a line and a column of the text, both from 0."""
        return Place(self.path, line + self._line, column + (1 if line else self._column))

    def place(self, node: yaml.Node) -> Place:
        """Where a node begins."""
        return self.at(node.start_mark.line, node.start_mark.column)

    def wrong(self, code: str, what: str, place: Place, fix: str = "") -> None:
        """Note a mistake and go on."""
        self.issues.append(Issue(code=code, what=what, place=place, fix=fix))

    def explain(self, error: yaml.YAMLError) -> Issue:
        """The parser's complaint as an issue."""
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None)
        if problem is None:  # a character that YAML forbids: its message holds no place in the text
            problem = str(error).splitlines()[0]
        place = self.at(mark.line, mark.column) if mark else Place(self.path, self._line)
        fix = ""
        if "cannot start any token" in problem:
            fix = "put the value in quotes; indent with spaces, not tabs"
        elif "mapping values are not allowed" in problem:
            fix = "text that holds `: ` needs quotes"
        elif "expected a single document" in problem or "another document" in problem:
            fix = "one document a file: remove `---`"
        elif problem.endswith(("',' or '}'", "',' or ']'")):
            fix = "close the bracket; inside of one, text with a comma or a quote needs quotes"
        elif problem in ("did not find expected key", "could not find expected ':'"):
            fix = "write `key: value`, equally indented; text that begins with a quote ends with it"
        return Issue(code="E110", what=f"not valid YAML: {problem}", place=place, fix=fix)

    def read(self, node: yaml.Node, depth: int, key_place: Place | None = None) -> Located:
        """A node and all below it."""
        if id(node) in self._seen:
            self._repeated += 1
        self._seen.add(id(node))
        if depth > MAX_DEPTH or self._repeated > MAX_REPEATED:
            raise _TooLargeError
        place = self.place(node)
        value: Any = node.value
        if isinstance(value, str):
            return Located(self._scalar(node, value, place), place, key_place)
        if node.tag not in _STANDARD_TAGS:
            self.wrong("E112", f"the tag `{node.tag}` means nothing here", place, "remove it")
        if isinstance(node, yaml.SequenceNode):
            return Located(tuple(self.read(item, depth + 1) for item in value), place, key_place)
        return Located(self._mapping(value, depth), place, key_place)

    def _scalar(self, node: yaml.Node, text: str, place: Place) -> Scalar:
        if node.tag == _PLAIN:
            return resolve_scalar(text)
        if node.tag not in (_STRING_TAG, "!"):
            self.wrong("E112", f"the tag `{node.tag}` means nothing here", place, "remove it")
        return text

    def _mapping(self, pairs: list[tuple[yaml.Node, yaml.Node]], depth: int) -> dict[str, Located]:
        found: dict[str, Located] = {}
        merged: dict[str, Located] = {}
        for key_node, value_node in pairs:
            place = self.place(key_node)
            if not isinstance(key_node.value, str):
                self.wrong("E112", "a key must be text, not a list or mapping", place)
                continue
            key = str(key_node.value)
            if key == "<<" and key_node.tag == _PLAIN:
                for source in self.read(value_node, depth + 1):
                    merged = source.mapping | merged
            elif key in found:
                first = found[key].key_place
                self.wrong(
                    "E111",
                    f"the key `{key}` stands twice",
                    place,
                    f"first in line {first.line if first else 0}; remove one",
                )
            else:
                found[key] = self.read(value_node, depth + 1, place)
        return merged | found if merged else found
