"""What a key of a file may hold: one declaration reads it, explains a mistake, and is its schema.

A kind declares its keys once, as a `Record` of `Key`s. Reading collects issues and goes on; the
JSON Schemas for editors come from the same declarations, so that the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from headwater.clock import parse_duration
from headwater.definitions.model import Described
from headwater.definitions.yamltext import Located
from headwater.errors import Issue, Place, did_you_mean, nearest

Schema = dict[str, Any]
#: The project's own names for completion, by sort: `tables`, `columns`, `owners`, `tags`, …
Names = Mapping[str, Sequence[str]]


class _Invalid:
    """What reading gives where the value was wrong and an issue was noted."""

    def __repr__(self) -> str:
        return "INVALID"


INVALID: Final = _Invalid()


class FieldType:
    """A sort of value: how it is read from YAML and how a schema says it."""

    def read(self, located: Located, issues: list[Issue]) -> Any:
        """The value, or `INVALID` after noting what is wrong."""
        return self._read(located, issues)

    def schema(self, names: Names) -> Schema:
        """The JSON Schema of the value; `names` fill its enumerations."""
        return self._schema(names)

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        raise NotImplementedError

    def _schema(self, names: Names) -> Schema:
        raise NotImplementedError

    def expected(self) -> str:
        """What it takes: completes "expected …" in a message."""
        return self._expected()

    def _expected(self) -> str:
        return "a value"

    def refuse(self, located: Located, issues: list[Issue], fix: str = "") -> Any:
        """Note that a value has the wrong type (E115)."""
        what = f"expected {self.expected()}, got {located.describe()}"
        issues.append(Issue(code="E115", what=what, place=located.place, fix=fix))
        return INVALID


class Anything(FieldType):
    """Any YAML value, as plain lists, dicts and scalars."""

    def _read(self, located: Located, _issues: list[Issue]) -> Any:
        return located.plain()

    def _schema(self, _names: Names) -> Schema:
        return {}


@dataclass(frozen=True, slots=True)
class Text(FieldType):
    """Text; a whole number counts as its digits."""

    names: str = ""  # which of the project's names complete it

    def _expected(self) -> str:
        return "text"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        value = located.value
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        fix = "" if isinstance(value, (tuple, dict)) else "put it in quotes"
        if value is None:  # `{balance: decimal(12,2)}` ends in a key `2)` without a value
            fix = "give a value; inside `{…}` text with a comma needs quotes"
        return self.refuse(located, issues, fix)

    def _schema(self, names: Names) -> Schema:
        # Completed, not enforced: a name that was added since the last check is no mistake.
        known = list(names.get(self.names, ())) if self.names else []
        return {"anyOf": [{"enum": known}, {"type": "string"}]} if known else {"type": "string"}


class Flag(FieldType):
    """`true` or `false`."""

    def _expected(self) -> str:
        return "`true` or `false`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if isinstance(located.value, bool):
            return located.value
        words = {"yes": "true", "on": "true", "no": "false", "off": "false"}
        meant = words.get(str(located.value).casefold())
        return self.refuse(located, issues, f"write `{meant}`" if meant else "")

    def _schema(self, _names: Names) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Number(FieldType):
    """A number; `whole` ones have no decimals; `minimum` is allowed."""

    whole: bool = False
    minimum: float | None = None

    def _expected(self) -> str:
        sort = "a whole number" if self.whole else "a number"
        return sort if self.minimum is None else f"{sort} from {self.minimum:g}"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        value = located.value
        if isinstance(value, bool) or not isinstance(value, int if self.whole else (int, float)):
            return self.refuse(located, issues)
        if self.minimum is not None and value < self.minimum:
            return self.refuse(located, issues)
        return value

    def _schema(self, _names: Names) -> Schema:
        found: Schema = {"type": "integer" if self.whole else "number"}
        return found if self.minimum is None else found | {"minimum": self.minimum}


class Duration(FieldType):
    """A span of time such as `3d`."""

    def _expected(self) -> str:
        return "a duration such as `30m`, `36h`, `28d`, `2w` or `6mo`"

    def _read(self, located: Located, issues: list[Issue]) -> timedelta | Any:
        if isinstance(located.value, str):
            try:
                return parse_duration(located.value)
            except (ValueError, OverflowError):
                pass
        hint = f"write `{located.value}d` for days" if isinstance(located.value, int) else ""
        return self.refuse(located, issues, hint)

    def _schema(self, _names: Names) -> Schema:
        return {"type": "string", "pattern": r"^\s*\d+\s*(mo|min|ms|[smhdwy])\s*$"}


@dataclass(frozen=True, slots=True)
class Choice(FieldType):
    """One of a few words."""

    words: tuple[str, ...]

    def _expected(self) -> str:
        return " or ".join(f"`{word}`" for word in self.words)

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if located.value in self.words:
            return located.value
        return self.refuse(located, issues, did_you_mean(str(located.value), self.words))

    def _schema(self, _names: Names) -> Schema:
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class ListOf(FieldType):
    """A list, as a tuple; one item may stand without a list."""

    item: FieldType
    at_least: int = 1

    def _expected(self) -> str:
        return f"a list of at least {self.at_least}"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if located.value is None or len(located.items) < self.at_least:
            return self.refuse(located, issues)
        found = [self.item.read(item, issues) for item in located.items]
        return tuple(value for value in found if value is not INVALID)

    def _schema(self, names: Names) -> Schema:
        item = self.item.schema(names)
        return {"anyOf": [item, {"type": "array", "items": item, "minItems": self.at_least}]}


@dataclass(frozen=True, slots=True)
class MapOf(FieldType):
    """A mapping whose keys the user chooses."""

    item: FieldType
    names: str = ""  # which of the project's names complete its keys

    def _expected(self) -> str:
        return "a mapping"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if not located.is_mapping:
            return self.refuse(located, issues)
        found = {key: self.item.read(item, issues) for key, item in located.mapping.items()}
        return {key: value for key, value in found.items() if value is not INVALID}

    def _schema(self, names: Names) -> Schema:
        item = self.item.schema(names)
        found: Schema = {"type": "object", "additionalProperties": item}
        known = names.get(self.names, ()) if self.names else ()
        return found | {"properties": dict.fromkeys(known, item)} if known else found


@dataclass(frozen=True, slots=True)
class ByShape(FieldType):
    """One thing as a scalar (or list), another as a mapping."""

    simple: FieldType
    mapping: FieldType

    def _expected(self) -> str:
        return f"{self.simple.expected()} or {self.mapping.expected()}"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        return (self.mapping if located.is_mapping else self.simple).read(located, issues)

    def _schema(self, names: Names) -> Schema:
        return {"anyOf": [self.simple.schema(names), self.mapping.schema(names)]}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a record: its name, what it holds, and one line that says what it is for."""

    name: str
    type: FieldType
    doc: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Record(FieldType):
    """A mapping with known keys; an unknown one is an error that names the nearest.

    `moved` explains keys that users bring from elsewhere: key → fix. With `open_to_others` unknown
    keys are kept as plain values.
    """

    keys: tuple[Key, ...]
    moved: Mapping[str, str] = field(default_factory=dict)
    open_to_others: bool = False

    def _expected(self) -> str:
        return "a mapping"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if not located.is_mapping:
            return self.refuse(located, issues, f"keys are: {', '.join(k.name for k in self.keys)}")
        return self.read_keys(located.mapping, located.place, issues)

    def read_keys(
        self, mapping: Mapping[str, Located], place: Place, issues: list[Issue]
    ) -> dict[str, Any]:
        """The keys that are there and right; the rest is left to the caller's defaults.

        A key that is mistyped is told, and read as the one that was meant: nothing else goes wrong.
        """
        found: dict[str, Any] = {}
        known = {key.name: key for key in self.keys}
        meant: set[str] = set()
        for name, located in mapping.items():
            key = known.get(name)
            if key is not None:
                value = key.type.read(located, issues)
                if value is not INVALID:
                    found[name] = value
            elif self.open_to_others:
                found[name] = located.plain()
            else:
                near = "" if name in self.moved else _nearest_key(name, known)
                fix = self.moved.get(name) or f"keys are: {', '.join(known)}"
                if near:
                    fix = f"did you mean `{near}`?"
                elif located.value is None and not name.isidentifier():  # `{expr: nullif(a, 1)}`
                    fix = "inside `{…}` text with a comma needs quotes"
                where = located.key_place or located.place
                issues.append(
                    Issue(code="E114", what=f"unknown key `{name}`", place=where, fix=fix)
                )
                if near and near not in mapping:
                    meant.add(near)
                    value = known[near].type.read(located, [])
                    found |= {} if value is INVALID else {near: value}
        for name, key in known.items():
            if key.required and name not in mapping and name not in meant:
                fix = f"add `{name}:`, {key.doc}" if key.doc else f"add `{name}:`"
                issues.append(
                    Issue(code="E116", what=f"missing key `{name}`", place=place, fix=fix)
                )
        return found

    def _schema(self, names: Names) -> Schema:
        properties = {}
        for key in self.keys:
            described = {"description": key.doc} if key.doc else {}
            properties[key.name] = described | key.type.schema(names)
        found: Schema = {"type": "object", "properties": properties}
        required = [key.name for key in self.keys if key.required]
        if required:
            found["required"] = required
        return found if self.open_to_others else found | {"additionalProperties": False}


