"""What an online store keeps: for each feature set one vector an entity, and how fresh they are.

A vector is a tuple of the view's columns in order: float, str or None, exactly as a model of the
batch side sees them. A *table* is one view under one digest of its meaning, so that a changed view
is filled beside the old one and taken up at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Value = float | str | None
Vector = tuple[Value, ...]
Key = tuple[object, ...]  # of one entity: integers or texts, in the order of its key columns


@dataclass(frozen=True, slots=True)
class OnlineTable:
    """One view under one meaning."""

    view: str
    digest: str

    def __str__(self) -> str:
        return f"{self.view}@{self.digest[:12]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """The moment that all vectors of a table are of, from which release, computed when."""

    at: datetime
    release: int
    computed_at: datetime
    entities: int


class OnlineError(Exception):
    """The store cannot be reached, or what it says cannot be read."""


class OnlineStore(Protocol):
    """Vectors by key. Reading is safe from many threads; one writer at a time."""

    def write(
        self,
        table: OnlineTable,
        changed: Iterable[tuple[Key, Vector]],
        gone: Iterable[Key],
        freshness: Freshness,
    ) -> None:
        """Replace and remove vectors, then say how fresh all are now: readers see all or none."""
        ...

    def read(self, table: OnlineTable, keys: Sequence[Key]) -> list[Vector | None]:
        """The vectors, in the order of the keys; None for an unknown entity."""
        ...

    def freshness(self, table: OnlineTable) -> Freshness | None:
        """How fresh a table is; None if it was never written."""
        ...

    def tables(self) -> Mapping[OnlineTable, Freshness]:
        """All tables."""
        ...

    def drop(self, table: OnlineTable) -> None:
        """Forget a table."""
        ...

    def close(self) -> None:
        """Free connections."""
        ...
