"""What the codec writes is JSON, and comes back equal and of the same type."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.definitions.codec import CodecError, codec_of, shape_of


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Leaf:
    name: str
    after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Other:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    leaf: Leaf
    either: Leaf | Other | None = None
    leaves: tuple[Leaf, ...] = ()
    pair: tuple[str, int] = ("", 0)
    by_name: Mapping[str, Leaf] = field(default_factory=dict)
    day: date | None = None
    at: datetime | None = None
    hour: time = time(0)
    amount: Decimal | str | int | bool | None = None
    colour: Colour = Colour.RED
    mode: Literal["a", "b"] = "a"
    meta: Mapping[str, object] = field(default_factory=dict)
    child: Whole | None = None


LEAVES = st.builds(Leaf, st.text(), st.timedeltas())
WHOLES = st.recursive(
    st.builds(Whole, leaf=LEAVES),
    lambda inner: st.builds(
        Whole,
        leaf=LEAVES,
        either=st.none() | LEAVES | st.builds(Other, st.text()),
        leaves=st.lists(LEAVES, max_size=3).map(tuple),
        pair=st.tuples(st.text(), st.integers()),
        by_name=st.dictionaries(st.text(), LEAVES, max_size=2),
        day=st.none() | st.dates(),
        at=st.none() | st.datetimes(timezones=st.just(UTC)),
        hour=st.times(),
        amount=st.none() | st.decimals(allow_nan=False) | st.text() | st.integers() | st.booleans(),
        colour=st.sampled_from(Colour),
        mode=st.sampled_from(["a", "b"]),
        meta=st.dictionaries(st.text(), st.integers() | st.lists(st.text(), max_size=2)),
        child=st.none() | inner,
    ),
    max_leaves=3,
)


@given(WHOLES)
def test_round_trip(value: Whole) -> None:
    codec = codec_of(Whole)
    back = codec.read(json.loads(json.dumps(codec.write(value))))
    assert back == value
    assert type(back.amount) is type(value.amount)


def test_defaults_take_no_room() -> None:
    assert codec_of(Whole).write(Whole(leaf=Leaf("a"))) == [0, [0, "a"]]


@pytest.mark.parametrize("annotation", [bytes, complex, list[bytes]])
def test_an_annotation_without_a_form_is_refused(annotation: Any) -> None:
    with pytest.raises(CodecError):
        codec_of(annotation)


def test_what_other_code_wrote_has_another_shape() -> None:
    """A field that came, went, or has another default gives another key in the parse cache."""

    def made(*fields: tuple[str, type, object]) -> type:
        own = [(n, kind, dataclasses.field(default=d)) for n, kind, d in fields]
        return dataclasses.make_dataclass("Form", own, frozen=True, namespace={"__module__": "m"})

    before = made(("a", str, ""), ("b", str, ""))
    assert shape_of(before) == shape_of(made(("a", str, ""), ("b", str, "")))
    others = [
        made(("a", str, "")),
        made(("b", str, ""), ("a", str, "")),
        made(("a", str, ""), ("b", int, 0)),
        made(("a", str, ""), ("b", str, "x")),
    ]
    assert len({shape_of(each) for each in (before, *others)}) == 5
    assert shape_of(tuple[before, ...]) != shape_of(before)  # type: ignore[valid-type]
