"""Which strategy is the cheapest, from estimates: a pure decision that changes no value."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from headwater.windows.model import Window
from headwater.windows.states import State
from headwater.windows.strategies.prefix import ends_of

# CPU microseconds, fitted to `benchmarks/windows.py`: an event and a pair of the range join with
# so much for each state, a probe in each tile, an event and a look-up of the running totals.
_EVENT, _PAIR, _PAIR_STATE, _TILED = 0.12, 0.05, 0.004, 0.6
_TOTAL, _TOTAL_STATE, _LOOKUP = 0.45, 0.03, 0.45

# Bytes in memory, with what hash tables leave free.
_PROBE, _PROBE_STATE, _SORTED, _SORTED_STATE, _BUILT = 200, 32, 120, 16, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What a strategy's cost depends on. `pairs` are probes and events of equal key."""

    events: int
    probes: int
    pairs: float
    span: timedelta | None = None  # from the first event to the last


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The states by the strategy that finds them, the tile of the range join, the shares."""

    by_range: tuple[State, ...]
    by_prefix: tuple[State, ...]
    tile: timedelta | None = None
    shares: int = 1


def choose(
    states: Sequence[State],
    statistics: Statistics,
    can_prefix: Callable[[State], bool],
    memory_mb: int,
) -> Choice:
    """The cheapest of: everything by range, or by running totals what they can give."""
    possible = tuple(filter(can_prefix, states))
    rest = tuple(state for state in states if state not in possible)
    plans = [Choice(by_range=tuple(states), by_prefix=())]
    if possible:
        plans.append(Choice(by_range=rest, by_prefix=possible))
    tiled = [_tiled(plan, statistics) for plan in plans]
    best = min(tiled, key=lambda plan: cost_s(plan, statistics))
    return Choice(
        by_range=best.by_range,
        by_prefix=best.by_prefix,
        tile=best.tile,
        shares=_shares(best, statistics, memory_mb),
    )


def cost_s(choice: Choice, statistics: Statistics) -> float:
    """The CPU seconds that a choice is estimated to take."""
    found = 0.0
    if choice.by_range:
        pairs = statistics.pairs * _part(choice.tile, statistics.span)
        found += statistics.events * _EVENT
        found += pairs * (_PAIR + _PAIR_STATE * len(choice.by_range))
        found += statistics.probes * _TILED if choice.tile else 0
    if choice.by_prefix:
        found += statistics.events * (_TOTAL + _TOTAL_STATE * len(choice.by_prefix))
        found += statistics.probes * _LOOKUP * (1 + len(ends_of(choice.by_prefix)))
    return found / 1e6


def _tiled(choice: Choice, statistics: Statistics) -> Choice:
    """The choice with a tile, where that leaves out at least half of the pairs."""
    windows: list[Window] = [state.window for state in choice.by_range]
    if not windows or not all(window.is_bounded for window in windows):
        return choice
    tile = max(window.longest for window in windows)
    tiled = Choice(by_range=choice.by_range, by_prefix=choice.by_prefix, tile=tile)
    worth = _part(tile, statistics.span) <= 0.5
    return tiled if worth and cost_s(tiled, statistics) < cost_s(choice, statistics) else choice


def _part(tile: timedelta | None, span: timedelta | None) -> float:
    """The share of pairs that lie within the two tiles of a probe."""
    if tile is None or not span:
        return 1.0
    return min(1.0, 2 * tile / span)


def _shares(choice: Choice, statistics: Statistics, memory_mb: int) -> int:
    states = len(choice.by_range) + len(choice.by_prefix)
    used = statistics.probes * (_PROBE + _PROBE_STATE * states)
    if choice.by_prefix:
        used += statistics.events * (_SORTED + _SORTED_STATE * len(choice.by_prefix))
    joined = statistics.probes * (2 if choice.tile else 1)
    # DuckDB reckons that a fifth of the events pass their filter, and builds on the fewer rows.
    if choice.by_range and statistics.events <= 6 * joined:
        used += statistics.events * _BUILT
    return max(1, math.ceil(used / (memory_mb * 2**20)))
