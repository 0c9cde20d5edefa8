"""What is known, symbolically, of the rows and columns that an operator of the plan yields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from headwater.ids import digest

#: More unique keys than these are forgotten; a query seldom has use for the next one.
MOST_KEYS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of an upstream or of a result: its name and DuckDB's text of its type."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """An upstream as SQL sees it.

    `time` is the column that says which day a row belongs to; `key` the columns that are declared
    and enforced to be unique together (empty where none are).
    """

    name: str
    columns: tuple[Column, ...]
    time: str | None = None
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Read:
    """A column of an upstream, or with `column=None` its rows: which there are, and how many."""

    relation: str
    column: str | None

    def sort_key(self) -> tuple[str, str]:
        """Rows before columns, so that mixed reads can be sorted."""
        return self.relation, self.column or ""


Reads = frozenset[Read]
NOTHING: Reads = frozenset()
Key = frozenset[str]


@dataclass(frozen=True, slots=True)
class Value:
    """A column inside the plan: equal hashes over equal rows mean equal values.

    `reads` are the upstream columns that it depends on beyond the rows; `origin` the one that it
    passes through unchanged.
    """

    hash: str
    reads: Reads = NOTHING
    origin: Read | None = None

    def tagged(self, *tags: str) -> Value:
        """The same values seen through an operator, as those of the left side of a join."""
        return Value(digest(*tags, self.hash), self.reads, self.origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of an operator, with its columns.

    `keys` are sets of column hashes that no two rows share; `order` the pending order, which
    aggregates of ordered subqueries see, and `sorted_by` its columns where SQL promises it;
    `one_row` says that there is exactly one row.
    """

    hash: str
    columns: tuple[Value, ...]
    reads: Reads = NOTHING
    keys: tuple[Key, ...] = ()
    order: str = ""
    order_reads: Reads = NOTHING
    sorted_by: Key | None = None
    one_row: bool = False

    def with_columns(self, columns: Iterable[Value]) -> Rows:
        """The same rows with other columns."""
        return replace(self, columns=tuple(columns))

    def is_unique(self, hashes: Iterable[str]) -> bool:
        """Whether no two rows agree in all of these columns."""
        known = frozenset(hashes)
        return any(key <= known for key in self.keys)


def pick(columns: Sequence[Value], kept: tuple[int, ...] | None) -> tuple[Value, ...]:
    """The columns that an operator keeps."""
    return tuple(columns) if kept is None else tuple([columns[i] for i in kept])


def union(values: Iterable[Value]) -> Reads:
    """What any of the values reads."""
    return NOTHING.union(*[value.reads for value in values])


def smallest(keys: Iterable[Key]) -> tuple[Key, ...]:
    """The keys without those that contain another, shortest first."""
    kept: list[Key] = []
    for key in sorted(set(keys), key=lambda k: (len(k), sorted(k))):
        if not any(other <= key for other in kept):
            kept.append(key)
    return tuple(kept[:MOST_KEYS])
