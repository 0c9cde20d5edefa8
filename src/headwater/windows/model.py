"""Events, probes, and what is asked of the events that lie before a probe's moment.

Everything is strict: a probe at `at` sees events before `at`, never one at `at`, and only rows that
were known at `at`. Relations are names that the session knows (tables or views). Arguments and
conditions are SQL expressions over one row of the events.

Times are `TIMESTAMP` or `DATE` (wall-clock time of the project's zone; a date is its midnight) or
`TIMESTAMPTZ` (instants). A probe's moment is read in the terms of the column that it is compared
with: where the clock shows a time twice, the first is meant, so that no later instant is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

#: `any` is whether the argument (or, without one, any row) is true. All functions leave out rows
#: whose argument is NULL. `days_since_…` are of local wall-clock time, as the lengths of windows
#: are; `seconds_since_…` have passed.
Function = Literal[
    "count",
    "sum",
    "mean",
    "min",
    "max",
    "first",
    "last",
    "distinct",
    "any",
    "seconds_since_first",
    "seconds_since_last",
    "days_since_first",
    "days_since_last",
]

_WITHOUT_ARGUMENT = frozenset({"count", "any"})


class WindowsError(ValueError):
    """Something was asked of this room that has no meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Rows with event time.

    A row counts as known in `[known_from, known_to)`: NULL in `known_to` is still, NULL in
    `known_from` never. A correction is a later row, known from when it arrived, which closes the
    interval of the row that it corrects. Rows of equal time are ordered by `tie`, then by value.
    """

    relation: str
    keys: tuple[str, ...]
    time: str
    known_from: str | None = None
    known_to: str | None = None
    tie: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.keys:
            raise WindowsError("events need a key")

    @property
    def is_always_known(self) -> bool:
        """Whether rows have no interval in which they were known."""
        return self.known_from is None and self.known_to is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """Rows, each with a key and a moment, about which something is asked.

    Every row is in a result exactly once, with all of its columns, whatever its key and however
    often it occurs. A row with NULL in a key or in `at` sees no events.
    """

    relation: str
    keys: tuple[str, ...]
    at: str

    def __post_init__(self) -> None:
        if not self.keys:
            raise WindowsError("probes need a key")


@dataclass(frozen=True, slots=True)
class Window:
    """The span `[at − length, at)`; without a length, all time before `at`.

    Whole days and months are local ones, as in `clock.widen`; what is left of a length has passed.

    >>> Window(timedelta(days=90)).is_bounded, Window(months=6).is_bounded, Window().is_bounded
    (True, True, False)
    """

    length: timedelta | None = None
    months: int = 0

    def __post_init__(self) -> None:
        if self.months < 0 or (self.length is not None and self.length <= timedelta(0)):
            raise WindowsError("a window has a positive length")
        if self.months and self.length is not None:
            raise WindowsError("a window has a length or months, not both")

    @property
    def is_bounded(self) -> bool:
        """Whether it ends somewhere in the past."""
        return self.length is not None or self.months > 0

    @property
    def longest(self) -> timedelta:
        """What it can span at most; only of a bounded one."""
        # An hour or two more on the day when clocks change, a day more than 31 for each month.
        return timedelta(days=1) + (self.length or timedelta(days=31 * self.months))


ALL_TIME = Window()


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFeature:
    """A function of the rows of a window.

    Without rows, counts are 0, `any` is false and the rest is NULL. Sums of whole numbers are
    BIGINT, of decimals exact, means DOUBLE.
    """

    name: str
    function: Function
    argument: str | None = None
    where: str | None = None
    window: Window = ALL_TIME

    def __post_init__(self) -> None:
        if self.function not in get_args(Function):
            raise WindowsError(f"`{self.function}` is no function of a window")
        needless = self.function in _WITHOUT_ARGUMENT or "_since_" in self.function
        if self.argument is None and not needless:
            raise WindowsError(f"`{self.name}`: {self.function} needs an argument")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """SQL over a row of the result: the probe's columns and the features before it."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowJoin:
    """Features of events for probes, and expressions over them; whole days are the zone's."""

    probes: Probes
    events: Events
    features: tuple[WindowFeature, ...]
    expressions: tuple[Expression, ...] = ()
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if not self.features:
            raise WindowsError("a join of windows needs a feature")


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """Columns of the latest row before a probe's moment; NULL where there is none.

    `columns` are names with the SQL expressions that they show. A row older than `ttl` does not
    count: it lies in `[at − ttl, at)`. `inclusive` also takes a row at `at`: only where the row is
    known to have been there first.
    """

    columns: tuple[tuple[str, str], ...]
    ttl: Window = ALL_TIME
    inclusive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOfJoin:
    """The latest row of the events for each probe."""

    probes: Probes
    events: Events
    as_of: AsOf
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if not self.as_of.columns:
            raise WindowsError("a join of the latest row needs a column")
