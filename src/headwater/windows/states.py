"""Features as states: what the strategies find for each probe, and how a feature is made of it.

A state is a plain aggregate over one window. Features share states: a mean has the sum and the
count of its window. All strategies give the same states, so features are the same whatever was
chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from headwater.windows.model import Window, WindowFeature
from headwater.windows.moments import days_between, seconds_between

#: `earliest` and `latest` are event times; `first` and `last` values.
Kind = Literal["count", "sum", "min", "max", "first", "last", "distinct", "earliest", "latest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """An aggregate of the rows of a window that meet a condition and have an argument."""

    kind: Kind
    window: Window
    argument: str | None = None
    condition: str | None = None


def states_of(feature: WindowFeature) -> tuple[State, ...]:
    """The states that a feature is made of."""
    argument, condition, window = feature.argument, feature.where, feature.window

    def state(kind: Kind) -> State:
        return State(kind=kind, window=window, argument=argument, condition=condition)

    match feature.function:
        case "sum":
            return (state("sum"),)
        case "mean":
            return state("sum"), state("count")
        case "any":
            both = all_of(argument, condition)
            return (State(kind="count", window=window, condition=both),)
        case "seconds_since_first" | "days_since_first" | "seconds_since_last" | "days_since_last":
            there = f"({argument}) IS NOT NULL" if argument else None
            kind: Kind = "earliest" if feature.function.endswith("first") else "latest"
            both = all_of(there, condition)
            return (State(kind=kind, window=window, condition=both),)
        case "count" | "min" | "max" | "first" | "last" | "distinct":
            return (state(feature.function),)


def all_of(*conditions: str | None) -> str | None:
    """All of the conditions that there are, as one."""
    given = [f"({condition})" for condition in conditions if condition]
    return " AND ".join(given) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of one query for the arguments and conditions of states, each computed once."""

    arguments: Mapping[str, str]
    conditions: Mapping[str, str]

    @classmethod
    def of(cls, states: Iterable[State]) -> Columns:
        """Names for all that the states need."""
        listed = tuple(states)
        arguments = dict.fromkeys(s.argument for s in listed if s.argument)
        conditions = dict.fromkeys(s.condition for s in listed if s.condition)
        return cls(
            arguments={sql: f"a{n}" for n, sql in enumerate(arguments)},
            conditions={sql: f"c{n}" for n, sql in enumerate(conditions)},
        )

    @property
    def listed(self) -> list[str]:
        """`expression AS name` of each."""
        return [f"({sql}) AS {name}" for sql, name in (*self.arguments.items(), *self._conditions)]

    @property
    def _conditions(self) -> list[tuple[str, str]]:
        return [(f"coalesce({sql}, FALSE)", name) for sql, name in self.conditions.items()]

    def argument(self, state: State) -> str | None:
        """The column of a state's argument."""
        return self.arguments[state.argument] if state.argument else None

    def condition(self, state: State) -> str | None:
        """The column of a state's condition."""
        return self.conditions[state.condition] if state.condition else None


def aggregate(
    state: State, columns: Columns, ties: int, bound: str | None = None, *, sorts: bool = False
) -> str:
    """A state as an aggregate over rows with `t`, ties `o0`, …, arguments and conditions.

    `bound` is another condition, such as where the window begins. `sorts` adds up in the order of
    the values: a sum of floats depends on the order, to the last digit.
    """
    argument = columns.argument(state)
    order = ", ".join(["t", *(f"o{n}" for n in range(ties)), argument or "t"])
    call = {
        "count": f"count({argument or '*'})",
        "distinct": f"count(DISTINCT {argument})",
        "earliest": "min(t)",
        "latest": "max(t)",
        "first": f"arg_min({argument}, row({order}))",
        "last": f"arg_max({argument}, row({order}))",
        "sum": f"sum({argument}{f' ORDER BY {argument}' if sorts else ''})",
    }.get(state.kind, f"{state.kind}({argument})")
    where = [part for part in (columns.condition(state), bound) if part]
    return f"{call} FILTER (WHERE {' AND '.join(where)})" if where else call


def feature_sql(
    feature: WindowFeature,
    names: Mapping[State, str],
    types: Mapping[str, str],
    moment: tuple[str, str, ZoneInfo],
) -> str:
    """A feature over the columns of its states.

    `types` are those of arguments; `moment` is the probe's, its kind and the zone.
    """
    found = [names[state] for state in states_of(feature)]
    at, kind, zone = moment
    match feature.function:
        case "count" | "distinct":
            return f"coalesce({found[0]}, 0)"
        case "any":
            return f"coalesce({found[0]} > 0, FALSE)"
        case "sum":
            assert feature.argument is not None
            whole = is_whole(types[feature.argument])
            return f"CAST({found[0]} AS BIGINT)" if whole else found[0]
        case "mean":
            return f"(CAST({found[0]} AS DOUBLE) / nullif({found[1]}, 0))"
        case "seconds_since_first" | "seconds_since_last":
            return seconds_between(found[0], at)
        case "days_since_first" | "days_since_last":
            return days_between(found[0], at, kind, zone)
        case "min" | "max" | "first" | "last":
            return found[0]


def is_whole(column_type: str) -> bool:
    """Whether values of a type are whole numbers, or count as such."""
    return column_type.endswith(("INT", "INTEGER")) or column_type == "BOOLEAN"


def is_exact(column_type: str) -> bool:
    """Whether sums are exact, in any order: of floats they are not."""
    return is_whole(column_type) or column_type.startswith("DECIMAL")
