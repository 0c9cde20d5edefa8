"""The cheapest strategy, from estimates alone."""

from __future__ import annotations

from datetime import timedelta

from headwater.windows.model import ALL_TIME, Window
from headwater.windows.states import State
from headwater.windows.strategies.choice import Choice, Statistics, choose, cost_s

QUARTER = Window(timedelta(days=90))
COUNT = State(kind="count", window=QUARTER)
TOTAL = State(kind="sum", window=QUARTER, argument="amount")
HIGHEST = State(kind="max", window=QUARTER, argument="amount")
MILLION = 1_000_000
YEARS = timedelta(days=1095)


def chosen(*states: State, pairs: float, span: timedelta | None = None, mb: int = 600) -> Choice:
    """The choice for 10 million events and a million probes."""
    statistics = Statistics(events=10 * MILLION, probes=MILLION, pairs=pairs, span=span)
    return choose(states, statistics, lambda state: state.kind != "max", mb)


def test_few_pairs_are_joined() -> None:
    assert chosen(COUNT, TOTAL, pairs=10 * MILLION).by_range == (COUNT, TOTAL)


def test_many_pairs_are_totalled() -> None:
    assert chosen(COUNT, TOTAL, pairs=1000 * MILLION).by_prefix == (COUNT, TOTAL)


def test_what_cannot_be_totalled_is_joined() -> None:
    assert chosen(HIGHEST, pairs=1e12).by_range == (HIGHEST,)
    # A few states more cost little where the pairs are joined anyway.
    assert chosen(COUNT, HIGHEST, pairs=100 * MILLION).by_range == (COUNT, HIGHEST)


def test_long_histories_are_cut_into_tiles() -> None:
    assert chosen(HIGHEST, pairs=1e9, span=YEARS).tile == QUARTER.longest
    assert chosen(HIGHEST, pairs=1e9, span=timedelta(days=100)).tile is None
    always = State(kind="max", window=ALL_TIME, argument="amount")
    assert chosen(HIGHEST, always, pairs=1e9, span=YEARS).tile is None


def test_memory_is_bounded_by_shares() -> None:
    assert chosen(COUNT, pairs=MILLION).shares == 1
    assert chosen(COUNT, pairs=MILLION, mb=100).shares == 3
    # The hash table may be built on the events, where they are not many more than the probes.
    few = Statistics(events=5 * MILLION, probes=MILLION, pairs=MILLION)
    assert choose((COUNT,), few, lambda _: True, 100).shares == 6


def test_nothing_costs_nothing() -> None:
    nothing = Statistics(events=0, probes=0, pairs=0)
    assert cost_s(choose((COUNT,), nothing, lambda _: True, 600), nothing) == 0
