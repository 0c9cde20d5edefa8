"""What a file says of features, and what it is compiled to.

A *spec* is read from a file and knows nothing of other nodes. Beside the nodes of its entity and
source it compiles to a *feature set*: functions of windows (`headwater.windows`), and expressions
over them. A label is a feature set of one column that is asked at the end of its horizon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, Protocol, runtime_checkable

from headwater.errors import Place
from headwater.windows.model import ALL_TIME, Expression, Window, WindowFeature

#: How often rows of a batch table, or label rows, are made: at local midnights.
Every = Literal["day", "week", "month", "quarter"]

#: What rows of features, labels and scores carry: the moment that they speak of (`at` is a word of
#: DuckDB's SQL), and the local day at whose end they are known.
AS_OF, DAY = "as_of", "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedWindow:
    """A window as files name it: `90d`, `6mo`, or `all`, which adds nothing to a feature's name."""

    text: str
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSpec:
    """One feature as written.

    An expression with aggregates over rows of the source in each of its windows, or one over other
    features. `:at` is the moment that is asked of; any other `:name` comes with a request.
    """

    name: str
    expr: str
    windows: tuple[NamedWindow, ...] = ()  # empty: those of the view
    where: str = ""
    type: str = ""  # a DuckDB type to which it is cast; empty: what the expression gives
    description: str = ""
    place: Place = Place()
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)

    def place_of(self, key: str) -> Place:
        """Where the value of a key stands; the feature's own place if it is not written."""
        return self.places.get(key, self.place)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSpec:
    """A feature view as written."""

    name: str
    entity: str  # a table with a key
    source: str  # a table or source with time
    features: tuple[FeatureSpec, ...]
    windows: tuple[NamedWindow, ...] = ()  # of features that have none; empty: all time
    where: str = ""  # rows of the source that count at all
    request: Mapping[str, str] = field(default_factory=dict)  # `:name` → DuckDB type
    #: Values are computed so long after the moment that they are asked of: what was loaded until
    #: then counts as known.
    latency: timedelta = timedelta(days=1)
    known_at: str = ""  # a column of the source that says when a row was loaded
    every: Every = "month"  # how often the batch table has rows
    online_ttl: timedelta | None = None  # set: kept in the online store, and good for so long
    place: Place = Place()
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)

    def place_of(self, key: str) -> Place:
        """Where the value of a key stands; the view's own place if it is not written."""
        return self.places.get(key, self.place)


@runtime_checkable
class HasFeatures(Protocol):
    """The definition of a node that other kinds compute features from: a feature view."""

    @property
    def spec(self) -> ViewSpec:
        """What its file says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureColumn:
    """A column of features as readers and models see it."""

    name: str
    type: str  # DuckDB's
    view: str
    description: str = ""
    on_request: bool = False  # computed from values of the request, beside those in the store


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSet:
    """A feature view compiled: everything that computing needs.

    `windows` hold the aggregates under hidden names; `expressions` make columns of them, in order,
    each of those before it too. `on_request` are the expressions that also need values of a
    request. In both, `"@at"` stands for the moment and `"@name"` for `:name`.
    """

    view: str
    entity: str  # the table
    keys: tuple[str, ...]  # key columns of the entity
    source: str
    source_keys: tuple[str, ...]  # the columns of the source that hold them, in the same order
    time: str  # of the source
    moment_type: str  # of `"@at"`: that in which the source's time is compared
    tie: tuple[str, ...]  # its key: orders rows of one time
    where: str  # the rows of the source that count at all; empty: every row
    windows: tuple[WindowFeature, ...]
    expressions: tuple[Expression, ...]
    on_request: tuple[Expression, ...]
    columns: tuple[FeatureColumn, ...]
    request: Mapping[str, str]
    latency: timedelta
    known_at: str
    reads: tuple[str, ...]  # columns of the source that are read at all
    digest: str  # of the meaning: equal digests give equal values from equal rows

    @property
    def longest(self) -> timedelta | None:
        """How far back it reads at most; None for all time."""
        return None if self.span == ALL_TIME else self.span.longest

    @property
    def span(self) -> Window:
        """The longest of its windows; all time, where it has none."""
        windows = [feature.window for feature in self.windows]
        if not windows or not all(window.is_bounded for window in windows):
            return ALL_TIME
        return max(windows, key=lambda window: window.longest)

    @property
    def stored(self) -> tuple[FeatureColumn, ...]:
        """The columns that need no request: those of the batch table and of the online store."""
        return tuple(column for column in self.columns if not column.on_request)
