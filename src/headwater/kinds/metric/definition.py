"""What a metrics file says, frozen: a metric, and the rollups that Headwater keeps for metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from headwater.definitions.model import Described
from headwater.errors import Place
from headwater.ids import NodeId, digest
from headwater.semantics.catalog import Calendar
from headwater.semantics.metric import Conversion, Metric, Retention, Shape
from headwater.semantics.rollup import Rollup


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDefinition:
    """A metric, with all that it is made of: it can be compiled without looking further."""

    id: NodeId
    place: Place
    files: tuple[str, ...]
    described: Described
    metric: Metric
    parts: Mapping[str, Metric]  # every metric that it uses, directly or not, and itself
    tables: tuple[str, ...]  # those of its parts, and those they join
    rollups: tuple[str, ...]  # those of these tables, by name
    calendar: Calendar
    functions: tuple[str, ...] = ()  # texts of the project's own SQL functions

    @property
    def text_digest(self) -> str:
        """A hash of what the file says of this metric alone, wherever it stands."""
        return digest(repr(replace(self.metric, place=Place(), places={})), repr(self.described))

    @property
    def settles_after(self) -> tuple[str, ...]:
        """How long after its end a period's number still moves: `30 day`, or `ever`."""
        found = (_settles_after(part.shape) for part in self.parts.values())
        return tuple(sorted({each for each in found if each}))

    @property
    def used(self) -> tuple[str, ...]:
        """The metrics of the project that it is made of, itself left out."""
        return tuple(n for n, part in self.parts.items() if n != self.id.name and part.is_listed)


def _settles_after(shape: Shape | None) -> str:
    """Events convert later; who returned `on_or_after` a period may do so at any time."""
    if isinstance(shape, Conversion):
        window = shape.window
        return "ever" if window is None else f"{window.count} {window.unit}"
    return "ever" if isinstance(shape, Retention) and shape.count == "on_or_after" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollupDefinition:
    """Aggregates of one table that Headwater keeps for the metrics of it."""

    id: NodeId
    place: Place
    files: tuple[str, ...]
    described: Described
    rollup: Rollup
    tables: tuple[str, ...]  # its table first, then those it joins
    calendar: Calendar
    functions: tuple[str, ...] = ()  # texts of the project's own SQL functions

    @property
    def text_digest(self) -> str:
        """A hash of what it keeps."""
        return digest(repr(self.rollup), repr(self.described))
