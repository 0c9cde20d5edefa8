"""Keys and vectors come back as they were."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from tests.unit.online.conformance import KEYS, VECTORS

from headwater.online.codec import decode_key, decode_vector, encode_key, encode_vector
from headwater.online.model import DamagedError, Vector


@given(VECTORS)
def test_a_vector_comes_back(vector: Vector) -> None:
    decoded = decode_vector(encode_vector(vector))
    assert decoded == vector
    signs = [(math.copysign(1, v)) for v in vector if isinstance(v, float)]
    assert signs == [math.copysign(1, v) for v in decoded if isinstance(v, float)]


@given(KEYS, KEYS)
def test_keys_come_back_and_differ_where_they_differ(
    one: tuple[object, ...], other: tuple[object, ...]
) -> None:
    assert decode_key(encode_key(one)) == one
    assert (encode_key(one) == encode_key(other)) == (one == other)


def test_nan_is_a_missing_value() -> None:
    assert decode_vector(encode_vector((math.nan, math.inf, -0.0))) == (None, math.inf, -0.0)


def test_numbers_become_doubles() -> None:
    assert decode_vector(encode_vector((3, True, 2**53))) == (3.0, 1.0, 2.0**53)


@pytest.mark.parametrize(
    "encoded",
    [b"", b"\x01", struct.pack("<H", 9), encode_vector((1.0, "text"))[:-3]],
)
def test_what_is_no_vector_is_refused(encoded: bytes) -> None:
    with pytest.raises(DamagedError, match="a vector cannot be read"):
        decode_vector(encoded)
