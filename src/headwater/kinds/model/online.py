"""What `scores.online` says: what is answered where the store has no good value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from headwater.definitions.fields import (
    ByShape,
    Choice,
    Duration,
    FieldType,
    Flag,
    Key,
    Names,
    Record,
    Schema,
)
from headwater.definitions.yamltext import Located
from headwater.errors import Issue, Place, did_you_mean
from headwater.learning.model import InputColumn
from headwater.learning.values import is_category, number
from headwater.online.model import Value
from headwater.online.policy import OnlinePolicy


class DefaultOf(FieldType):
    """A score, or values of features by name."""

    def _expected(self) -> str:
        return "a score from 0 to 1, or values of features such as `{orders_90d: 0}`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if located.is_mapping:
            plain = {name: each.value for name, each in located.mapping.items()}
            try:
                return {name: _value(value) for name, value in plain.items()}
            except (TypeError, ValueError, OverflowError):
                return self.refuse(located, issues)
        score = located.value
        if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
            return self.refuse(located, issues)
        return float(score)

    def _schema(self, _names: Names) -> Schema:
        return {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "object"}]}


def _value(value: object) -> Value:
    return value if value is None or isinstance(value, str) else number(value)


_POLICY: Final = Record(
    (
        Key(
            "unknown_entity",
            Choice(("refuse", "default")),
            "what an entity without events gets; `refuse` by default",
        ),
        Key(
            "stale",
            Choice(("serve", "refuse")),
            "values older than the view's `ttl`; `serve`, and say so, by default",
        ),
        Key(
            "store_down",
            Choice(("last_known", "refuse", "default")),
            "where the store does not answer; the values read last by default",
        ),
        Key("default", DefaultOf(), "a score, or values of features; else those of nobody"),
        Key("keep", Duration(), "how long answers are logged; `90d` by default"),
    ),
    moved={"ttl": "`online: {ttl: 7d}` stands in the feature view"},
)
ONLINE: Final = ByShape(Flag(), _POLICY)


def policy_of(said: bool | Mapping[str, Any] | None) -> OnlinePolicy | None:
    """The policy that `ONLINE` read; None where there are no online scores."""
    if isinstance(said, Mapping):
        return OnlinePolicy(**said)
    return OnlinePolicy() if said else None


def default_issues(
    policy: OnlinePolicy | None, columns: Iterable[InputColumn], place: Place
) -> Iterator[Issue]:
    """E056: a default for what is no feature of the model, or of another type than it."""
    known = {column.name: column for column in columns}
    given = policy.default if policy is not None else {}
    for name, value in given.items() if isinstance(given, Mapping) else ():
        if name not in known:
            what = f"`default` names `{name}`, which is no feature of the model"
            fix = did_you_mean(name, known, f"features are: {', '.join(known)}")
            yield Issue(code="E056", what=what, place=place, fix=fix)
        elif value is not None and isinstance(value, str) != is_category(known[name]):
            what = f"`default` of `{name}` is {value!r}, and the feature {known[name].type}"
            fix = "give a value of that type, or null"
            yield Issue(code="E056", what=what, place=place, fix=fix)
