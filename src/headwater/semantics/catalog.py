"""All that a metric query is compiled against: metrics, tables, rollups and the calendar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from headwater.graph.node import Node, Schema
from headwater.ids import NodeId
from headwater.semantics.metric import Metric
from headwater.semantics.rollup import Rollup

Given = ParamSpec("Given")
Result = TypeVar("Result")
_ABSENT = object()
_MOST = 20_000  # things remembered of one catalog; queries with ever other periods end somewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Where days, weeks and fiscal years begin.

    `week_starts` counts from 0 for Monday; `fiscal_year_starts` is a month.
    """

    zone: str = "UTC"
    week_starts: int = 0
    fiscal_year_starts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A table as metrics see it. `references`: columns → the table whose key they hold."""

    name: str
    columns: Schema
    time: str | None = None
    key: tuple[str, ...] = ()
    references: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    rows: int | None = None  # how many are published, where known
    node: NodeId | None = None  # None: the table of that name

    @classmethod
    def of(cls, name: str, node: Node, rows: int | None = None) -> Dataset:
        """A node of the graph under the name by which SQL calls it."""
        return cls(
            name=name,
            columns=node.schema,
            time=node.time,
            key=node.key,
            references=node.references,
            rows=rows,
            node=node.id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The semantic model of one release.

    `memo` keeps what was worked out from it: formulas, joins, types, compiled queries.
    """

    metrics: Mapping[str, Metric]
    datasets: Mapping[str, Dataset]
    calendar: Calendar = Calendar()
    rollups: tuple[Rollup, ...] = ()
    rollup_rows: Mapping[str, int] = field(default_factory=dict)  # rollup → rows published
    functions: tuple[str, ...] = ()  # texts of the project's own SQL functions
    memo: dict[object, Any] = field(init=False, repr=False, compare=False, default_factory=dict)


def remembered(
    work: Callable[Concatenate[Catalog, Given], Result],
) -> Callable[Concatenate[Catalog, Given], Result]:
    """A pure function of a catalog and hashable values, worked out once for each of them."""

    @wraps(work)
    def recall(catalog: Catalog, *given: Given.args, **named: Given.kwargs) -> Result:
        key = (work, given, *sorted(named.items()))
        found = catalog.memo.get(key, _ABSENT)
        if found is _ABSENT:
            if len(catalog.memo) >= _MOST:
                catalog.memo.clear()
            found = catalog.memo[key] = work(catalog, *given, **named)
        return cast("Result", found)

    return cast("Callable[Concatenate[Catalog, Given], Result]", recall)
