"""The newest values of a series, kept in order."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque


class Window:
    """The newest `size` values in order of size; each new value costs a binary search.

    >>> window = Window(3)
    >>> for value in (5.0, 1.0, 2.0, 4.0):
    ...     window.add(value)
    >>> window.median(), window.ordered
    (2.0, [1.0, 2.0, 4.0])
    """

    __slots__ = ("_newest", "_room", "ordered")

    def __init__(self, size: int) -> None:
        self._room = size
        self._newest: deque[float] = deque()
        self.ordered: list[float] = []

    def __len__(self) -> int:
        return len(self.ordered)

    def add(self, value: float) -> None:
        """Take in a value, and forget the oldest where there are too many."""
        ordered, newest = self.ordered, self._newest
        if self._room:
            self._room -= 1
        else:
            del ordered[bisect_left(ordered, newest.popleft())]
        newest.append(value)
        insort(ordered, value)

    def median(self) -> float:
        """The median of what is there."""
        ordered = self.ordered
        half = len(ordered) >> 1
        return ordered[half] if len(ordered) & 1 else (ordered[half - 1] + ordered[half]) / 2
