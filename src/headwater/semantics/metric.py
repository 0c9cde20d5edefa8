"""A metric as its file defines it: what is counted, over which table, and what good is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, get_args

from headwater.clock import Grain
from headwater.errors import Place

#: Which way is good.
Direction = Literal["higher", "lower", "neither"]

#: Lengths of periods, from the shortest.
GRAINS: tuple[Grain, ...] = get_args(Grain)

#: Which day of a longer period speaks for it.
PeriodAggregate = Literal["last", "first", "average"]

WindowUnit = Literal["hour", "day", "week", "month", "quarter", "year"]


@dataclass(frozen=True, slots=True)
class Window:
    """A length of calendar time: `28 days`, `3 months`."""

    count: int
    unit: WindowUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class Cumulative:
    """Another metric added up: over a rolling window, from the start of a grain, or over all time.

    `period_agg` says which day's value stands for a longer period.
    """

    input_metric: str
    window: Window | None = None
    grain_to_date: Grain | None = None
    period_agg: PeriodAggregate = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """Of the base metric's events, those followed by a conversion event of the same entity.

    `window` None: any time later. The value is a rate, or the count of conversions.
    """

    base_metric: str
    conversion_metric: str
    entity: str  # a column of both tables
    window: Window | None = None
    calculation: Literal["conversion_rate", "conversions"] = "conversion_rate"
    constant_properties: tuple[str, ...] = ()  # columns that both events must share


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Of the entities that start in a period, the share that returns in each later one.

    `start_event` is `first` (the entity's first row that matches the metric's filter) or a
    condition; `return_event` a condition, empty for any row.
    """

    entity: str  # a table with a key, or a column
    period: Grain = "month"
    start_event: str = "first"
    return_event: str = ""
    count: Literal["on", "on_or_after"] = "on"


Shape = Cumulative | Conversion | Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One number with one meaning.

    Inside an aggregate of `expr` stand columns of `table` (`country`) and of the tables that it
    references (`customers.country`); outside of it stand other metrics.
    """

    name: str
    title: str = ""
    description: str = ""
    owner: str = ""
    better: Direction = "neither"
    format: str = ""  # `gbp`, `gbp2`, `percent1`, `integer`, `decimal2`, `duration`; empty: by type
    unit: str = ""
    target: Mapping[Grain, Decimal] = field(default_factory=dict)
    playbook: str = ""
    table: str = ""  # empty: of other metrics alone
    time: str = ""  # empty: the table's own
    expr: str = ""
    where: str = ""
    dimensions: tuple[str, ...] = ()
    balance: PeriodAggregate | None = None  # semi-additive: the day that speaks for a period
    shape: Shape | None = None
    is_listed: bool = True  # False: made for one metric alone, which reads another one filtered
    place: Place = Place()
    places: Mapping[str, Place] = field(default_factory=dict)  # key → where its value stands

    def place_of(self, key: str) -> Place:
        """Where a key's value stands; the metric's own place if it is not written."""
        return self.places.get(key, self.place)
