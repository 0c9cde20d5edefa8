"""What charts show, before anyone draws it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

Value = int | float | Decimal | None
Direction = Literal["higher", "lower", "neither"]
Judged = Literal["good", "bad", "neutral"]


class Numbers(Protocol):
    """How the numbers of a chart are written (`semantics.formats.NumberFormat` does it)."""

    @property
    def is_rate(self) -> bool:
        """Whether values are shares of one."""

    @property
    def is_duration(self) -> bool:
        """Whether values are seconds."""

    @property
    def decimals(self) -> int | None:
        """Digits behind the point; None: as the value needs."""

    @property
    def prefix(self) -> str:
        """What stands before a number."""

    @property
    def suffix(self) -> str:
        """What stands behind it."""

    def text(self, value: Value) -> str:
        """The value with the decimals of the format."""

    def compact(self, value: Value) -> str:
        """The value in few digits."""

    def ticks(self, values: Sequence[float]) -> tuple[str, ...]:
        """Texts for an axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A name and a value for each period; None where there is none."""

    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """Something that happened, at a period: a release, a restatement, an incident, a launch."""

    at: int  # the period's position
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Series over time. The last `partial` periods are not complete."""

    title: str
    numbers: Numbers
    periods: tuple[date, ...]  # evenly spaced, each the first day (or hour) of a `grain`
    grain: str
    series: tuple[Series, ...]
    comparison: Series | None = None
    band: tuple[tuple[Value, Value] | None, ...] = ()  # expected: lowest and highest
    target: Value = None
    annotations: tuple[Annotation, ...] = ()
    unusual: tuple[int, ...] = ()  # positions in the first series
    partial: int = 0
    is_filled: bool = False  # an area


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacked:
    """Groups over time that add up; beyond `limit` they become one."""

    title: str
    numbers: Numbers
    periods: tuple[date, ...]
    grain: str
    groups: tuple[Series, ...]
    limit: int = 5
    annotations: tuple[Annotation, ...] = ()
    partial: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A group's value; what it was before; a short word on the change."""

    name: str
    value: Value
    compared: Value = None
    note: str = ""
    judged: Judged = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Groups by rank. `more` groups exist that are not among the rows."""

    title: str
    numbers: Numbers
    rows: tuple[Bar, ...]
    compared_with: str = ""
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap:
    """Values by row and column; of cohorts, `sizes` says how many each row began with."""

    title: str
    numbers: Numbers
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]
    sizes: tuple[Value, ...] = ()
    row_title: str = ""
    column_title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """How many are left after each step."""

    title: str
    numbers: Numbers
    steps: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """How parts lead from one total to another."""

    title: str
    numbers: Numbers
    start: tuple[str, Value]
    parts: tuple[tuple[str, Value], ...]
    end: tuple[str, Value]
    better: Direction = "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparkline:
    """The trend at a glance, without axes."""

    title: str
    numbers: Numbers
    values: tuple[Value, ...]
    partial: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A value with its interval of confidence; None where there is none. `is_main` stands out."""

    name: str
    value: Value
    low: Value = None
    high: Value = None
    is_main: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Values beside each other, as dots with intervals, on one axis that need not begin at zero."""

    title: str
    numbers: Numbers
    rows: tuple[Interval, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One number over another, from left to right; `marked` is a point that is named."""

    title: str
    numbers: Numbers
    points: tuple[tuple[Value, Value], ...]
    x_title: str
    x_numbers: Numbers
    marked: tuple[Value, Value] | None = None
    mark: str = ""
    may_cut: bool = False  # whether the axis may begin beside zero


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """A part of rows: what was predicted for it on average, what came, of how many."""

    predicted: Value
    observed: Value
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Predicted against observed shares. On the diagonal both are equal."""

    title: str
    numbers: Numbers
    points: tuple[Predicted, ...]
    before: tuple[Predicted, ...] = ()  # before calibration


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSpan:
    """Days `first` to `last`, both within; a gap is what lies in no span, with its reason."""

    name: str
    first: date
    last: date
    note: str = ""
    is_gap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Spans of time below each other on one axis."""

    title: str
    numbers: Numbers
    rows: tuple[TimeSpan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Shares by bin at a glance, without axes; `compared` are what they were before."""

    title: str
    numbers: Numbers
    bins: tuple[str, ...]
    values: tuple[Value, ...]
    compared: tuple[Value, ...] = ()


#: Charts of what was found, not of a course over periods.
Study = Intervals | Curve | Calibration | Spans | Histogram
Chart = Lines | Stacked | Bars | Heatmap | Funnel | Waterfall | Sparkline | Study

_GREATEST = 1e300  # beyond, differences overflow


def number(value: Value) -> float | None:
    """A value that can be drawn: None where it is none, not a number, or beyond all scales.

    >>> number(Decimal("1.5")), number(float("nan")), number(10**400), number(1e-310)
    (1.5, None, None, 0.0)
    """
    if value is None:
        return None
    try:
        found = float(value)
    except (OverflowError, ValueError):
        return None
    if not math.isfinite(found) or abs(found) > _GREATEST:
        return None
    return found if abs(found) > 1 / _GREATEST else 0.0


def numbers_of(values: Sequence[Value]) -> list[float | None]:
    """All values as they can be drawn."""
    return [
        value if type(value) is float and 1 < abs(value) < _GREATEST else number(value)
        for value in values
    ]


def judge(moved: float, better: Direction) -> Judged:
    """Whether a movement is good, by the direction that is.

    >>> judge(2, "higher"), judge(2, "lower"), judge(0, "lower"), judge(1, "neither")
    ('good', 'bad', 'neutral', 'neutral')
    """
    if better == "neither" or not moved:
        return "neutral"
    return "good" if (moved > 0) == (better == "higher") else "bad"
