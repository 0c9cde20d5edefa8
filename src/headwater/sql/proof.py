"""How far the restriction to one day reaches, from the result down to the scans."""

from __future__ import annotations

from collections.abc import Iterable

from headwater.sql import operators as op
from headwater.sql.days import Days, mark, whole
from headwater.sql.marking import Marking
from headwater.sql.operators import Expression, Operator

NONE: frozenset[int] = frozenset()
_LEFT_KEEPING = ("LEFT", "SINGLE", "MARK", "SEMI", "ANTI")
_RIGHT_KEEPING = ("RIGHT", "RIGHT_SEMI", "RIGHT_ANTI")


class Proof:
    """One run of the proof, for whole days or for the very time.

    `crossing` are the upstreams that the restriction does not reach everywhere, each with the
    operator that stopped it (None: it never began); `culprits` the expression of such an operator.
    `is_restricted` says that over inputs so cut every row of the result is of the day.
    """

    def __init__(self, root: Operator, index: int, marking: Marking) -> None:
        self.marking = marking
        self.schema = marking.schema
        self.wanted: dict[int, list[tuple[frozenset[int], Operator | None]]] = {}
        self.pushed: dict[int, frozenset[int]] = {}
        self.crossing: dict[str, Operator | None] = {}
        self.culprits: dict[int, Expression] = {}
        self.exempt = False
        found = marking.of(root).columns[index]
        start = frozenset([found.day]) if found is not None and found.part is None else NONE
        self._push(root, start, None)
        self.is_restricted = bool(start) and self._restricts(root)

    def _push(self, operator: Operator, wanted: Iterable[int], cause: Operator | None) -> None:
        """Restrict the rows to those whose `wanted` variables are the day."""
        days = self.marking.of(operator)
        known = days.closed(wanted)
        self.pushed[id(operator)] = known
        match operator:
            case op.Scan():
                self._reach(operator, days, known, cause)
            case op.CteScan():
                if operator.index in self.marking.definitions and not self.exempt:
                    links = dict(days.links)
                    inner = frozenset(links[day][0] for day in known if day in links)
                    self.wanted.setdefault(operator.index, []).append((inner, cause))
            case op.Cte():
                self._push_cte(operator, known, cause)
            case op.Join():
                self._push_join(operator, known, cause)
            case op.SetOperation():
                for number, child in enumerate(operator.children):
                    inner = frozenset(old[number] for new, old in days.links if new in known)
                    self._push(child, inner, cause if inner or not known else operator)
            case _:
                inner = self._through(operator, known)
                for child in operator.children:
                    self._push(child, inner, operator if known and not inner else cause)

    def _reach(
        self, operator: op.Scan, days: Days, known: frozenset[int], cause: Operator | None
    ) -> None:
        relation = self.schema[operator.relation.casefold()]
        if relation.time is None:
            return
        time = relation.time.casefold()
        for name, found in zip(operator.columns, days.columns, strict=True):
            if name and name.casefold() == time and found and found.day in known:
                return
        self.crossing.setdefault(relation.name.casefold(), cause)

    def _through(self, operator: Operator, known: frozenset[int]) -> frozenset[int]:
        """What remains of the restriction below an operator with one input."""
        match operator:
            case op.Limit() | op.Sample() | op.RecursiveCte():
                return NONE
            case op.Aggregate():
                return known & whole(self.marking.of(operator).columns)
            case op.Distinct():
                columns = self.marking.of(operator).columns
                return known & whole(
                    [mark(t, columns, self.marking.exact) for t in operator.targets]
                )
            case op.Window():
                columns = self.marking.of(operator.children[0]).columns
                for expression in operator.expressions:
                    partitions = expression.get("partitions", ())
                    if not partitions and _is_identity(expression):
                        continue
                    known &= whole([mark(p, columns, self.marking.exact) for p in partitions])
                    if not known:
                        self.culprits.setdefault(id(operator), expression)
        return known

    def _push_cte(self, operator: op.Cte, known: frozenset[int], cause: Operator | None) -> None:
        definition, body = operator.children
        self._push(body, known, cause)
        uses = self.wanted.get(operator.index, [])
        if not uses:
            self.pushed[id(definition)] = NONE
            return
        inner = frozenset.intersection(*[days for days, _ in uses])
        reasons = [why for days, why in uses if not days] or [operator]
        outer, self.exempt = self.exempt, _is_dedup(operator)
        self._push(definition, inner, reasons[0])
        self.exempt = outer

    def _push_join(self, operator: op.Join, known: frozenset[int], cause: Operator | None) -> None:
        left, right = operator.children
        pairs = self.marking.pairs[id(operator)]
        if operator.flavour == "positional":
            lefts = rights = NONE
        elif operator.kind in _LEFT_KEEPING:
            lefts = self.marking.of(left).closed(known)
            rights = frozenset(b for a, b in pairs if a in lefts)
        elif operator.kind in _RIGHT_KEEPING:
            rights = self.marking.of(right).closed(known)
            lefts = frozenset(a for a, b in pairs if b in rights)
        elif operator.kind == "INNER":
            lefts, rights = self._own(left, known), self._own(right, known)
        else:
            links = [old for new, old in self.marking.of(operator).links if new in known]
            lefts, rights = frozenset(a for a, _ in links), frozenset(b for _, b in links)
        for child, inner in ((left, lefts), (right, rights)):
            self._push(child, inner, cause if inner or not known else _blamed(child, operator))

    def _own(self, operator: Operator, known: frozenset[int]) -> frozenset[int]:
        days = self.marking.of(operator)
        return known & (whole(days.columns).union(*days.equal))

    def _restricts(self, operator: Operator) -> bool:
        """Whether, once inputs are cut, every row left is of the day."""
        known = self.pushed[id(operator)]
        if not known:
            return False
        match operator:
            case op.Scan():
                name = operator.relation.casefold()
                return self.schema[name].time is not None and name not in self.crossing
            case op.CteScan():
                known_as = self.marking.definitions.get(operator.index)
                return known_as is not None and self._restricts(known_as[1])
            case op.Cte():
                return self._restricts(operator.children[1])
            case op.Join():
                return self._join_restricts(operator)
            case op.SetOperation():
                sides = [self._restricts(child) for child in operator.children]
                return sides[0] if operator.kind == "EXCEPT" else all(sides)
            case op.Literal() | op.DelimScan() | op.Values() | op.RecursiveCte():
                return False
        return bool(operator.children) and self._restricts(operator.children[0])

    def _join_restricts(self, operator: op.Join) -> bool:
        left, right = operator.children
        if operator.kind in _LEFT_KEEPING:
            return self._restricts(left) or (operator.kind == "SEMI" and self._restricts(right))
        if operator.kind in _RIGHT_KEEPING:
            return self._restricts(right)
        if operator.kind == "INNER":
            return self._restricts(left) or self._restricts(right)
        return self._restricts(left) and self._restricts(right)


def _blamed(side: Operator, join: Operator) -> Operator:
    """A scalar subquery is to blame for its aggregate, not for the join that DuckDB made of it."""
    while isinstance(side, op.Project | op.Filter):
        side = side.children[0]
    return side if isinstance(side, op.Aggregate) and not side.groups else join


def _is_dedup(operator: op.Cte) -> bool:
    """The distinct outer values of a correlated subquery.

    They are joined back to the outer rows, so that cutting those cuts only what nothing asks for.
    """
    definition = operator.children[0]
    return (
        operator.name.startswith(op.DEDUP_PREFIX)
        and isinstance(definition, op.Aggregate)
        and isinstance(definition.children[0], op.CteScan)
    )


def _is_identity(expression: op.Expression) -> bool:
    """The row number that DuckDB gives the outer rows of a correlated subquery."""
    return expression.get("alias") == "limit_rownum" and not expression.get("orders")
