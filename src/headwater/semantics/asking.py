"""A question to metrics and its answer: the one vocabulary of command line, YAML, Python, HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from headwater.clock import Grain
from headwater.ids import NodeId

Comparison = Literal["previous", "year_ago"]
Number = int | float | Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricQuery:
    """`by`, `grain`, `where`, `period`, `compare`, `order`, `limit` over some metrics.

    `where` are conditions of the filter language (see `conditions`), all of which must hold;
    `period` is written as people write periods; `order` names columns, `-` in front for falling.
    """

    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    grain: Grain | None = None
    where: tuple[str, ...] = ()
    period: str = ""
    compare: tuple[Comparison, ...] = ()
    order: tuple[str, ...] = ()
    limit: int | None = None


#: What a column of an answer holds. `complete` says whether the row's number is final: its period
#: is over, its data are in, and it gains no more conversions; `step` counts the periods since the
#: start of a cohort.
ColumnSort = Literal["period", "dimension", "step", "metric", "compared", "complete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerColumn:
    """One column: of a metric, or of the same metric in the period compared with."""

    name: str  # `revenue`, `revenue_previous`, `country`, `period`, `complete`
    sort: ColumnSort
    type: str  # of DuckDB
    metric: str = ""
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A query as SQL: over relations under their names, with values bound as `$name`."""

    sql: str
    parameters: Mapping[str, object]
    columns: tuple[AnswerColumn, ...]
    relations: Mapping[str, NodeId]  # view name → table or rollup
    path: Literal["rollup", "raw"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The rows of a metric query over one release.

    Where a question without grain asks for a period of which the number of a metric can still
    move, `open_until` says until which day: the end of the period, or that of the windows in which
    its last events may convert. With a grain the column `complete` says it of each row.
    """

    query: MetricQuery
    columns: tuple[AnswerColumn, ...]
    rows: Sequence[tuple[object, ...]]
    sql: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    path: Literal["rollup", "raw", "published"] = "raw"
    release: int | None = None
    first: date | None = None  # the days asked for, both included
    last: date | None = None
    data_from: datetime | None = None  # the data of all its tables reach from here …
    data_until: datetime | None = None  # … to here: periods that end later are not complete
    open_until: Mapping[str, date] = field(default_factory=dict)  # without grain: metric → day
    truncated: bool = False  # there are more rows than were read
    notes: tuple[str, ...] = ()  # what a reader must know: stale, beyond the data

    def index(self, name: str) -> int:
        """The position of a column; raises `KeyError`."""
        for position, column in enumerate(self.columns):
            if column.name == name:
                return position
        raise KeyError(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A metric's value in one period, as published; None where it has none."""

    period: date  # its first day
    value: Number | None
    complete: bool = True
    step: int | None = None  # of a cohort


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a reader must know of a metric beside its value."""

    metric: str
    approved_by: str = ""  # empty: draft
    approved_at: datetime | None = None
    meaning: str = ""  # hash of what it means; approval is of this
    data_until: datetime | None = None
    stale_because: str = ""  # empty: up to date; else what is held, since when, and why
    restated: int = 0  # published periods that changed in the newest release that changed any
    restated_at: datetime | None = None
