"""What a request gives: keys of entities and values, checked against their declared types."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from headwater.errors import Issue, Place, UsageError, did_you_mean
from headwater.learning.values import LARGEST, family_of

#: What a whole number of a key may be at most: BIGINT's range, and UBIGINT's.
_WHOLE: Final = 2**64

#: DuckDB types that hold whole numbers, without their unsigned forms.
_WHOLE_TYPES: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")


@dataclass(frozen=True, slots=True)
class Asked:
    """One entity of a request."""

    key: tuple[object, ...]
    values: Mapping[str, object]  # every declared one


def is_whole(type: str) -> bool:
    """Whether a key of this DuckDB type is given as a whole number.

    >>> is_whole("UBIGINT"), is_whole("VARCHAR")
    (True, False)
    """
    return type.upper().removeprefix("U") in _WHOLE_TYPES


def read_entities(
    keys: Sequence[tuple[str, str]],
    types: Mapping[str, str],
    entities: Sequence[Mapping[str, object]],
    request: Mapping[str, object],
) -> list[Asked]:
    """The entities with their values; all mistakes are raised at once. Codes E053, E054."""
    issues = list(_unknown(request, types, "request"))
    found = []
    for number, entity in enumerate(entities):
        where = f"entities[{number}]"
        key = tuple([_read_key(entity, name, type, where, issues) for name, type in keys])
        values = {**request, **{name: v for name, v in entity.items() if name in types}}
        if len(entity) > len(keys):
            known = {**dict(keys), **types}
            issues += _unknown(entity, known, where)
        if types:
            values = {
                name: _read_value(values, name, type, where, issues) for name, type in types.items()
            }
        found.append(Asked(key, values))
        if len(issues) >= _MOST_ISSUES:
            break
    if issues:
        raise UsageError(*issues)
    return found


def entity_of_text(text: str, keys: Sequence[tuple[str, str]]) -> dict[str, object]:
    """An entity as a command line names it: `12346`, or `12346,GB` of several key columns.

    Code E053.
    """
    parts = text.split(",") if len(keys) > 1 else [text]
    if len(parts) != len(keys):
        fix = f"give {', '.join(name for name, _ in keys)}, with commas between"
        what = f"`{text}` has {len(parts)} of {len(keys)} key columns"
        raise UsageError(Issue(code="E053", what=what, fix=fix))
    found: dict[str, object] = {}
    for (name, type), part in zip(keys, parts, strict=True):
        try:
            found[name] = int(part) if is_whole(type) else part
        except ValueError:
            what = f"`{name}` is {type}, and not `{part}`"
            raise UsageError(Issue(code="E053", what=what, fix="give a whole number")) from None
    return found


def values_of_texts(texts: Sequence[str], types: Mapping[str, str]) -> dict[str, object]:
    """Values as a command line gives them: `basket=20`; `basket=` is null. Code E059."""
    found: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            what = f"`{text}` has no `=`"
            raise UsageError(Issue(code="E059", what=what, fix="write `--set basket=20`"))
        found[name] = _plain(value, family_of(types.get(name, "VARCHAR")))
    return found


def _plain(text: str, family: str) -> object:
    if not text:
        return None
    if family == "number":
        try:
            return float(text) if set(text) & set(".eEnN") else int(text)
        except ValueError:
            return text
    return {"true": True, "false": False}.get(text, text) if family == "boolean" else text


#: A request with thousands of mistakes has one cause.
_MOST_ISSUES: Final = 20


def _unknown(given: Mapping[str, object], known: Mapping[str, str], where: str) -> Iterator[Issue]:
    for name in given:
        if name not in known:
            fix = did_you_mean(name, known, "leave it out")
            what = f"`{name}` is neither a key nor a value that the model asks for"
            yield Issue(code="E054", what=what, place=Place(where), fix=fix)


def _read_key(
    entity: Mapping[str, object], name: str, type: str, where: str, issues: list[Issue]
) -> object:
    value = entity.get(name)
    if is_whole(type):
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _WHOLE:
            return value
        expected = "a whole number"
    else:
        if isinstance(value, str):
            return value
        expected = "a text"
    missing = "has no" if value is None else "has another"
    what = f"the entity {missing} `{name}`" + ("" if value is None else f": {_shown(value)}")
    issues.append(Issue(code="E053", what=what, place=Place(where), fix=f"give {expected}"))
    return None


def _read_value(
    given: Mapping[str, object], name: str, type: str, where: str, issues: list[Issue]
) -> object:
    if name not in given:
        what = f"the value `{name}` is missing"
        fix = f"give it with the request, as {type}; null where it is not known"
        issues.append(Issue(code="E054", what=what, place=Place(where), fix=fix))
        return None
    value = given[name]
    read, expected = _READ.get(family_of(type), (_text, "a text"))
    try:
        return None if value is None else read(value)
    except (TypeError, ValueError, OverflowError):
        what = f"`{name}` is {type}, and not {_shown(value)}"
        issues.append(Issue(code="E054", what=what, place=Place(where), fix=f"give {expected}"))
        return None


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError
    if not abs(float(value)) <= LARGEST:  # NaN too
        raise ValueError
    return float(value) if isinstance(value, Decimal) else value


def _boolean(value: object) -> object:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _day(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return date.fromisoformat(_text(value))


def _moment(value: object) -> object:
    return value if isinstance(value, datetime) else datetime.fromisoformat(_text(value))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


_READ: Final[Mapping[str, tuple[Callable[[object], object], str]]] = {
    "number": (_number, "a number"),
    "boolean": (_boolean, "true or false"),
    "date": (_day, "a day such as `2011-12-25`"),
    "time": (_moment, "a time such as `2011-12-25T07:00:00`"),
}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
