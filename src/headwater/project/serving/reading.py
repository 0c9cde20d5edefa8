"""Vectors from a store that may be down: what was read last stays in memory, and stands in."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from headwater.online.codec import decode_vector
from headwater.online.model import Freshness, OnlineError, OnlineStore, OnlineTable, Vector

#: How long a store that was down is left alone, so that not every request waits for it.
_PAUSE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Kept:
    """One entity's vector, and of which moment it is."""

    vector: Vector
    freshness: Freshness


@dataclass(frozen=True, slots=True)
class Looked:
    """What is known of some entities; None for an unknown one."""

    kept: tuple[Kept | None, ...]
    freshness: Freshness | None  # of the table now; None: never filled, or down
    is_down: bool = False


class StoreReader:
    """Reads a store, and remembers the `most` entities that were read last.

    One is shared by all runtimes of a process, so that a new release forgets nothing.
    """

    def __init__(self, store: OnlineStore, *, most: int = 50_000) -> None:
        self.store = store
        self._most = most
        self._remembered: dict[tuple[OnlineTable, str], tuple[bytes, Freshness]] = {}
        self._lock = threading.Lock()
        self._down_until_s = 0.0

    def read(self, table: OnlineTable, keys: Sequence[str]) -> Looked:
        """The vectors now; those remembered where the store is down."""
        if time.monotonic() < self._down_until_s:
            return self._recall(table, keys)
        try:
            found = self.store.read(table, keys)
            fresh = found.freshness
            if fresh is None:
                return Looked((None,) * len(keys), None)
            kept = tuple(
                None if vector is None else Kept(decode_vector(vector), fresh)
                for vector in found.vectors
            )
        except OnlineError:
            self._down_until_s = time.monotonic() + _PAUSE_S
            return self._recall(table, keys)
        with self._lock:
            for key, vector in zip(keys, found.vectors, strict=True):
                self._remembered.pop((table, key), None)
                if vector is not None:
                    self._remembered[table, key] = (vector, fresh)
            while len(self._remembered) > self._most:
                del self._remembered[next(iter(self._remembered))]
        return Looked(kept, fresh)

    def _recall(self, table: OnlineTable, keys: Sequence[str]) -> Looked:
        with self._lock:
            found = [self._remembered.get((table, key)) for key in keys]
        kept = tuple(
            None if each is None else Kept(decode_vector(each[0]), each[1]) for each in found
        )
        return Looked(kept, None, is_down=True)
