"""Joins: which keep the rows of one side, and what the other side's columns depend on."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.ids import digest
from headwater.sql.expressions import evaluate, evaluate_all
from headwater.sql.operators import Join
from headwater.sql.relations import Key, Reads, Rows, Value, pick, smallest, union


def join(operator: Join, left: Rows, right: Rows) -> Rows:
    """The joined rows.

    A join that neither drops nor repeats the rows of one side (a scalar subquery, EXISTS, an ASOF
    LEFT, a LEFT onto a key of the right side, a one-row subquery) keeps that side as it is.
    """
    sides = [
        (evaluate(c.left, left.columns), evaluate(c.right, right.columns), c)
        for c in operator.comparisons
    ]
    both = (*left.columns, *right.columns)
    others = evaluate_all(operator.conditions, both)
    shape = sorted([(a.hash, b.hash, c.operator) for a, b, c in sides])
    more = sorted([value.hash for value in others])
    reads = union([a for a, _, _ in sides] + [b for _, b, _ in sides] + list(others))
    match = digest(operator.flavour, operator.kind, shape, more, right.hash)
    equal = [(a.hash, b.hash) for a, b, c in sides if c.is_equality]
    matched = _Matched(operator, left, right, match, reads)
    if operator.flavour == "positional":
        return matched.side_by_side(digest("positional", left.order, right.hash, right.order), ())
    kind = operator.kind
    if kind in ("SEMI", "ANTI"):
        return matched.reduced(left, operator.left_kept)
    if kind in ("RIGHT_SEMI", "RIGHT_ANTI"):
        return matched.reduced(right, operator.right_kept)
    if kind == "MARK":
        mark = Value(digest("mark", match), reads | right.reads)
        return left.with_columns((*pick(left.columns, operator.left_kept), mark))
    one_match = right.is_unique([b for _, b in equal]) or operator.flavour == "asof"
    if kind == "SINGLE" or (kind == "LEFT" and one_match) or (kind == "INNER" and _always(matched)):
        return matched.onto_left()
    if kind == "INNER" and operator.flavour == "cross" and left.one_row:
        return matched.onto_right()
    return matched.side_by_side(match, _keys(kind, left, right, equal, one_match))


def _always(matched: _Matched) -> bool:
    """Whether every left row meets exactly one right row."""
    return matched.operator.flavour == "cross" and matched.right.one_row


class _Matched:
    """Two sides and the condition between them."""

    __slots__ = ("left", "match", "operator", "reads", "right")

    def __init__(self, operator: Join, left: Rows, right: Rows, match: str, reads: Reads) -> None:
        self.operator = operator
        self.left = left
        self.right = right
        self.match = match
        self.reads = reads

    def reduced(self, side: Rows, kept: tuple[int, ...] | None) -> Rows:
        """The rows of one side for which there is a match, or none."""
        return Rows(
            hash=digest("reduced", self.operator.kind, self.left.hash, self.match),
            columns=pick(side.columns, kept),
            reads=self.left.reads | self.right.reads | self.reads,
            keys=side.keys,
            order=side.order,
            order_reads=side.order_reads,
        )

    def onto_left(self) -> Rows:
        """All left rows once, with the right columns of their match."""
        added = self._added(self.right, self.operator.right_kept, self.match)
        return self._kept(self.left, (*pick(self.left.columns, self.operator.left_kept), *added))

    def onto_right(self) -> Rows:
        """All right rows once, with the one left row."""
        match = digest("onto right", self.left.hash)
        added = self._added(self.left, self.operator.left_kept, match)
        return self._kept(self.right, (*added, *pick(self.right.columns, self.operator.right_kept)))

    def side_by_side(self, match: str, keys: Sequence[Key]) -> Rows:
        """Columns of both over rows of their own; sides are tagged, or self-joins collide."""
        columns = [v.tagged("left") for v in pick(self.left.columns, self.operator.left_kept)]
        columns += [v.tagged("right") for v in pick(self.right.columns, self.operator.right_kept)]
        reads = self.left.reads | self.right.reads | self.reads
        if self.operator.flavour == "positional":
            reads |= self.left.order_reads | self.right.order_reads
        hashed = digest("join", self.left.hash, match)
        return Rows(hash=hashed, columns=tuple(columns), reads=reads, keys=smallest(keys))

    def _added(self, side: Rows, kept: tuple[int, ...] | None, match: str) -> list[Value]:
        more = side.reads | self.reads
        return [
            Value(digest("matched", match, value.hash), value.reads | more, value.origin)
            for value in pick(side.columns, kept)
        ]

    def _kept(self, side: Rows, columns: tuple[Value, ...]) -> Rows:
        return Rows(
            hash=side.hash,
            columns=columns,
            reads=side.reads,
            keys=side.keys,
            order=side.order,
            order_reads=side.order_reads,
            one_row=side.one_row,
        )


def _keys(
    kind: str, left: Rows, right: Rows, equal: list[tuple[str, str]], one_match: bool
) -> list[Key]:
    """Keys of an ordinary join, in the tagged hashes of its result."""
    lefts = [_tagged("left", key) for key in left.keys]
    rights = [_tagged("right", key) for key in right.keys]
    keys = [a | b for a in lefts for b in rights]
    if kind in ("INNER", "LEFT") and one_match:
        keys += lefts
    if kind in ("INNER", "RIGHT") and left.is_unique([a for a, _ in equal]):
        keys += rights
    if kind == "INNER":
        for a, b in equal:
            old, new = Value(a).tagged("left").hash, Value(b).tagged("right").hash
            keys += [key - {old} | {new} for key in keys if old in key]
            keys += [key - {new} | {old} for key in keys if new in key]
    return keys


def _tagged(side: str, key: Key) -> Key:
    return frozenset(Value(item).tagged(side).hash for item in key)
