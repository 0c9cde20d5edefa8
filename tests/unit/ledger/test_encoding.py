from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.ids import ALL_TIME
from headwater.ledger.encoding import (
    dump,
    from_micros,
    interval,
    load_all,
    pack,
    to_micros,
    unpack,
)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5))])))
def test_an_instant_comes_back(instant: datetime) -> None:
    if ALL_TIME.start <= instant <= ALL_TIME.end:
        assert from_micros(to_micros(instant)) == instant


def test_all_time_comes_back() -> None:
    assert interval(to_micros(ALL_TIME.start), to_micros(ALL_TIME.end)) == ALL_TIME


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        to_micros(datetime(2011, 1, 1))  # noqa: DTZ001 - what is tested


@given(st.text(st.characters(exclude_categories=()), max_size=50), st.integers(1, 40))
def test_a_text_comes_back_compressed_or_not(text: str, times: int) -> None:
    assert unpack(pack(text * times)) == text * times
    assert list(load_all([pack(dump([text * times]))])) == [[text * times]]


def test_a_text_that_begins_like_compressed_bytes_comes_back() -> None:
    assert unpack(pack("x\x9c")) == "x\x9c"


@given(st.lists(st.lists(st.integers()), max_size=150))
def test_many_bodies_are_read_in_order(values: list[list[int]]) -> None:
    assert list(load_all(pack(dump(value)) for value in values)) == values
