"""What programs send, read within bounds: its size, the number of entities, each single value.

JSON only decides what is there. Which entity it is, and whether a value fits its type, says the
model, which knows its keys.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from headwater.errors import did_you_mean
from headwater.web.scoring.refusing import Refusal

#: At most so many entities in one request; whoever wants more has batch scores.
MOST_ENTITIES: Final = 1_000
MOST_BYTES: Final = 1 << 20
MOST_REASONS: Final = 100
_LONGEST_TEXT: Final = 1_000
_MOST_VALUES: Final = 200  # of one entity
_LARGEST: Final = 2**63
_EXACT: Final = 2.0**53
_KEYS: Final = ("entities", "request", "reasons")

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Question:
    """Which entities, values for all of them, and how many reasons each."""

    entities: list[Values]
    request: Values
    reasons: int


def read_question(body: bytes, model: str) -> Question:
    """The question of a body. Codes E064 (no JSON), E065 (not as described), E066 (too many)."""
    sent = _parse(body)
    if not isinstance(sent, dict):
        raise _wrong(f"the body is {_word(sent)}", 'send an object: {"entities": [{…}]}')
    for name in sent:
        if name not in _KEYS:
            fix = did_you_mean(name, _KEYS, "an entity's values stand within `entities`")
            raise _wrong(f"unknown field `{name[:80]}`", fix)
    entities = sent.get("entities")
    if not isinstance(entities, list) or not entities:
        what = "`entities` is missing" if entities is None else "`entities` is no list, or empty"
        raise _wrong(what, "send a list of at least one entity, each an object with its key")
    if len(entities) > MOST_ENTITIES:
        raise too_many(f"{len(entities):,} entities at once", model)
    for place, entity in enumerate(entities):
        _check_values(entity, f"entities[{place}]")
    request = sent.get("request")
    if request is None:
        request = {}
    _check_values(request, "request")
    return Question(entities, request, _reasons(sent.get("reasons", 0)))


def too_many(what: str, model: str) -> Refusal:
    """More than one request may ask for."""
    most = f"at most {MOST_ENTITIES:,} entities and {MOST_BYTES >> 20} MiB a request"
    fix = f"{most}; the scores of everyone are a table: `select * from {model}`"
    return Refusal.of(413, "E066", what, fix)


def _parse(body: bytes) -> object:
    try:
        return _DECODER.decode(body.decode())
    except RecursionError:
        raise _no_json("it is nested too deeply") from None
    except ValueError as error:  # also what is no UTF-8, and numbers of thousands of digits
        raise _no_json(str(error)) from None


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number in JSON")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of JSON; readers differ in which value counts where a name stands twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name in found if sum(name == each for each, _ in pairs) > 1)
        raise ValueError(f"`{_shown(twice)}` stands twice in an object")
    return found


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_object)


def _no_json(why: str) -> Refusal:
    return Refusal.of(400, "E064", f"the body is no JSON: {why[:200]}", "send JSON in UTF-8")


def _wrong(what: str, fix: str) -> Refusal:
    return Refusal.of(400, "E065", what, fix)


def _check_values(values: object, where: str) -> None:
    """Refuse what is no object of plain values that every store and log can hold."""
    if not isinstance(values, dict):
        raise _wrong(f"`{where}` is {_word(values)}", "an object of names and values")
    if len(values) > _MOST_VALUES:
        raise _wrong(f"`{where}` has {len(values):,} values", f"at most {_MOST_VALUES}")
    for name, value in values.items():
        if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
            values[name] = int(value)  # to JSON, 3.0 is a whole number
        problem = _problem(value) or _problem(name)
        if problem:
            raise _wrong(f"`{where}.{_shown(name)}` is {problem}", "send a plain value")


def _problem(value: object) -> str:
    """Why a value cannot be taken; empty where it can."""
    if isinstance(value, str):
        if len(value) > _LONGEST_TEXT:
            return f"a text of {len(value):,} characters, of at most {_LONGEST_TEXT:,}"
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            return "no text: it holds half a character"
        return "a text with a zero character" if "\0" in value else ""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return "" if -_LARGEST <= value < _LARGEST else "a whole number of more than 64 bits"
    if isinstance(value, float):
        return "" if math.isfinite(value) else "a number too large to hold"
    return _word(value)


def _reasons(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_REASONS:
        fix = f"a whole number from 0 to {MOST_REASONS}"
        raise _wrong("`reasons` is no number of reasons", fix)
    return value


def _word(value: object) -> str:
    """What something is, in JSON's words."""
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    return "null" if value is None else f"`{str(value)[:40]}`"


def _shown(name: str) -> str:
    return name[:80].encode("utf-8", "replace").decode()
