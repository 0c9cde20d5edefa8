"""A node as the graph sees it: its inputs, its schema, and what each column is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from headwater.clock import Periods
from headwater.definitions.model import Definition
from headwater.ids import NodeId

Schema = tuple[tuple[str, str], ...]  # column names and DuckDB types, in order

#: How an input is read for one day of output: the same day, a window around it, the calendar
#: period in which it lies, everything, everything but without reopening history when it changes,
#: or the node's own interval before.
ReadMode = Literal["same_day", "window", "period", "whole", "kept", "previous"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One edge: an upstream node, under the name by which the definition calls it."""

    node: NodeId
    name: str
    mode: ReadMode = "whole"
    before: timedelta = timedelta(0)
    after: timedelta = timedelta(0)
    periods: Periods | None = None  # of the mode `period`
    #: Where the upstream node is held, it is read as it was last published, instead of waited for.
    last_good: bool = False


@dataclass(frozen=True, slots=True, order=True)
class ColumnRef:
    """A column of an input by its name, or the input's rows (its shape) where column is None."""

    relation: str
    column: str | None

    def __str__(self) -> str:
        return f"{self.relation}.{self.column or 'rows'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRecipe:
    """What one column is made of: a hash of its expression, and what it reads beyond the rows."""

    type: str
    expression: str
    reads: frozenset[ColumnRef] = frozenset()
    origin: ColumnRef | None = None  # passed through unchanged from here


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a node's content is made of; equal recipes over equal inputs give equal content."""

    rows: str
    row_reads: frozenset[ColumnRef] = frozenset()
    columns: Mapping[str, ColumnRecipe] = field(default_factory=dict)

    @property
    def reads(self) -> frozenset[ColumnRef]:
        """Everything that any column or the rows depend on."""
        found = set(self.row_reads)
        for column in self.columns.values():
            found |= column.reads
        return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """Rows are changes: readers see the latest of each key, unless it says deleted."""

    key: tuple[str, ...]
    latest_by: str
    deleted: str | None = None  # a boolean SQL expression over the row


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A definition bound into the graph."""

    id: NodeId
    definition: Definition
    fingerprint: str  # of the whole definition's meaning, upstream not counted
    inputs: tuple[Input, ...] = ()
    schema: Schema = ()
    hidden: Schema = ()  # columns that are there when named, and left out of `select *`
    time: str | None = None  # its event-time column; set: built by intervals
    begins: date | None = None  # its first day, where that is not the first of what it reads
    until_today: bool = False  # whether it has no later day, though what it reads may have
    key: tuple[str, ...] = ()
    recipe: Recipe | None = None  # None: a source, whose content comes from its deliveries
    latest: Latest | None = None
    #: Columns → the relation whose key they hold: the joins that never multiply rows.
    references: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    is_relation: bool = True  # whether SQL can read it by its name; set by the graph
    is_built: bool = True  # False: a definition alone, such as a dashboard; it has no content
    meaning: str = ""  # of a metric: a hash of what its number means, which is what is approved

    @property
    def column_names(self) -> tuple[str, ...]:
        """Its columns in order."""
        return tuple(name for name, _ in self.schema)
