"""The keys of a report's file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, get_args
from urllib.parse import urlsplit

from headwater.definitions.cron import Schedule
from headwater.definitions.fields import (
    DESCRIBED,
    INVALID,
    MOVED,
    Choice,
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
from headwater.definitions.settings import clear_password
from headwater.definitions.yamltext import Located
from headwater.errors import Issue
from headwater.kinds.report.definition import Destination, Section
from headwater.semantics.asking import Comparison

#: One address, as mail servers take it; not every address of RFC 5321 is sensible in a file.
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_SECRET: Final = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")


class Address(FieldType):
    """A mail address, or `${NAME}`."""

    def _expected(self) -> str:
        return "a mail address such as `board@shop.example`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        text = located.value
        if isinstance(text, str) and (_ADDRESS.fullmatch(text) or _SECRET.fullmatch(text)):
            return text
        what = f"`{text}` is no mail address" if isinstance(text, str) else "no mail address"
        fix = "write it as in `board@shop.example`, without a name"
        issues.append(Issue(code="E946", what=what, place=located.place, fix=fix))
        return INVALID

    def _schema(self, _names: Names) -> Schema:
        return {"type": "string", "examples": ["board@shop.example"]}


class WebAddress(FieldType):
    """The URL of a webhook; secrets in it are `${NAME}`."""

    def _expected(self) -> str:
        return "a URL such as `https://hooks.example/${HOOK}`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        text = located.value
        if not isinstance(text, str):
            return self.refuse(located, issues)
        secret = clear_password(located)
        if secret is not None:
            issues.append(secret)
            return INVALID
        if _SECRET.fullmatch(text) or _is_web(_SECRET.sub("x", text)):
            return text
        fix = "it begins with `https://`, or is one `${NAME}`"
        what = f"`{text}` is no URL"
        issues.append(Issue(code="E946", what=what, place=located.place, fix=fix))
        return INVALID

    def _schema(self, _names: Names) -> Schema:
        return {"type": "string", "examples": ["${HOOK_URL}"]}


def _is_web(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


class Delivery(FieldType):
    """`{folder: out/packs}`, `{email: board@shop.example}` or `{webhook: "${HOOK_URL}"}`."""

    _sorts: Mapping[str, FieldType] = {
        "folder": Text(),
        "email": ListOf(Address()),
        "webhook": WebAddress(),
    }
    _record = Record(
        tuple(Key(name, kind, "where a pack goes") for name, kind in _sorts.items()),
        moved={"mail": "did you mean `email`?", "path": "did you mean `folder`?"},
    )

    def _expected(self) -> str:
        return "`{folder: …}`, `{email: …}` or `{webhook: …}`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if not located.is_mapping or len(located.mapping) != 1:
            return self.refuse(located, issues, "one of them an item")
        before = len(issues)
        found = self._record.read(located, issues)
        if len(issues) > before or found is INVALID or not found:
            return INVALID
        ((sort, value),) = found.items()
        targets = value if isinstance(value, tuple) else (value,)
        return Destination(sort=sort, targets=targets, place=located.mapping[sort].place)

    def _schema(self, names: Names) -> Schema:
        return self._record.schema(names) | {"minProperties": 1, "maxProperties": 1}


class Scalar(FieldType):
    """The default of a parameter, as text."""

    def _expected(self) -> str:
        return "one value"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if located.is_mapping or located.is_list:
            return self.refuse(located, issues)
        return "" if located.value is None else str(located.value)

    def _schema(self, _names: Names) -> Schema:
        return {"type": ["string", "number", "boolean", "null"]}


REPORT: Final = Record(
    (
        *DESCRIBED,
        Key("audience", Text(), "who reads it"),
        Key("schedule", Schedule(), "when it is made, in the project's time zone"),
        Key("period", Text(), "what it is about; `previous month` by default"),
        Key("compare", ListOf(Choice(get_args(Comparison))), "what its numbers are held against"),
        Key("metrics", ListOf(Text(names="metrics")), "its numbers, in order", required=True),
        Key("by", ListOf(Text()), "dimensions that changes are divided among"),
        Key("where", ListOf(Text()), "conditions on its rows; `:name` stands for a parameter"),
        Key("parameters", MapOf(Scalar()), "name → default; what `:name` stands for"),
        Key("include", ListOf(Choice(get_args(Section)), at_least=0), "what it says beside"),
        Key("deliver", ListOf(Delivery(), at_least=0), "where it goes"),
    ),
    moved={
        **MOVED,
        "cron": "did you mean `schedule`?",
        "kpis": "did you mean `metrics`?",
        "recipients": "write `deliver: [{email: …}]`",
        "to": "write `deliver: [{email: …}]`",
        "email": "write `deliver: [{email: …}]`",
        "folder": "write `deliver: [{folder: …}]`",
        "webhook": "write `deliver: [{webhook: …}]`",
        "sections": "what it says beside its numbers is `include`",
        "dimensions": "did you mean `by`?",
        "filters": "did you mean `where`?",
        "rows": "a report lists `metrics`; rows of charts are a dashboard's",
    },
)

#: What an editor is told.
SCHEMAS: Final[Declared] = {"reports": DescribedFiles(folder="reports", holds=(REPORT,))}
