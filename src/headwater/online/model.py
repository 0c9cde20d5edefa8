"""What an online store keeps: for each feature set one vector an entity, and how fresh they are.

A vector is a tuple of the view's columns in order: float, str or None, exactly as a model of the
batch side sees them. A *table* is one view under one digest of its meaning, so that a changed view
is filled beside the old one and taken up at once.

Stores keep texts and bytes; `online.codec` makes them of keys and vectors.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol

Value = float | str | None
Vector = tuple[Value, ...]
Key = tuple[object, ...]  # of one entity: integers or texts, in the order of its key columns

#: One entity as stores keep it: its key and its vector, encoded.
Entry = tuple[str, bytes]


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

    def to_json(self) -> str:
        """As text, for stores."""
        return json.dumps(asdict(self), default=datetime.isoformat)

    @classmethod
    def from_json(cls, text: str | bytes) -> Freshness:
        """What `to_json` wrote; raises `DamagedError` for anything else."""
        try:
            said = json.loads(text)
            return cls(
                at=datetime.fromisoformat(said["at"]),
                release=int(said["release"]),
                computed_at=datetime.fromisoformat(said["computed_at"]),
                entities=int(said["entities"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedError(f"the store's freshness cannot be read: {error}") from None


@dataclass(frozen=True, slots=True)
class Found:
    """What one reading of a table found: vectors in the order of the keys, all of one freshness."""

    freshness: Freshness | None  # None: the table was never written
    vectors: tuple[bytes | None, ...]  # None: an unknown entity


class OnlineError(Exception):
    """The store cannot be reached, or what it says cannot be read."""


class DamagedError(OnlineError):
    """What the store keeps is broken: `clear` it and fill it anew."""


class OnlineStore(Protocol):
    """Vectors by key. Reading is safe from many threads; one writer at a time.

    Every method raises `OnlineError` where the store is down.
    """

    def write(
        self,
        table: OnlineTable,
        changed: Iterable[Entry],
        gone: Iterable[str],
        freshness: Freshness,
    ) -> None:
        """Replace and remove vectors, then say how fresh all are now: readers see all or none."""
        ...

    def read(self, table: OnlineTable, keys: Sequence[str]) -> Found:
        """The vectors and their freshness, both of one moment."""
        ...

    def entries(self, table: OnlineTable) -> Iterator[Sequence[Entry]]:
        """Everything in a table, in batches."""
        ...

    def tables(self) -> Mapping[OnlineTable, Freshness]:
        """All tables."""
        ...

    def drop(self, table: OnlineTable) -> None:
        """Forget a table."""
        ...

    def clear(self) -> None:
        """Forget everything, also where it cannot be read."""
        ...

    def close(self) -> None:
        """Free connections."""
        ...