def _nearest_key(name: str, known: Mapping[str, Key]) -> str:
    """The key that was meant: alike, or the beginning of what is written (`time_column`)."""
    begins = [key for key in known if name.startswith(f"{key}_") or key.startswith(f"{name}_")]
    return next(iter([*nearest(name, known), *begins]), "")


#: The five words that open every kind.
DESCRIBED = (
    Key("title", Text(), "the name that people see"),
    Key("description", Text(), "what it is, in a sentence or two"),
    Key("owner", Text(names="owners"), "the team or person who answers for it"),
    Key("tags", ListOf(Text(names="tags"), at_least=0), "words to select it by"),
    Key("meta", MapOf(Anything()), "anything else, kept as it is"),
)

#: Keys that other tools use for the same things.
MOVED = {
    "name": "the file's path is its name; for display there is `title`",
    "label": "display names are `title`",
    "columns": "columns are documented by `-- text` after them in the SQL",
    "grain": "what one row is, is its `key`; `grain` is only of time",
    "depends_on": "what it reads is found in the SQL",
}


def take_described(values: Mapping[str, Any]) -> Described:
    """Title, description, owner, tags and meta out of what a record has read."""
    return Described(
        title=values.get("title", ""),
        description=values.get("description", "").strip(),
        owner=values.get("owner", ""),
        tags=values.get("tags", ()),
        meta=values.get("meta", {}),
    )
