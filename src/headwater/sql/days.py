"""Which columns carry the day of which rows: the abstract values of the locality proof.

A *day variable* is a number that stands for "the day of this row's …". Scans make one for each
column with a date or time; projections carry it on through what leaves the day alone (the column
itself, casts between date and timestamp, truncation to a day or less); joins and filters say that
two variables agree. A column that is either that day or null, as on the far side of an outer join,
is marked as a part, and `coalesce` of parts that cover each other is whole again.

Casts between TIMESTAMP WITH TIME ZONE and the others depend on the session's time zone, which is
the project's; its days are the days meant here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from headwater.sql.expressions import unwrapped
from headwater.sql.operators import Expression, function_name

_TEMPORAL = re.compile(r"(DATE|TIMESTAMP)", re.IGNORECASE)
_DAY_OR_LESS = re.compile(
    r"(days?|d|hours?|h|hr|minutes?|m|mins?|seconds?|s|secs?|milliseconds?|ms|microseconds?|us)\Z"
)
_DAY_MICROS = 86_400_000_000

Equalities = frozenset[frozenset[int]]


@dataclass(frozen=True, slots=True)
class Mark:
    """A column that carries day variable `day`; `part` names the outer join and side of a part."""

    day: int
    part: tuple[int, str] | None = None


Marks = tuple[Mark | None, ...]


@dataclass(frozen=True, slots=True)
class Days:
    """The marks of an operator's columns, and which variables agree on each of its rows.

    `links` lead from an operator's own variables to those of its children, child by child.
    """

    columns: Marks
    equal: Equalities = frozenset()
    links: tuple[tuple[int, tuple[int, ...]], ...] = ()

    def closed(self, days: Iterable[int]) -> frozenset[int]:
        """The variables with all that agree with one of them."""
        known = set(days)
        grew = bool(known)
        while grew:
            grew = False
            for pair in self.equal:
                if pair & known and not pair <= known:
                    known |= pair
                    grew = True
        return frozenset(known)


def is_temporal(type_: str) -> bool:
    """Whether a column of this type has a day."""
    return _TEMPORAL.match(type_) is not None and not type_.endswith("]")


def mark(expression: Expression, columns: Sequence[Mark | None], exact: bool) -> Mark | None:
    """The mark of an expression; `exact` accepts only the very value."""
    kind = expression.get("type")
    if kind == "BOUND_REF":
        return columns[expression.get("index", 0)]
    if kind == "OPERATOR_COALESCE":
        return _coalesced([mark(child, columns, exact) for child in expression["children"]])
    if exact:
        return None
    if kind == "OPERATOR_CAST":
        (child,) = expression["children"]
        both = (_type(child), expression["return_type"]["id"])
        return mark(child, columns, exact) if all(map(is_temporal, both)) else None
    return _truncated(expression, columns)


def whole(marks: Iterable[Mark | None]) -> frozenset[int]:
    """The variables that some column carries on every row."""
    return frozenset(m.day for m in marks if m is not None and m.part is None)


def _type(expression: Expression) -> str:
    data = expression.get("return_type") or expression.get("value", {}).get("type", {})
    return str(data.get("id", ""))


def _coalesced(marks: Sequence[Mark | None]) -> Mark | None:
    """The first that is not null: whole once a whole one, or both sides of a join, are reached."""
    sides: set[tuple[int, str]] = set()
    day: int | None = None
    for found in marks:
        if found is None or day not in (None, found.day):
            return None
        day = found.day
        if found.part is None:
            return found
        sides.add(found.part)
        if len({side for _, side in sides}) == 2 and len({join for join, _ in sides}) == 1:
            return Mark(day)
    return marks[0] if len(marks) == 1 else None


def _truncated(expression: Expression, columns: Sequence[Mark | None]) -> Mark | None:
    name = function_name(expression)
    children = expression.get("children", ())
    if name not in ("date_trunc", "datetrunc", "time_bucket") or len(children) != 2:
        return None
    first: Any = (unwrapped(children[0]).get("value") or {}).get("value")
    if name == "time_bucket":
        fits = isinstance(first, dict) and _divides_day(first)
        fits = fits and "TIME ZONE" not in _type(children[1])
    else:
        fits = isinstance(first, str) and _DAY_OR_LESS.match(first.casefold()) is not None
    return mark(children[1], columns, exact=False) if fits else None


def _divides_day(interval: dict[str, int]) -> bool:
    """Buckets begin at midnight only if a day is a whole number of them."""
    months, days = interval.get("months", 0), interval.get("days", 0)
    micros = interval.get("micros", 0)
    if months:
        return False
    if days:
        return days == 1 and micros == 0
    return micros > 0 and _DAY_MICROS % micros == 0
