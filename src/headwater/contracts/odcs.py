"""Validation of a located document against the standard's own JSON Schema.

The schema is the one that the package `open-data-contract-standard` ships; only the keywords that
it uses are understood. In two things this is stricter than JSON Schema: an object that declares
properties takes no others, and an `if` on the value of a key needs that key to be there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final

from headwater.definitions.yamltext import Located
from headwater.errors import Issue, did_you_mean, nearest

Schema = Mapping[str, Any]

_WORDS: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (tuple,),
    "object": (dict,),
    "null": (type(None),),
}


@cache
def _document_schema() -> Schema:
    text = resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8")
    schema: Schema = json.loads(text)
    return schema


def validate(document: Located) -> list[Issue]:
    """Everything in a document that the standard does not allow, in order of place."""
    issues = list(_check(document, _document_schema(), "the document"))
    return sorted(set(issues), key=lambda issue: (issue.place, issue.code))


def _resolve(schema: Schema) -> Iterator[Schema]:
    """A schema and all that it includes by `$ref` and `allOf`."""
    yield schema
    if "$ref" in schema:
        yield from _resolve(_lookup(schema["$ref"]))
    for part in schema.get("allOf", ()):
        yield from _resolve(part)


def _lookup(reference: str) -> Schema:
    found: Any = _document_schema()
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    schema: Schema = found
    return schema


def _applicable(node: Located, schema: Schema) -> Iterator[Schema]:
    """The parts of a schema that speak about this node, conditions decided."""
    for part in _resolve(schema):
        yield part
        if "if" in part and _matches(node, part["if"]):
            yield from _applicable(node, part["then"])


def _matches(node: Located, condition: Schema) -> bool:
    """Whether an `if` holds; the standard's ones ask for keys and for values of keys."""
    if "anyOf" in condition:
        return any(_matches(node, part) for part in condition["anyOf"])
    keys = {*condition.get("required", ()), *condition.get("properties", {})}
    if not keys <= node.mapping.keys():
        return False
    wanted = condition.get("properties", {})
    return all("const" not in w or node.mapping[k].value == w["const"] for k, w in wanted.items())


def _check(node: Located, schema: Schema, name: str) -> Iterator[Issue]:
    parts = list(_applicable(node, schema))
    for part in parts:
        mistype = _mistyped(node, part, name)
        if mistype is not None:
            yield mistype
            return
    for part in parts:
        yield from _check_value(node, part, name)
        yield from _check_alternatives(node, part, name)
    if node.is_mapping:
        yield from _check_keys(node, parts, name)
    elif node.is_list:
        for part in parts:
            for item in node.items if "items" in part else ():
                yield from _check(item, part["items"], name)


def _mistyped(node: Located, schema: Schema, name: str) -> Issue | None:
    wanted = schema.get("type")
    if wanted is None:
        return None
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    if any(_is(node, each) for each in names):
        return None
    said = " or ".join(_WORDS[each] for each in names)
    fix = "put it in quotes" if "string" in names and not (node.is_list or node.is_mapping) else ""
    if node.value is None:
        fix = "give it a value or remove the key"
    what = f"{name} must be {said}, not {node.describe()}"
    return Issue(code="E604", what=what, place=node.place, fix=fix)


def _is(node: Located, type_name: str) -> bool:
    if isinstance(node.value, bool):
        return type_name == "boolean"
    return isinstance(node.value, _TYPES[type_name])


