"""Frozen definitions as JSON and back, by their annotations.

The parse cache keeps definitions in a form that cannot run code when it is read. A dataclass is a
flat list of field numbers and values; fields that hold their defaults are left out.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from headwater.ids import digest

Code = Callable[[Any], Any]


class CodecError(TypeError):
    """An annotation that the codec does not know, or a value that does not fit it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Codec:
    """How values of one annotation become JSON and come back; None passes them as they are."""

    encode: Code | None
    decode: Code | None

    def write(self, value: Any) -> Any:
        """The value as lists, dicts and scalars of JSON."""
        return value if self.encode is None else self.encode(value)

    def read(self, value: Any) -> Any:
        """The value that `write` took; raises what a damaged one leads to."""
        return value if self.decode is None else self.decode(value)


_SAME = Codec(None, None)
_ATOMS: dict[object, Codec] = {
    str: _SAME,
    int: _SAME,
    float: _SAME,
    bool: _SAME,
    types.NoneType: _SAME,
    object: _SAME,  # plain YAML: lists, dicts and scalars
    Any: _SAME,
    timedelta: Codec(
        lambda v: [v.days, v.seconds, v.microseconds], lambda v: timedelta(v[0], v[1], v[2])
    ),
    datetime: Codec(datetime.isoformat, datetime.fromisoformat),
    date: Codec(date.isoformat, date.fromisoformat),
    time: Codec(time.isoformat, time.fromisoformat),
    Decimal: Codec(str, Decimal),
}


@cache
def codec_of(annotation: Any) -> Codec:
    """The codec of an annotation; raises `CodecError` for one that has no form in JSON."""
    if annotation in _ATOMS:
        return _ATOMS[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return Codec(lambda member: member.value, annotation)
    if dataclasses.is_dataclass(annotation):
        return _record(annotation)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return _SAME
    return _generic(annotation, origin, args)


@cache
def shape_of(annotation: Any) -> str:
    """A hash of the fields that values of an annotation have, in this process's own code.

    What was written by other code, say while a developer edits it, has another shape.
    """
    shapes: dict[str, list[str]] = {}
    waiting = [annotation]
    while waiting:
        each = waiting.pop()
        waiting += get_args(each)
        if not (isinstance(each, type) and dataclasses.is_dataclass(each)):
            continue
        name = f"{each.__module__}.{each.__qualname__}"
        if name in shapes:
            continue
        hints = get_type_hints(each)
        shapes[name] = [
            f"{field.name}: {hints[field.name]} = {_default_text(field)}"
            for field in dataclasses.fields(each)
            if field.init
        ]
        waiting += hints.values()
    return digest(str(annotation), sorted(shapes.items()))


def _default_text(field: dataclasses.Field[Any]) -> str:
    found = _default(field)
    return "" if found is dataclasses.MISSING else repr(found)


def _generic(annotation: Any, origin: Any, args: tuple[Any, ...]) -> Codec:
    if origin in (Union, types.UnionType):
        return _union(args)
    if origin is tuple:
        return _sequence(args)
    if origin is frozenset:
        item = _sequence((args[0], ...))
        return Codec(
            lambda v: _call(item.encode, sorted(v)), lambda v: frozenset(_call(item.decode, v))
        )
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(args)
    raise CodecError(f"no form in JSON for {annotation}")


def _call(code: Code | None, value: Any) -> Any:
    return value if code is None else code(value)


def _sequence(args: tuple[Any, ...]) -> Codec:
    if len(args) == 2 and args[1] is Ellipsis:
        item = codec_of(args[0])
        encode, decode = item.encode, item.decode
        return Codec(
            list if encode is None else lambda v: [encode(i) for i in v],
            tuple if decode is None else lambda v: tuple([decode(i) for i in v]),
        )
    items = [codec_of(arg) for arg in args]
    return Codec(
        lambda v: [_call(c.encode, i) for c, i in zip(items, v, strict=True)],
        lambda v: tuple(_call(c.decode, i) for c, i in zip(items, v, strict=True)),
    )


def _mapping(args: tuple[Any, ...]) -> Codec:
    key, item = codec_of(args[0]), codec_of(args[1])
    if key.encode is None and item.encode is None:
        return Codec(dict, None)
    return Codec(
        lambda v: [[_call(key.encode, k), _call(item.encode, i)] for k, i in v.items()],
        lambda v: {_call(key.decode, k): _call(item.decode, i) for k, i in v},
    )


def _union(args: tuple[Any, ...]) -> Codec:
    """A member is told by its place among the alternatives, unless JSON itself tells them apart."""
    members = tuple(arg for arg in args if arg is not types.NoneType)
    if len(members) == 1:
        only = codec_of(members[0])
        encode, decode = only.encode, only.decode
        return Codec(
            None if encode is None else lambda v: None if v is None else encode(v),
            None if decode is None else lambda v: None if v is None else decode(v),
        )
    codecs = [codec_of(member) for member in members]
    if all(codec is _SAME for codec in codecs):
        return _SAME
    kinds = [get_origin(member) or member for member in members]

    def encode_member(value: Any) -> Any:
        if value is None:
            return None
        for index, kind in enumerate(kinds):
            if isinstance(kind, type) and type(value) is kind:
                return [index, _call(codecs[index].encode, value)]
        for index, kind in enumerate(kinds):
            if isinstance(kind, type) and isinstance(value, kind):
                return [index, _call(codecs[index].encode, value)]
        raise CodecError(f"{type(value).__name__} is none of {members}")

    def decode_member(value: Any) -> Any:
        return None if value is None else _call(codecs[value[0]].decode, value[1])

    return Codec(encode_member, decode_member)


def _record(cls: Any) -> Codec:
    """A dataclass: number and value of each field that differs from its default."""
    fields = [field for field in dataclasses.fields(cls) if field.init]
    names = [field.name for field in fields]
    defaults = [_default(field) for field in fields]
    codecs: list[Codec] = []  # filled at first use, as a class may hold itself

    def prepare() -> list[Codec]:
        hints = get_type_hints(cls)
        codecs.extend(codec_of(hints[name]) for name in names)
        return codecs

    def encode(value: Any) -> list[Any]:
        ready = codecs or prepare()
        held = [getattr(value, name) for name in names]
        found = {
            index: _call(ready[index].encode, item)
            for index, item in enumerate(held)
            if not (type(item) is type(defaults[index]) and item == defaults[index])
        }
        return [value for pair in found.items() for value in pair]

    def decode(value: list[Any]) -> Any:
        ready = codecs or prepare()
        arguments = {}
        for at in range(0, len(value), 2):
            index = value[at]
            code = ready[index].decode
            item = value[at + 1]
            arguments[names[index]] = item if code is None else code(item)
        return cls(**arguments)

    return Codec(encode, decode)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return dataclasses.MISSING
