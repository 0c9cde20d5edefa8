"""Whether one condition implies another, as far as their form shows it.

Used to tell a loosened rule from a tightened one. What cannot be proved is not implied: a change is
then called incompatible, never the other way round.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

from headwater.contracts import conditions as c
from headwater.contracts.definition import DatasetRule
from headwater.contracts.expressions import ExpressionError, normalize, split_on
from headwater.contracts.quoting import Constant
from headwater.contracts.sql import kept

_ISO: Final[dict[str, type[date | time]]] = {
    "DATE": date,
    "TIMESTAMP": datetime,
    "TIMESTAMPTZ": datetime,
    "TIME": time,
}


def implies(known: c.Condition, wanted: c.Condition) -> bool:
    """Whether every row that keeps `known` surely keeps `wanted`."""
    if c.meaning(known) == c.meaning(wanted):
        return True
    match known, wanted:
        case c.Bounded(), c.Bounded():
            return known.column == wanted.column and _bound_implies(known, wanted)
        case c.Accepted(), c.Accepted() if known.column == wanted.column:
            return set(known.values) <= set(wanted.values)
        case c.NotMissing(), c.NotMissing() if known.column == wanted.column:
            return set(known.missing) >= set(wanted.missing)
        case c.NotMissing(), c.NotNull():
            return known.column == wanted.column and None in known.missing
        case c.Sized(), c.Sized() if known.column == wanted.column:
            return _size_implies(known, wanted)
        case c.MultipleOf(), c.MultipleOf() if known.column == wanted.column:
            return _is_multiple(known.factor, wanted.factor)
        case c.Unique(), c.Unique():
            return set(known.columns) <= set(wanted.columns)
        case _, c.Unique() | c.ExistsIn() | c.Castable():
            return False
        case c.Unique() | c.ExistsIn() | c.Castable(), _:
            return False
        case _:
            return _text_implies(known, wanted)


def implied_by_any(known: Collection[c.Condition], wanted: c.Condition) -> bool:
    """Whether one of the conditions implies `wanted`."""
    return any(implies(each, wanted) for each in known)


def dataset_implies(known: DatasetRule, wanted: DatasetRule) -> bool:
    """Whether keeping one dataset rule means keeping another: same number, no wider limits."""
    same = (
        known.metric is wanted.metric
        and known.unit is wanted.unit
        and known.columns == wanted.columns
        and known.window == wanted.window
        and normalize(known.sql or "x") == normalize(wanted.sql or "x")
        and (known.condition is None) == (wanted.condition is None)
    )
    if not same:
        return False
    if known.condition is not None and wanted.condition is not None:
        equal = c.meaning(known.condition) == c.meaning(wanted.condition)
        return equal and known.threshold.implies(wanted.threshold)
    return known.threshold.implies(wanted.threshold)


def _comparable(bound: Constant, type_name: str | None) -> Constant:
    iso = _ISO.get(type_name or "")
    if iso is not None and isinstance(bound, str):
        return iso.fromisoformat(bound)
    return Decimal(str(bound)) if isinstance(bound, int | float) else bound


def _bound_implies(known: c.Bounded, wanted: c.Bounded) -> bool:
    if known.comparison[0] != wanted.comparison[0]:
        return False
    own, other = _comparable(known.bound, known.type), _comparable(wanted.bound, wanted.type)
    if own == other:
        return wanted.comparison in (known.comparison, known.comparison[0] + "=")
    try:
        above = own > other  # type: ignore[operator]
    except TypeError:
        return False
    return above == (known.comparison[0] == ">")


def _size_implies(known: c.Sized, wanted: c.Sized) -> bool:
    low = wanted.minimum is None or (known.minimum is not None and known.minimum >= wanted.minimum)
    high = wanted.maximum is None or (known.maximum is not None and known.maximum <= wanted.maximum)
    return low and high


def _is_multiple(factor: float, of: float) -> bool:
    return Decimal(str(factor)) % Decimal(str(of)) == 0


def _text_implies(known: c.Condition, wanted: c.Condition) -> bool:
    """`a` implies `a or b`, `a or b` implies `a or b or d`, and `a and b` implies `a`, as SQL.

    Keeping means "not false", for which these hold with NULLs as well.
    """
    try:
        own, other = kept(known), kept(wanted)
        if set(split_on(own, "or")) <= set(split_on(other, "or")):
            return True
        terms = set(split_on(own, "and"))
        if set(split_on(other, "and")) <= terms:
            return True
        return not terms.isdisjoint(split_on(other, "or"))
    except ExpressionError:
        return False
