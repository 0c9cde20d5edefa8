"""A rollup: aggregates of one table kept by period and dimensions, so that answers are quick."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from headwater.clock import Grain

AggregateFunction = Literal[
    "sum", "count", "count_distinct", "min", "max", "quantile", "quantile_disc"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One aggregate over rows of one table.

    `argument` and `where` are DuckDB expressions over its columns and over those of the tables it
    references, each of which is one quoted name with a dot in it: `"customers.country"`. `avg` is
    written as a sum and a count, so that it can be rolled up.
    """

    table: str
    function: AggregateFunction
    argument: str = ""  # empty: `count(*)`
    where: str = ""
    fraction: str = ""  # of a quantile, as written
    time: str = ""  # the column that says when; empty: the table's own
    columns: tuple[str, ...] = field(default=(), compare=False)  # that it reads, besides the time

    @property
    def is_additive(self) -> bool:
        """Whether values of parts make the value of the whole: not so for distinct counts."""
        return self.function in ("sum", "count", "min", "max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollup:
    """The leaves of one table, by period of `grain`, for each of the sets of dimensions.

    Additive leaves need one grouping (all dimensions, by day); others are kept for every grain and
    every set of dimensions that is asked for.
    """

    name: str  # `sales_day`: its node is `rollup.sales_day`
    table: str
    time: str  # empty: the table's own
    grain: Grain
    leaves: tuple[Leaf, ...]
    groupings: tuple[tuple[str, ...], ...]

    @property
    def dimensions(self) -> tuple[str, ...]:
        """All dimensions of its groupings, in order, each once."""
        return tuple(dict.fromkeys(name for names in self.groupings for name in names))
