"""Every pair of a probe and an event of its key, the events in the probe's windows kept.

One pass over the events serves all windows: the longest one bounds the join, the others filter
their aggregates. It knows every function and every interval of being known, and costs in
proportion to the pairs of equal keys; with a tile (a span of time that joins the key), to the
pairs that also lie within two tiles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from headwater.contracts.quoting import quote
from headwater.windows.probe_table import ProbeTable
from headwater.windows.sides import Sides
from headwater.windows.states import Columns, State, aggregate, is_exact


def tile_rows(sides: Sides, probes: ProbeTable, begins: Sequence[str], tile: timedelta) -> str:
    """The probes of a table, once for each tile that their windows (by where they begin) touch."""
    first, last = _tile(f"least({', '.join(begins)})", tile), _tile("moment", tile)
    listed = ", ".join(["number", sides.key_names, sides.moments, *begins])
    return f"SELECT {listed}, unnest(range({first}, {last} + 1)) AS tile FROM {probes.name}"


def range_select(
    sides: Sides,
    states: Mapping[State, str],
    probes: ProbeTable,
    tile: timedelta | None = None,
) -> str:
    """`number` and the states of every probe that sees an event at all.

    With a tile, `probes` are those of `tile_rows`.
    """
    columns = Columns.of(states)
    ties = sides.events.tie if any(s.kind in ("first", "last") for s in states) else ()
    extra = [*(f"{quote(name)} AS o{n}" for n, name in enumerate(ties)), *columns.listed]
    conditions = list(dict.fromkeys(state.condition for state in states))
    needed = [c for c in conditions if c]
    some = [f"({' OR '.join(f'({c})' for c in needed)})"] if len(needed) == len(conditions) else []
    used = list(dict.fromkeys(state.window for state in states))
    is_bounded = all(window.is_bounded for window in used)
    reach = probes.reach if is_bounded else replace(probes.reach, first=None)
    events = sides.event_rows(extra, some, reach, probes.share)
    if tile is not None:
        events = f"SELECT *, {_tile('t', tile)} AS tile FROM ({events})"

    on = [sides.key_match("e", "p"), "e.t < p.moment", *sides.known]
    if is_bounded:
        begins = ", ".join(f"p.{probes.begin(window)}" for window in used)
        on.append(f"e.t >= least({begins})" if len(used) > 1 else f"e.t >= {begins}")
    on += ["e.tile = p.tile"] if tile is not None else []
    inside = {w: f"t >= {probes.begin(w)}" if w.is_bounded else None for w in used}
    if len(used) == 1:
        inside = {used[0]: None}
    types = sides.argument_types
    found = [
        f"{aggregate(state, columns, len(ties), inside[state.window], sorts=sorts)} AS {name}"
        for state, name in states.items()
        for sorts in [state.kind == "sum" and not is_exact(types[state.argument or ""])]
    ]
    return (
        f"SELECT p.number, {', '.join(found)} FROM ({events}) AS e JOIN {probes.name} AS p"
        f" ON {' AND '.join(on)} GROUP BY p.number"
    )


def _tile(moment: str, tile: timedelta) -> str:
    return f"epoch_us({moment}) // {tile // timedelta(microseconds=1):d}"
