"""Which columns carry which day, operator by operator from the scans up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

from headwater.sql import operators as op
from headwater.sql.days import Days, Equalities, Mark, Marks, is_temporal, mark, whole
from headwater.sql.lineage import Schema
from headwater.sql.operators import Operator


class Marking:
    """The marks of every operator's columns, by the operator's identity.

    `exact` marks only the very time, not another time of the same day. `pairs` are the variables
    that a join's condition equates, left and right; `definitions` the named queries by index.
    """

    def __init__(self, root: Operator, schema: Schema, *, exact: bool) -> None:
        self.exact = exact
        self.schema = schema
        self.numbers = count()
        self.days: dict[int, Days] = {}
        self.pairs: dict[int, list[tuple[int, int]]] = {}
        self.definitions: dict[int, tuple[str, Operator]] = {}
        self._mark_all(root)

    def of(self, operator: Operator) -> Days:
        """The marks of one operator."""
        return self.days[id(operator)]

    def _mark_all(self, operator: Operator) -> Days:
        """The marks of an operator's columns, after those of its children."""
        if isinstance(operator, op.Cte):
            self._mark_all(operator.children[0])
            self.definitions[operator.index] = (operator.name, operator.children[0])
            days = self._mark_all(operator.children[1])
        elif isinstance(operator, op.RecursiveCte):
            days = Days((None,) * len(self._mark_all(operator.children[0]).columns))
            self._mark_all(operator.children[1])
        else:
            days = self._mark(operator, [self._mark_all(child) for child in operator.children])
        self.days[id(operator)] = days
        return days

    def _mark(self, operator: Operator, inputs: Sequence[Days]) -> Days:
        match operator:
            case op.Scan():
                return Days(self._scanned(operator))
            case op.CteScan():
                return self._referred(operator)
            case op.DelimScan():
                return Days(tuple([Mark(next(self.numbers)) for _ in range(operator.width)]))
            case op.Join():
                return self._joined(operator, *inputs)
            case op.SetOperation():
                return self._united(inputs)
            case op.Literal():
                return Days((None,) * operator.width)
            case op.Values():
                return Days((None,) * len(operator.rows[0]))
            case op.TableFunction():
                kept = [inputs[0].columns[i] for i in operator.kept] if inputs else []
                equal: Equalities = inputs[0].equal if inputs else frozenset()
                return Days((*[None] * len(operator.columns), *kept), equal)
        (source,) = inputs
        return Days(self._passed_on(operator, source.columns), self._agreeing(operator, source))

    def _passed_on(self, operator: Operator, columns: Marks) -> Marks:
        """The marks after an operator with one input."""
        match operator:
            case op.Project():
                return tuple([mark(e, columns, self.exact) for e in operator.expressions])
            case op.Filter() | op.Sort():
                return (
                    columns if operator.kept is None else tuple([columns[i] for i in operator.kept])
                )
            case op.Aggregate():
                groups = [mark(group, columns, self.exact) for group in operator.groups]
                always = set(range(len(groups))).intersection(*operator.sets)
                kept = [found if i in always else None for i, found in enumerate(groups)]
                return (*kept, *[None] * (len(operator.aggregates) + len(operator.groupings)))
            case op.Window() | op.Unnest():
                return (*columns, *[None] * len(operator.expressions))
        return columns

    def _agreeing(self, operator: Operator, source: Days) -> Equalities:
        """Which variables agree; a filter may add some."""
        if not isinstance(operator, op.Filter):
            return source.equal
        added = set()
        for condition in operator.conditions:
            if condition.get("type") in ("COMPARE_EQUAL", "COMPARE_NOT_DISTINCT_FROM"):
                pair = whole([mark(c, source.columns, self.exact) for c in condition["children"]])
                if len(pair) == 2:
                    added.add(pair)
        return source.equal | added

    def _scanned(self, operator: op.Scan) -> Marks:
        types = {c.name: c.type for c in self.schema[operator.relation.casefold()].columns}
        return tuple(
            [
                Mark(next(self.numbers)) if name and is_temporal(types[name]) else None
                for name in operator.columns
            ]
        )

    def _referred(self, operator: op.CteScan) -> Days:
        """A reference has variables of its own, or a self-join would make its sides agree."""
        if operator.index not in self.definitions:
            return Days((None,) * operator.width)
        source = self.days[id(self.definitions[operator.index][1])]
        own: dict[int, int] = {}
        for pair in (*source.equal, whole(source.columns)):
            for day in pair:
                own.setdefault(day, next(self.numbers))
        columns = tuple(
            [Mark(own[m.day]) if m and m.part is None else None for m in source.columns]
        )
        equal = frozenset(frozenset(own[day] for day in pair) for pair in source.equal)
        links = tuple([(new, (old,)) for old, new in own.items()])
        return Days(columns, equal, links)

    def _united(self, inputs: Sequence[Days]) -> Days:
        own: dict[tuple[int, ...], int] = {}
        columns: list[Mark | None] = []
        for marks in zip(*[days.columns for days in inputs], strict=True):
            days = tuple([m.day for m in marks if m is not None and m.part is None])
            if len(days) < len(inputs):
                columns.append(None)
                continue
            columns.append(Mark(own.setdefault(days, next(self.numbers))))
        return Days(tuple(columns), links=tuple([(new, old) for old, new in own.items()]))

    def _joined(self, operator: op.Join, left: Days, right: Days) -> Days:
        pairs: list[tuple[int, int]] = []
        alone = len(operator.comparisons) == 1
        for comparison in operator.comparisons:
            # A null on the right makes NOT IN unknown for every left row, unless it is correlated.
            loose = operator.kind == "MARK" and comparison.operator == "COMPARE_EQUAL" and not alone
            a = mark(comparison.left, left.columns, self.exact)
            b = mark(comparison.right, right.columns, self.exact)
            if (
                comparison.is_equality
                and not loose
                and a
                and b
                and a.part is None
                and b.part is None
            ):
                pairs.append((a.day, b.day))
        self.pairs[id(operator)] = pairs
        lefts, rights = _kept(left, operator.left_kept), _kept(right, operator.right_kept)
        match operator.kind:
            case "SEMI" | "ANTI":
                return Days(lefts, left.equal)
            case "RIGHT_SEMI" | "RIGHT_ANTI":
                return Days(rights, right.equal)
            case "MARK":
                return Days((*lefts, None), left.equal)
            case "LEFT" | "SINGLE":
                across = {b: a for a, b in pairs}
                return Days((*lefts, *self._parts(rights, across, "right")), left.equal)
            case "RIGHT":
                return Days((*self._parts(lefts, dict(pairs), "left"), *rights), right.equal)
            case "INNER":
                equal = left.equal | right.equal | {frozenset(p) for p in pairs if p[0] != p[1]}
                return Days((*lefts, *rights), equal)
            case "FULL" | "OUTER":
                return self._outer_joined(pairs, lefts, rights)
        return Days((None,) * (len(lefts) + len(rights)))

    def _outer_joined(self, pairs: list[tuple[int, int]], lefts: Marks, rights: Marks) -> Days:
        own = {pair: next(self.numbers) for pair in pairs}
        join = next(self.numbers)
        from_left = {pair[0]: new for pair, new in own.items()}
        from_right = {pair[1]: new for pair, new in own.items()}
        columns = (
            *self._parts(lefts, from_left, "left", join),
            *self._parts(rights, from_right, "right", join),
        )
        return Days(columns, links=tuple([(new, pair) for pair, new in own.items()]))

    def _parts(
        self, marks: Marks, across: Mapping[int, int], side: str, join: int | None = None
    ) -> Marks:
        """Columns of a side that may be missing: that day, or null."""
        number = next(self.numbers) if join is None else join
        return tuple(
            [
                Mark(across[m.day], (number, side))
                if m is not None and m.part is None and m.day in across
                else None
                for m in marks
            ]
        )


def _kept(days: Days, chosen: tuple[int, ...] | None) -> Marks:
    return days.columns if chosen is None else tuple([days.columns[i] for i in chosen])
