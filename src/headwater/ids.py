"""Names of nodes, and spans of event time.

A `DataInterval` is half-open and in UTC. An `IntervalMap` says a value for each instant of a set of
disjoint intervals; it holds runs of equal values, never a row a day, so twelve thousand days that
agree are one entry.
"""

from __future__ import annotations

import bisect
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

Value = TypeVar("Value")
Other = TypeVar("Other")
Result = TypeVar("Result")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def digest(*parts: object) -> str:
    """A short stable hash of nested tuples of strings and numbers (96 bits, hexadecimal)."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()


def is_name(text: str) -> bool:
    """Whether `text` may name a node: letters, digits and underscores, no digit first."""
    return _NAME.match(text) is not None


@dataclass(frozen=True, slots=True, order=True)
class NodeId:
    """The id of a node, as in `table.sales`."""

    kind: str
    name: str

    @classmethod
    def parse(cls, text: str) -> NodeId:
        """Read `kind.name`; raises `ValueError` for anything else.

        >>> NodeId.parse("table.sales")
        NodeId(kind='table', name='sales')
        """
        kind, dot, name = text.partition(".")
        if not dot or not kind or not name:
            raise ValueError(f"`{text}` is not of the form kind.name")
        return cls(kind, name)

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"


MIN_TIME = datetime(1, 1, 1, tzinfo=UTC)
MAX_TIME = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class DataInterval:
    """A half-open span of event time `[start, end)`, both aware and in UTC."""

    start: datetime
    end: datetime

    def overlaps(self, other: DataInterval) -> bool:
        """Whether the two share an instant."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: DataInterval) -> bool:
        """Whether `other` lies wholly inside."""
        return self.start <= other.start and other.end <= self.end

    def intersect(self, other: DataInterval) -> DataInterval | None:
        """The shared span, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return DataInterval(start, end) if start < end else None


#: The interval of everything: of nodes without a time, and of unbounded requests.
ALL_TIME = DataInterval(MIN_TIME, MAX_TIME)


@dataclass(frozen=True, slots=True)
class IntervalMap(Generic[Value]):
    """Disjoint intervals in order of time, each with a value; neighbours with equal values are one.

    >>> day = lambda n: datetime(2011, 11, n, tzinfo=UTC)
    >>> m = IntervalMap.of([(DataInterval(day(1), day(5)), "a")])
    >>> [(i.start.day, i.end.day, v) for i, v in m.put(DataInterval(day(2), day(3)), "b")]
    [(1, 2, 'a'), (2, 3, 'b'), (3, 5, 'a')]
    """

    entries: tuple[tuple[DataInterval, Value], ...] = ()

    @classmethod
    def of(cls, entries: Iterable[tuple[DataInterval, Value]]) -> IntervalMap[Value]:
        """From disjoint entries in any order; equal neighbours are joined."""
        joined: list[tuple[DataInterval, Value]] = []
        for interval, value in sorted(entries, key=lambda entry: entry[0]):
            if joined and joined[-1][0].end == interval.start and joined[-1][1] == value:
                joined[-1] = (DataInterval(joined[-1][0].start, interval.end), value)
            else:
                joined.append((interval, value))
        return cls(tuple(joined))

    def __iter__(self) -> Iterator[tuple[DataInterval, Value]]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __bool__(self) -> bool:
        return bool(self.entries)

    @property
    def hull(self) -> DataInterval | None:
        """From the first start to the last end; None where nothing is mapped."""
        if not self.entries:
            return None
        return DataInterval(self.entries[0][0].start, self.entries[-1][0].end)

    @property
    def intervals(self) -> tuple[DataInterval, ...]:
        """The mapped intervals; neighbours with different values stay apart."""
        return tuple(interval for interval, _ in self.entries)

    def within(self, window: DataInterval) -> Sequence[tuple[DataInterval, Value]]:
        """The entries that overlap `window`, clipped to it."""
        first = bisect.bisect_right(self.entries, window.start, key=lambda e: e[0].end)
        found: list[tuple[DataInterval, Value]] = []
        for interval, value in self.entries[first:]:
            if interval.start >= window.end:
                break
            clipped = interval.intersect(window)
            if clipped is not None:
                found.append((clipped, value))
        return found

    def at(self, instant: datetime) -> Value | None:
        """The value at one instant, or None."""
        index = bisect.bisect_right(self.entries, instant, key=lambda e: e[0].start) - 1
        if index < 0 or self.entries[index][0].end <= instant:
            return None
        return self.entries[index][1]

    def put(self, interval: DataInterval, value: Value) -> IntervalMap[Value]:
        """With `value` on the whole of `interval`, whatever was there."""
        return IntervalMap.of([*self.without(interval), (interval, value)])

    def without(self, interval: DataInterval) -> IntervalMap[Value]:
        """With nothing mapped on `interval`."""
        kept: list[tuple[DataInterval, Value]] = []
        for own, value in self.entries:
            if not own.overlaps(interval):
                kept.append((own, value))
                continue
            if own.start < interval.start:
                kept.append((DataInterval(own.start, interval.start), value))
            if interval.end < own.end:
                kept.append((DataInterval(interval.end, own.end), value))
        return IntervalMap.of(kept)

    def overlay(self, newer: IntervalMap[Value]) -> IntervalMap[Value]:
        """`newer` where it says something, this map elsewhere; one pass over both."""
        if not newer:
            return self
        left = self.minus(newer)
        return IntervalMap.of([*left, *newer])

    def minus(self, covered: IntervalMap[Other]) -> IntervalMap[Value]:
        """This map where `covered` says nothing."""
        kept: list[tuple[DataInterval, Value]] = []
        cuts = covered.intervals
        index = 0
        for own, value in self.entries:
            start = own.start
            while index < len(cuts) and cuts[index].end <= start:
                index += 1
            probe = index
            while probe < len(cuts) and cuts[probe].start < own.end:
                if start < cuts[probe].start:
                    kept.append((DataInterval(start, cuts[probe].start), value))
                start = max(start, cuts[probe].end)
                probe += 1
            if start < own.end:
                kept.append((DataInterval(start, own.end), value))
        return IntervalMap.of(kept)

    def map(self, change: Callable[[Value], Result]) -> IntervalMap[Result]:
        """The same intervals with other values; neighbours that become equal are joined."""
        return IntervalMap.of((interval, change(value)) for interval, value in self.entries)

    def where(self, keep: Callable[[Value], bool]) -> IntervalMap[Value]:
        """Only the entries whose value `keep` accepts."""
        return IntervalMap(tuple(entry for entry in self.entries if keep(entry[1])))


def join_intervals(intervals: Iterable[DataInterval]) -> tuple[DataInterval, ...]:
    """The same instants as disjoint intervals in order; overlaps and neighbours are joined."""
    joined: list[DataInterval] = []
    for interval in sorted(intervals):
        if joined and interval.start <= joined[-1].end:
            joined[-1] = DataInterval(joined[-1].start, max(joined[-1].end, interval.end))
        else:
            joined.append(interval)
    return tuple(joined)
