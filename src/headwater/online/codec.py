"""Keys as texts and vectors as bytes: what stores keep.

A vector is its numbers as little-endian doubles, in the order of its columns, NaN where there is no
number; texts follow as JSON pairs of place and text. NaN itself is a missing value to models and
comes back as None.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from functools import cache
from math import isnan, nan

from headwater.online.model import DamagedError, Key, Value, Vector

_COUNT = struct.Struct("<H")

#: The entity that has no events: its vector is kept beside the others.
NOBODY = "[]"


def encode_key(key: Key) -> str:
    """The key as a store names it; integers and texts of the same digits differ.

    >>> encode_key((12346,)), encode_key(("12346", 7))
    ('[12346]', '["12346",7]')
    """
    return json.dumps(key, separators=(",", ":"))


def decode_key(text: str) -> Key:
    """The key of a name."""
    return tuple(json.loads(text))


@cache
def _numbers(count: int) -> struct.Struct:
    return struct.Struct(f"<H{count}d")


def encode_vector(vector: Sequence[Value]) -> bytes:
    """The vector as a store keeps it.

    >>> decode_vector(encode_vector((1.5, None, "gold")))
    (1.5, None, 'gold')
    """
    numbers = [value if isinstance(value, int | float) else nan for value in vector]
    encoded = _numbers(len(vector)).pack(len(vector), *numbers)
    texts = [(place, value) for place, value in enumerate(vector) if isinstance(value, str)]
    return encoded + json.dumps(texts).encode() if texts else encoded


def decode_vector(encoded: bytes) -> Vector:
    """The vector of bytes. Raises `DamagedError` for what is none."""
    try:
        (count,) = _COUNT.unpack_from(encoded)
        layout = _numbers(count)
        _, *numbers = layout.unpack_from(encoded)
        vector: list[Value] = [None if isnan(n) else n for n in numbers]
        if len(encoded) > layout.size:
            for place, text in json.loads(encoded[layout.size :]):
                vector[place] = text
    except (struct.error, ValueError, IndexError, TypeError) as error:
        raise DamagedError(f"a vector cannot be read: {error}") from None
    return tuple(vector)
