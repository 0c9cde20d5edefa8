"""Differences of sequences and maps, and which ancestor a difference is taken from.

A history of n versions is kept as *skip deltas* (the scheme of Subversion's FSFS): version `depth`
is a difference from the version with the lowest set bit of `depth` cleared. Any version is then at
most log2(n) differences away from a whole one, and an append-only history of n entries stores
O(n log n) of them, where a whole copy every so often would store O(n²).

An *edit* of a sequence is a list of what the new one consists of: a pair `[start, stop]` copies
that range of the old one, anything else is a new item (items have more than two parts).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import accumulate
from typing import Any, TypeVar

Item = TypeVar("Item", bound=Hashable)

Edit = list[list[Any]]


def base_depth(depth: int) -> int:
    """The depth of the ancestor that a version of this depth is a difference from.

    >>> [base_depth(depth) for depth in (1, 2, 3, 4, 6, 7, 8)]
    [0, 0, 2, 0, 4, 6, 0]
    """
    return depth & (depth - 1)


def compare(old: Sequence[Item], new: Sequence[Item]) -> list[range | Item]:
    """What `new` consists of: ranges of `old`, and new items. Linear in both.

    >>> compare("abcde", "abxde")
    [range(0, 2), 'x', range(3, 5)]
    """
    shorter = min(len(old), len(new))
    head = _longest(shorter, lambda count: old[:count] == new[:count])
    tail = _longest(
        shorter - head, lambda count: old[len(old) - count :] == new[len(new) - count :]
    )
    found: list[range | Item] = [range(head)] if head else []
    if head + tail < len(new):
        found.extend(_match(old, range(head, len(old) - tail), new[head : len(new) - tail]))
    if tail:
        found.append(range(len(old) - tail, len(old)))
    return found


def _longest(most: int, agree: Callable[[int], bool]) -> int:
    """The largest count up to `most` that agrees, as every smaller one does.

    Comparing slices runs through the same objects in C, a loop over items is ten times slower.
    """
    if agree(most):
        return most
    return bisect_left(range(1, most + 1), True, key=lambda count: not agree(count))


def _match(old: Sequence[Item], window: range, new: Sequence[Item]) -> Iterator[range | Item]:
    where = {old[index]: index for index in window}
    copied: range | None = None
    for item in new:
        index = where.get(item)
        if copied is not None and index == copied.stop:
            copied = range(copied.start, index + 1)
            continue
        if copied is not None:
            yield copied
        copied = None if index is None else range(index, index + 1)
        if index is None:
            yield item
    if copied is not None:
        yield copied


def apply(edit: Edit, items: Edit) -> Edit:
    """The new sequence; `items` is the old one."""
    made: Edit = []
    for entry in edit:
        if len(entry) == 2:
            made.extend(items[entry[0] : entry[1]])
        else:
            made.append(entry)
    return made


def compose(later: Edit, earlier: Edit) -> Edit:
    """The one edit that does what `earlier` and then `later` do."""
    lengths = [entry[1] - entry[0] if len(entry) == 2 else 1 for entry in earlier]
    starts = list(accumulate(lengths, initial=0))
    made: Edit = []
    for entry in later:
        if len(entry) != 2:
            made.append(entry)
            continue
        position, stop = entry
        index = bisect_right(starts, position) - 1
        while position < stop:
            part = earlier[index]
            if len(part) == 2:
                offset = part[0] - starts[index]
                until = min(stop, starts[index + 1])
                _append_range(made, position + offset, until + offset)
            else:
                made.append(part)
            index += 1
            position = starts[index]
    return made


def _append_range(edit: Edit, start: int, stop: int) -> None:
    if edit and len(edit[-1]) == 2 and edit[-1][1] == start:
        edit[-1] = [edit[-1][0], stop]
    else:
        edit.append([start, stop])


def count_new(edit: Sequence[Sequence[Any]]) -> int:
    """How many items an edit carries itself."""
    return sum(len(entry) != 2 for entry in edit)
