"""Exact values of trailing windows for every probe, by the cheapest strategy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

from headwater.contracts.quoting import quote
from headwater.windows.model import WindowFeature, WindowJoin
from headwater.windows.probe_table import ProbeTable, growing, probe_table, temporary
from headwater.windows.sides import Runs, Share, Sides, describe
from headwater.windows.states import State, feature_sql, states_of
from headwater.windows.strategies.choice import Choice, Statistics, choose
from headwater.windows.strategies.prefix import can_prefix, prefix_select
from headwater.windows.strategies.range_join import range_select, tile_rows

_SAMPLE_ROWS = 1_000_000


def add_windows(
    session: Runs,
    join: WindowJoin,
    *,
    into: str,
    memory_mb: int = 600,
    choice: Choice | None = None,
) -> Choice:
    """Make the temporary table `into`: all columns of the probes, the features, the expressions.

    Every probe is in it once, in no particular order. For several sorts of events, or of keys, the
    table of one call is the probes of the next. `memory_mb` is what one share of the keys may
    take. The strategies chosen are returned; `choice` dictates them. Raises `WindowsError`.
    """
    states = tuple(dict.fromkeys(s for feature in join.features for s in states_of(feature)))
    arguments = tuple(dict.fromkeys(s.argument for s in states if s.argument))
    sides = describe(session, join.probes, join.events, join.zone, arguments)
    sides.require_new([f.name for f in join.features] + [e.name for e in join.expressions])
    if choice is None:
        able = partial(can_prefix, sides=sides)
        choice = choose(states, gather(session, sides), able, memory_mb)
    listed = ", ".join(["*", *(f"({e.sql}) AS {quote(e.name)}" for e in join.expressions)])
    windows = [state.window for state in states]
    with growing(session, into) as add:
        for number in range(choice.shares):
            share = Share(number, choice.shares)
            with (
                probe_table(session, sides, windows, share, into) as probes,
                _tiles(session, sides, choice, probes, into) as tiles,
            ):
                values = _values(sides, join.features, choice, probes, tiles)
                add(f"SELECT {listed} FROM ({values})")
    return choice


@contextmanager
def _tiles(
    session: Runs, sides: Sides, choice: Choice, probes: ProbeTable, into: str
) -> Iterator[ProbeTable]:
    """The probes once for each tile; as they are, where there are no tiles."""
    if choice.tile is None:
        yield probes
        return
    used = dict.fromkeys(state.window for state in choice.by_range)
    begins = [probes.begin(window) for window in used]
    rows = tile_rows(sides, probes, begins, choice.tile)
    with temporary(session, quote(f"{into} tiles"), rows) as name:
        yield replace(probes, name=name)


def gather(session: Runs, sides: Sides) -> Statistics:
    """Counts, and the pairs of equal keys estimated from a sample of the events.

    Keys with many events are in the sample as often as they are in the pairs.
    """
    (events,) = session.fetch(f"SELECT count(*) FROM {quote(sides.events.relation)}")[0]
    (probes,) = session.fetch(f"SELECT count(*) FROM {quote(sides.probes.relation)}")[0]
    percent = min(100.0, 100.0 * _SAMPLE_ROWS / max(events, 1))
    sample = "" if percent == 100 else f" USING SAMPLE {percent:.4f}% (system, 1)"
    ours = [f"{quote(key)} AS k{n}" for n, key in enumerate(sides.probes.keys)]
    theirs = [f"{quote(key)} AS k{n}" for n, key in enumerate(sides.events.keys)]
    time = quote(sides.events.time)
    found = session.fetch(
        "SELECT count(*), coalesce(sum(p.n), 0), epoch_us(max(t)) - epoch_us(min(t)) FROM"
        f" (SELECT {', '.join(theirs)}, {time} AS t FROM {quote(sides.events.relation)}{sample})"
        f" AS e LEFT JOIN (SELECT {', '.join(ours)}, count(*) AS n FROM"
        f" {quote(sides.probes.relation)} GROUP BY ALL) AS p ON {sides.key_match('e', 'p')}"
    )
    sampled, pairs, span_us = found[0]
    return Statistics(
        events=events,
        probes=probes,
        pairs=float(pairs) * events / max(sampled, 1),
        span=None if span_us is None else timedelta(microseconds=span_us),
    )


def _values(
    sides: Sides,
    features: Sequence[WindowFeature],
    choice: Choice,
    probes: ProbeTable,
    tiles: ProbeTable,
) -> str:
    """Every probe of a share with its features."""
    joined = f"{probes.name} AS p"
    found: dict[State, str] = {}
    if choice.by_range:
        named = {state: f"s{number}" for number, state in enumerate(choice.by_range)}
        select = range_select(sides, named, tiles, choice.tile)
        joined += f" LEFT JOIN ({select}) AS r ON r.number = p.number"
        found |= {state: f"r.{column}" for state, column in named.items()}
    if choice.by_prefix:
        named = {state: f"s{number}" for number, state in enumerate(choice.by_prefix)}
        select = prefix_select(sides, named, probes)
        joined += f" LEFT JOIN ({select}) AS x ON x.number = p.number"
        found |= {state: f"x.{column}" for state, column in named.items()}
    moment = ("p.moment", sides.kind, sides.zone)
    shown = [
        f"{feature_sql(feature, found, sides.argument_types, moment)} AS {quote(feature.name)}"
        for feature in features
    ]
    return f"SELECT {', '.join(['unnest(p.probe)', *shown])} FROM {joined}"
