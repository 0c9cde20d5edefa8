"""All that a metric query is compiled against: metrics, tables, rollups and the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headwater.graph.node import Node, Schema
from headwater.semantics.metric import Metric
from headwater.semantics.rollup import Rollup


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
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The semantic model of one release."""

    metrics: Mapping[str, Metric]
    datasets: Mapping[str, Dataset]
    calendar: Calendar = Calendar()
    rollups: tuple[Rollup, ...] = ()
    rollup_rows: Mapping[str, int] = field(default_factory=dict)  # rollup → rows published
