"""Answers that are worked out once: the newest few, by everything that they depend on."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """The answers given last; safe in many threads.

    >>> kept = Remembered[int, str](most=1)
    >>> kept.get(1, lambda: "one"), kept.get(1, lambda: "another"), len(kept)
    ('one', 'one', 1)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key, work: Callable[[], Value]) -> Value:
        """The answer to a key, worked out where it is not known."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        found = work()
        with self._lock:
            self._known[key] = found
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return found

    def __len__(self) -> int:
        return len(self._known)
