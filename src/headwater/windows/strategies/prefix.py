"""Running totals at every event; a window is the difference of those at its two ends.

All ends of all windows are looked up in one ASOF join. Its cost does not depend on how many pairs
there are, so it serves many probes of a key, and all time. Differences of floating-point sums are
not exact, and a row that was known for a while only has no place in a running total: `can_prefix`
says what is possible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from headwater.contracts.quoting import quote
from headwater.windows.model import ALL_TIME, Window
from headwater.windows.probe_table import ProbeTable
from headwater.windows.sides import Reach, Share, Sides
from headwater.windows.states import Columns, State, aggregate, all_of, is_exact

_RUNNING = {
    "count": "CAST(sum({}) OVER before AS BIGINT)",
    "sum": "sum({}) OVER before",
    "distinct": "CAST(sum({}) OVER before AS BIGINT)",
    "min": "min({}) OVER before",
    "max": "max({}) OVER before",
    "earliest": "min({}) OVER before",
    "latest": "max({}) OVER before",
    "first": "first_value({} IGNORE NULLS) OVER before",
    "last": "last_value({} IGNORE NULLS) OVER before",
}


def can_prefix(state: State, sides: Sides) -> bool:
    """Whether a state follows from running totals, exactly."""
    if not sides.events.is_always_known:
        return False
    if state.kind == "sum":
        return is_exact(sides.argument_types[state.argument or ""])
    return not state.window.is_bounded or state.kind in ("count", "latest", "last")


def ends_of(states: Sequence[State]) -> list[Window]:
    """The windows at whose beginning a running total is looked up."""
    return list(
        dict.fromkeys(s.window for s in states if s.window.is_bounded and s.kind in _DIFFERENCES)
    )


#: What a window function finds without looking at ties.
_PLAIN = ("count", "sum", "min", "max", "earliest", "latest")
_DIFFERENCES = ("count", "sum")


def prefix_select(sides: Sides, states: Mapping[State, str], probes: ProbeTable) -> str:
    """`number` and the states of every probe that has an event before its moment."""
    totals = _totals(states)
    is_bounded = all(state.window.is_bounded for state in states)
    # Totals may begin anywhere before the first window.
    reach = probes.reach if is_bounded else replace(probes.reach, first=None)
    running = _running(sides, totals, reach, probes.share)
    ends = ends_of(list(states))
    moments = ", ".join(["moment", *(probes.begin(end) for end in ends)])
    places = ", ".join(map(str, range(len(ends) + 1)))
    asked = (
        f"SELECT number, {sides.key_names}, unnest([{moments}]) AS moment,"
        f" unnest([{places}]) AS place FROM {probes.name}"
    )
    found = (
        f"SELECT q.number, q.place, {', '.join(f'c.{name}' for name in totals.values())}"
        f" FROM ({asked}) AS q ASOF JOIN ({running}) AS c"
        f" ON {sides.key_match('q', 'c')} AND q.moment > c.t"
    )
    pivoted = [
        f"any_value({name}) FILTER (WHERE place = {place}) AS {name}_{place}"
        for total, name in totals.items()
        for place in range(len(ends) + 1 if total.kind in _DIFFERENCES else 1)
    ]
    wide = f"SELECT number, {', '.join(pivoted)} FROM ({found}) GROUP BY number"
    values = [f"{_value(state, totals, ends, probes)} AS {name}" for state, name in states.items()]
    joined = f"({wide}) AS g JOIN {probes.name} AS p ON g.number = p.number"
    return f"SELECT p.number, {', '.join(values)} FROM {joined}"


def _totals(states: Mapping[State, str]) -> dict[State, str]:
    """What runs: the states over all time, and when the last values were."""
    wanted: dict[State, None] = {}
    for state in states:
        wanted[replace(state, window=ALL_TIME)] = None
        if state.kind == "last":
            wanted[_time_of(state)] = None
        if state.kind == "sum":
            wanted[_count_of(state)] = None
    return {total: f"v{number}" for number, total in enumerate(wanted)}


def _time_of(state: State) -> State:
    """Says in which windows the last value lies."""
    there = f"({state.argument}) IS NOT NULL"
    return State(kind="latest", window=ALL_TIME, condition=all_of(there, state.condition))


def _count_of(state: State) -> State:
    """Says whether there is anything to add up."""
    return replace(state, kind="count", window=ALL_TIME)


def _running(sides: Sides, totals: Mapping[State, str], reach: Reach, share: Share) -> str:
    """The totals after every moment at which a key has events."""
    columns = Columns.of(totals)
    ties = sides.events.tie if any(t.kind in ("first", "last") for t in totals) else ()
    extra = [*(f"{quote(name)} AS o{n}" for n, name in enumerate(ties)), *columns.listed]
    rows = sides.event_rows(extra, [], reach, share)
    keys = sides.key_names
    if all(total.kind in _PLAIN for total in totals):
        values = [f"{aggregate(t, columns, 0)} OVER before AS {name}" for t, name in totals.items()]
        return _over(f"SELECT {keys}, t, {', '.join(values)} FROM ({rows})", keys)
    steps = _steps(totals, columns, keys, len(ties))
    values = [f"{_RUNNING[t.kind].format(name)} AS {name}" for t, name in totals.items()]
    return _over(
        f"WITH rows AS ({rows}) SELECT {keys}, t, {', '.join(values)} FROM ({steps})", keys
    )


def _over(select: str, keys: str) -> str:
    # Rows of one moment have the same totals: an ASOF join takes any of them.
    return f"{select} WINDOW before AS (PARTITION BY {keys} ORDER BY t RANGE UNBOUNDED PRECEDING)"


def _steps(totals: Mapping[State, str], columns: Columns, keys: str, ties: int) -> str:
    """What each moment adds to the totals; what it adds in distinct values, in rows of its own."""
    parts = []
    plain = {total: name for total, name in totals.items() if total.kind != "distinct"}
    if plain:
        listed = [f"{aggregate(t, columns, ties)} AS {name}" for t, name in plain.items()]
        parts.append(f"SELECT {keys}, t, {', '.join(listed)} FROM rows GROUP BY ALL")
    for total, name in totals.items():
        if total.kind == "distinct":
            value, condition = columns.argument(total), columns.condition(total)
            where = f"{value} IS NOT NULL" + (f" AND {condition}" if condition else "")
            firsts = f"SELECT {keys}, min(t) AS t FROM rows WHERE {where} GROUP BY {keys}, {value}"
            parts.append(f"SELECT {keys}, t, count(*) AS {name} FROM ({firsts}) GROUP BY ALL")
    return " UNION ALL BY NAME ".join(parts)


def _value(
    state: State, totals: Mapping[State, str], ends: Sequence[Window], probes: ProbeTable
) -> str:
    name = totals[replace(state, window=ALL_TIME)]
    if not state.window.is_bounded:
        return f"g.{name}_0"
    if state.kind in _DIFFERENCES:
        place = ends.index(state.window) + 1
        inside = _difference(name, place)
        if state.kind == "count":
            return inside
        return f"CASE WHEN {_difference(totals[_count_of(state)], place)} > 0 THEN {inside} END"
    time = name if state.kind == "latest" else totals[_time_of(state)]
    return f"CASE WHEN g.{time}_0 >= p.{probes.begin(state.window)} THEN g.{name}_0 END"


def _difference(name: str, place: int) -> str:
    return f"(coalesce(g.{name}_0, 0) - coalesce(g.{name}_{place}, 0))"
