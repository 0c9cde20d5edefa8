"""What a node consists of: builds over intervals, content keys, data files. All values are frozen.

An *input key* says what a build was made from, a *content key* what it contains, column by column;
both are hashes without the interval, so that days made from equal things share one entry. A rebuild
whose rows come out equal keeps the old content keys: that stops the wave.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from headwater.graph.node import Schema
from headwater.ids import DataInterval, IntervalMap, NodeId, digest

#: Which rows a data file holds. Only `rows` is published; the others are kept for the reckoning
#: delivered = published + superseded + quarantined + dropped.
Part = Literal["rows", "quarantined", "superseded", "dropped"]


#: The key of rows on an interval that is known to have none. Where everything is read, such
#: intervals do not count, so that one more of them is no news.
NO_ROWS: Final = "no rows"


@dataclass(frozen=True, slots=True)
class Contents:
    """Content keys of one segment: of its rows (the shape) and of each column.

    Where no column has a key of its own (a source: rows come and go as a whole), each shares the
    rows' key.
    """

    rows: str
    columns: Mapping[str, str]

    def key(self, column: str | None) -> str:
        """The content key of a column, or of the rows for None; a missing column has one too."""
        if column is None or not self.columns:
            return self.rows
        return self.columns.get(column, "missing")

    def __hash__(self) -> int:
        return hash(self.rows)


@dataclass(frozen=True, slots=True)
class Segment:
    """What stands on one interval of a state: the build, its input key and its contents."""

    build: str
    input_key: str
    contents: Contents


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """One immutable Parquet file; `interval` covers the times of its rows."""

    path: str  # relative to the lake
    interval: DataInterval
    rows: int
    bytes: int
    build: str
    schema: str  # digest of column names and types
    part: Part = "rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """One delivery that a state has taken in."""

    name: str
    sha256: str
    load_id: str
    delivered: int
    order: int = 0  # position in the order of arrival
    stale: bool = False


def schema_digest(schema: Schema) -> str:
    """A short hash of names and types."""
    return digest(schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The exact set of builds and data files that a node consists of at one publish."""

    node: NodeId
    schema: Schema = ()
    time: str | None = None
    segments: IntervalMap[Segment] = field(default_factory=IntervalMap)
    files: tuple[DataFile, ...] = ()
    deliveries: tuple[DeliveryRecord, ...] = ()
    cursor: str | None = None  # JSON text of the last cursor value of an incremental source

    def part(self, part: Part) -> tuple[DataFile, ...]:
        """The data files of one part, in order of time."""
        return tuple(f for f in self.files if f.part == part)

    @property
    def row_count(self) -> int:
        """How many rows are published."""
        return sum(f.rows for f in self.files if f.part == "rows")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOutcome:
    """What one rule measured on one build."""

    rule: str
    severity: str
    passed: bool
    failed_rows: int
    measured: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One node's content for one interval, as it was made: the record that `trace` shows."""

    id: str
    node: NodeId
    interval: DataInterval
    input_key: str
    definition: str  # hash of the definition in the ledger
    run: str
    reason: str
    rows: int
    started_at: datetime
    seconds: float
    schema: Schema
    contents: Contents
    files: tuple[DataFile, ...]  # every part that this build wrote
    outcomes: tuple[RuleOutcome, ...] = ()
    load_ids: tuple[str, ...] = ()