def _check_value(node: Located, schema: Schema, name: str) -> Iterator[Issue]:
    value = node.value

    def wrong(what: str, fix: str = "") -> Issue:
        return Issue(code="E604", what=f"{name} {what}", place=node.place, fix=fix)

    if "enum" in schema and value not in schema["enum"]:
        known = [str(each) for each in schema["enum"]]
        fix = did_you_mean(str(value), known, "one of " + ", ".join(known[:12]))
        code = "E603" if name == "`metric`" else "E604"
        what = f"{name} cannot be {node.describe()}"
        yield Issue(code=code, what=what, place=node.place, fix=fix)
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield wrong(f"cannot be {node.describe()}", f"it must match {schema['pattern']}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value < schema.get("minimum", value):
            yield wrong(f"is {value}, less than {schema['minimum']}")
        if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
            yield wrong(f"is {value}, not more than {schema['exclusiveMinimum']}")
    if isinstance(value, tuple):
        if len(value) < schema.get("minItems", 0):
            yield wrong(f"needs at least {schema['minItems']} items")
        if len(value) > schema.get("maxItems", len(value)):
            yield wrong(f"takes at most {schema['maxItems']} items")
        if schema.get("uniqueItems") and len({repr(i.plain()) for i in value}) < len(value):
            yield wrong("holds an item twice")
    if "not" in schema and node.is_mapping and not _fails(node, schema["not"]):
        keys = schema["not"].get("required", ())
        yield wrong("cannot hold " + ", ".join(f"`{key}`" for key in keys))


def _fails(node: Located, schema: Schema) -> bool:
    return any(True for _ in _check(node, schema, ""))


def _check_alternatives(node: Located, schema: Schema, name: str) -> Iterator[Issue]:
    choices: Sequence[Schema] = schema.get("oneOf") or schema.get("anyOf") or ()
    if not choices:
        return
    if all("required" in choice for choice in choices):
        yield from _check_one_key(node, [choice["required"][0] for choice in choices], name)
        return
    failures = [list(_check_closed(node, choice, name)) for choice in choices]
    if all(failures):
        typed = [f for f, c in zip(failures, choices, strict=True) if not _wrong_kind(node, c)]
        if typed:
            yield from min(typed, key=len)
        else:
            said = " or ".join(_WORDS[t] for c in choices for t in _own_types(c))
            what = f"{name} must be {said}, not {node.describe()}"
            yield Issue(code="E604", what=what, place=node.place)


def _check_closed(node: Located, schema: Schema, name: str) -> Iterator[Issue]:
    """Check one alternative; an alternative that only narrows the keys around it is not closed."""
    parts = list(_applicable(node, schema))
    if node.is_mapping and not any("type" in part for part in parts):
        for part in parts:
            for key, wanted in part.get("properties", {}).items():
                if key in node.mapping:
                    yield from _check(node.mapping[key], wanted, f"`{key}`")
        return
    yield from _check(node, schema, name)


def _own_types(schema: Schema) -> list[str]:
    for part in _resolve(schema):
        if "type" in part:
            return [part["type"]] if isinstance(part["type"], str) else list(part["type"])
        if "anyOf" in part:
            return [each for choice in part["anyOf"] for each in _own_types(choice)][:1]
    return []


def _wrong_kind(node: Located, schema: Schema) -> bool:
    types = _own_types(schema)
    return bool(types) and not any(_is(node, each) for each in types)


def _check_one_key(node: Located, keys: Sequence[str], name: str) -> Iterator[Issue]:
    there = [key for key in keys if key in node.mapping]
    misspelt = any(nearest(key, keys) for key in node.mapping if key not in keys)
    if not there and not misspelt:
        fix = "write one of " + ", ".join(keys)
        yield Issue(code="E604", what=f"{name} has no operator", place=node.place, fix=fix)
    for key in there[1:]:
        what = f"{name} has two operators, `{there[0]}` and `{key}`"
        place = node.mapping[key].key_place or node.place
        yield Issue(code="E604", what=what, place=place, fix="make two rules of it")


def _check_keys(node: Located, parts: Sequence[Schema], name: str) -> Iterator[Issue]:
    known: dict[str, list[Schema]] = {}
    for part in parts:
        for source in (part, *part.get("oneOf", ()), *part.get("anyOf", ())):
            if source is not part and "required" not in source:
                continue  # a whole alternative of its own, checked as such
            for key, wanted in source.get("properties", {}).items():
                known.setdefault(key, []).append(wanted)
    for part in parts:
        for key in part.get("required", ()):
            if key not in node.mapping:
                yield Issue(
                    code="E604", what=f"{name} has no `{key}`", place=node.place, fix="add it"
                )
    for key, value in node.mapping.items() if known else ():
        if key not in known:
            place = value.key_place or value.place
            listed = ", ".join(sorted(known))
            fix = did_you_mean(key, known, f"known here: {listed}" if len(listed) < 160 else "")
            yield Issue(code="E602", what=f"unknown key `{key}` in {name}", place=place, fix=fix)
            continue
        for wanted in known[key]:
            yield from _check(value, wanted, f"`{key}`")
