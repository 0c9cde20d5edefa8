"""The keys of a saved query's header or sidecar, and of its parameters."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final, get_args

from headwater.definitions.fields import (
    DESCRIBED,
    INVALID,
    MOVED,
    Choice,
    Duration,
    FieldType,
    Flag,
    Key,
    Names,
    Number,
    Record,
    Schema,
    Text,
)
from headwater.definitions.schemas import Declared, DescribedFiles
from headwater.definitions.yamltext import Located
from headwater.errors import Issue, Place, did_you_mean
from headwater.kinds.query.definition import Parameter, ParameterType
from headwater.kinds.query.values import guess_type, read_value, written, wrong_value

NOWHERE: Final = Place()
_NAME = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
_SELECT = re.compile(r"\s*(\(|select\b|with\b|from\b|values\b)", re.IGNORECASE)
_SCALARS = ("string", "number", "boolean", "null")


class ScalarField(FieldType):
    """One value: text, a number, true, false or nothing."""

    def _expected(self) -> str:
        return "one value"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if located.is_mapping or located.is_list:
            return self.refuse(located, issues)
        return located

    def _schema(self, _names: Names) -> Schema:
        return {"type": list(_SCALARS)}


class ChoicesField(FieldType):
    """The values that a parameter may have: a list, or a SELECT of one column."""

    def _expected(self) -> str:
        return "a list of values, or a SELECT of one column"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if located.is_list:
            found = [ScalarField().read(item, issues) for item in located.items]
            return located if found and INVALID not in found else self.refuse(located, issues)
        if isinstance(located.value, str) and _SELECT.match(located.value):
            return located
        fix = f"write `[{located.value}]`" if not located.is_mapping and located.value else ""
        return self.refuse(located, issues, fix)

    def _schema(self, _names: Names) -> Schema:
        listed = {"type": "array", "items": {"type": list(_SCALARS)}, "minItems": 1}
        return {"anyOf": [listed, {"type": "string", "pattern": "^\\s*(\\(|[A-Za-z])"}]}


PARAMETER: Final = Record(
    (
        Key("type", Choice(get_args(ParameterType)), "what it takes; by default told by `default`"),
        Key("default", ScalarField(), "its value where none is given; `null` by default"),
        Key("choices", ChoicesField(), "a list of values, or a SELECT that gives them"),
        Key("title", Text(), "the name that people see in the form"),
        Key("description", Text(), "what it is for"),
        Key("required", Flag(), "whether a value must be given"),
    ),
    moved={
        "values": "did you mean `choices`?",
        "options": "did you mean `choices`?",
        "name": "the key is its name; for display there is `title`",
        "label": "display names are `title`",
    },
)


class Parameters(FieldType):
    """`since: 2011-01-01` (type and default in one), or a mapping that says more."""

    def _expected(self) -> str:
        return "a mapping of parameters such as `since: 2011-01-01`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if not located.is_mapping:
            return self.refuse(located, issues)
        found: dict[str, Parameter] = {}
        for name, value in located.mapping.items():
            place = value.key_place or value.place
            if _NAME.match(name) is None or name.casefold() in found:
                what = f"`{name}` cannot name a parameter"
                fix = "letters, digits and underscores, no digit first; each name once"
                issues.append(Issue(code="E115", what=what, place=place, fix=fix))
                continue
            found[name.casefold()] = read_parameter(name, value, issues)
        return tuple(found.values())

    def _schema(self, names: Names) -> Schema:
        each = {"anyOf": [ScalarField().schema(names), PARAMETER.schema(names)]}
        return {"type": "object", "additionalProperties": each}


def read_parameter(name: str, located: Located, issues: list[Issue]) -> Parameter:
    """One parameter; where a mistake is noted, what is right of it. Codes E126, E980, E981."""
    before = len(issues)
    short = not located.is_mapping
    values: Any = {"default": located} if short else PARAMETER.read(located, issues)
    if short and ScalarField().read(located, issues) is INVALID:
        values = {}
    default: Located | None = values.get("default")
    choices: Located | None = values.get("choices")
    listed = choices.items if choices is not None and choices.is_list else ()
    given = (default,) if default is not None and default.value is not None else ()
    guess: ParameterType = next((guess_type(v.value) for v in (*given, *listed)), "text")
    parameter = Parameter(
        name=name,
        place=located.key_place or located.place,
        type=values.get("type") or guess,
        default=written(given[0].value) if given else None,
        choices=tuple(written(item.value) for item in listed),
        choices_sql=str(choices.value) if choices is not None and not choices.is_list else "",
        choices_place=choices.place if choices is not None else located.place,
        title=values.get("title", ""),
        description=values.get("description", "").strip(),
        required=values.get("required", False),
    )
    if parameter.required and default is not None:
        what = f"`{name}` is required and has a default"
        issues.append(Issue(code="E126", what=what, place=default.place, fix="keep one of the two"))
    issues += [issue for v in (*given, *listed) if (issue := _judge(parameter, v)) is not None]
    if len(issues) > before:
        return replace(parameter, default=None, choices=(), choices_sql="")
    if given and listed and parameter.default not in parameter.choices:
        issues.append(
            not_a_choice(parameter, written(given[0].value), parameter.choices, given[0].place)
        )
    return parameter


def _judge(parameter: Parameter, item: Located) -> Issue | None:
    """A value in the file that is not of the parameter's type."""
    text = written(item.value)
    try:
        read_value(parameter.type, text)
    except ValueError:
        return wrong_value(parameter, text, item.place)
    return None


def not_a_choice(
    parameter: Parameter, text: str, choices: tuple[str, ...], place: Place = NOWHERE
) -> Issue:
    """A value that is not among the choices, which are named if they are few. Code E981."""
    few = ", ".join(f"`{choice}`" for choice in choices[:8])
    more = f" and {len(choices) - 8} more" if len(choices) > 8 else ""
    return Issue(
        code="E981",
        what=f"`{text}` is none of the choices of `{parameter.name}`",
        place=place,
        fix=did_you_mean(text, choices, f"choices are: {few}{more}" if choices else ""),
    )


QUERY: Final = Record(
    (
        *DESCRIBED,
        Key("parameters", Parameters(), "what `:name` in the SQL stands for"),
        Key("limit", Number(whole=True, minimum=1), "the most rows that it gives"),
        Key("timeout", Duration(), "the longest that it may take, as in `30s`"),
    ),
    moved={
        **MOVED,
        "params": "did you mean `parameters`?",
        "variables": "did you mean `parameters`?",
        "time": "only tables have a `time`; a query is never built",
        "key": "only tables have a `key`; a query is never built",
        "schedule": "a query is run when it is asked; a report has a schedule",
    },
)

#: What an editor is told.
SCHEMAS: Final[Declared] = {"queries": DescribedFiles(folder="queries", holds=(QUERY,))}
