"""Laws of intervals, against a model that says one value for each day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.ids import (
    DataInterval,
    IntervalMap,
    NodeId,
    digest,
    is_name,
    join_intervals,
)

ORIGIN = datetime(2011, 11, 1, tzinfo=UTC)
DAYS = 12

Model = dict[int, str]


def span(first: int, last: int) -> DataInterval:
    """From the beginning of one day to that of another."""
    return DataInterval(ORIGIN + timedelta(days=first), ORIGIN + timedelta(days=last))


def days_of(interval: DataInterval) -> range:
    """The days of an interval, as numbers."""
    return range((interval.start - ORIGIN).days, (interval.end - ORIGIN).days)


def model(given: IntervalMap[str]) -> Model:
    """A value for each day; refuses what the map promises never to hold."""
    found: Model = {}
    last: tuple[DataInterval, str] | None = None
    for interval, value in given:
        assert interval.start < interval.end
        if last is not None:
            assert last[0].end <= interval.start, "in order, disjoint"
            assert last[0].end < interval.start or last[1] != value, "equal neighbours are one"
        found |= dict.fromkeys(days_of(interval), value)
        last = (interval, value)
    return found


def mapped(days: Model) -> IntervalMap[str]:
    """The map of a model."""
    return IntervalMap.of((span(day, day + 1), value) for day, value in days.items())


models = st.dictionaries(st.integers(0, DAYS - 1), st.sampled_from("abc"))
spans = st.tuples(st.integers(0, DAYS), st.integers(0, DAYS)).filter(lambda p: p[0] < p[1])


@given(models)
def test_a_map_says_what_it_was_made_of(days: Model) -> None:
    assert model(mapped(days)) == days
    assert bool(mapped(days)) == bool(days)
    hull = mapped(days).hull
    assert hull == (span(min(days), max(days) + 1) if days else None)


@given(models, spans, st.sampled_from("abc"))
def test_put_and_without(days: Model, bounds: tuple[int, int], value: str) -> None:
    inside = range(*bounds)
    assert model(mapped(days).put(span(*bounds), value)) == days | dict.fromkeys(inside, value)
    left = {day: v for day, v in days.items() if day not in inside}
    assert model(mapped(days).without(span(*bounds))) == left


@given(models, models)
def test_overlay_and_minus(one: Model, other: Model) -> None:
    assert model(mapped(one).overlay(mapped(other))) == one | other
    left = {day: value for day, value in one.items() if day not in other}
    assert model(mapped(one).minus(mapped(other))) == left


@given(models, models, models)
def test_overlays_go_together(one: Model, two: Model, three: Model) -> None:
    first, second, third = map(mapped, (one, two, three))
    assert first.overlay(second).overlay(third) == first.overlay(second.overlay(third))
    assert first.overlay(first) == first
    assert first.minus(first) == IntervalMap()


@given(models, spans)
def test_within_is_a_clip(days: Model, bounds: tuple[int, int]) -> None:
    found = mapped(days).within(span(*bounds))
    seen = {day: value for interval, value in found for day in days_of(interval)}
    assert seen == {day: value for day, value in days.items() if day in range(*bounds)}


@given(models, st.integers(-1, DAYS), st.integers(0, 23))
def test_at_an_instant(days: Model, day: int, hour: int) -> None:
    assert mapped(days).at(ORIGIN + timedelta(days=day, hours=hour)) == days.get(day)


@given(models)
def test_map_and_where(days: Model) -> None:
    upper = {day: value.upper() for day, value in days.items()}
    assert model(mapped(days).map(str.upper)) == upper
    assert len(mapped(days).map(lambda _: "x")) <= len(mapped(days))
    only = {day: value for day, value in days.items() if value == "a"}
    assert model(mapped(days).where(lambda value: value == "a")) == only


@given(st.lists(spans))
def test_joined_intervals_cover_the_same_days(pairs: list[tuple[int, int]]) -> None:
    joined = join_intervals(span(*pair) for pair in pairs)
    covered = {day for pair in pairs for day in range(*pair)}
    assert {day for interval in joined for day in days_of(interval)} == covered
    assert all(a.end < b.start for a, b in pairwise(joined))


@given(spans, spans)
def test_two_intervals(one: tuple[int, int], other: tuple[int, int]) -> None:
    shared = set(range(*one)) & set(range(*other))
    assert span(*one).overlaps(span(*other)) == bool(shared)
    assert span(*one).contains(span(*other)) == (set(range(*other)) <= set(range(*one)))
    both = span(*one).intersect(span(*other))
    assert set(days_of(both) if both is not None else ()) == shared


def test_ids_and_digests() -> None:
    assert NodeId.parse(str(NodeId("table", "sales"))) == NodeId("table", "sales")
    for text in ("sales", ".sales", "table.", ""):
        with pytest.raises(ValueError, match=r"kind\.name"):
            NodeId.parse(text)
    assert is_name("größe") is False
    assert is_name("a1_") is True
    assert is_name("1a") is False
    assert digest("a", "b") != digest("ab")
    assert digest(["a"]) != digest("a")
    assert len(digest()) == 24
