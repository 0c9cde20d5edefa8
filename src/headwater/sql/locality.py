"""The proof that a day of output needs only the same day of an input.

It is predicate push-down. The output is restricted to one day of its time column; the restriction
is pushed through the plan, operator by operator, as a set of day variables that are that day. An
input whose scan it reaches may be cut to the day: the rest of its rows cannot matter. Where an
operator mixes days (an aggregate without the day among its groups, a window without it in its
partition, LIMIT) the restriction stops, and everything below crosses days.

The laws behind it, σ being the restriction to the day: it commutes with filters, projections and
unnest; σ(A ⋈ B) = σA ⋈ σB where the condition says that the days agree, and the same holds for the
right side of left, semi, anti, mark, single and asof joins; groups, partitions and DISTINCT keep
it if the day is among their keys; set operations take it to every side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count

from headwater.sql import plan
from headwater.sql.days import Days, Equalities, Mark, Marks, is_temporal, mark, whole
from headwater.sql.lineage import Derived, Schema
from headwater.sql.locate import NOWHERE, Locator, Position
from headwater.sql.parameters import Translated
from headwater.sql.plan import Expression, Operator, function_name
from headwater.sql.relations import Column, Read
from headwater.sql.template import Alignment, TimeOrigin

NONE: frozenset[int] = frozenset()
_LEFT_KEEPING = ("LEFT", "SINGLE", "MARK", "SEMI", "ANTI")
_RIGHT_KEEPING = ("RIGHT", "RIGHT_SEMI", "RIGHT_ANTI")


def find_alignment(
    derived: Derived,
    text: Translated,
    columns: Sequence[Column],
    time: str | None,
    schema: Schema,
) -> tuple[Mapping[str, Alignment], TimeOrigin]:
    """Every upstream's alignment, by name, and where the output's time comes from."""
    scans = {scan.relation.casefold() for scan in _scans(derived.operator)}
    relations = [relation for name, relation in schema.items() if name in scans]
    found = {r.name: Alignment(kind="timeless") for r in relations if r.time is None}
    timed = [relation for relation in relations if relation.time is not None]
    if not timed:
        return found, "none"
    if time is None:
        reason = "the table has no `time`"
        return found | {r.name: Alignment(kind="crosses", reason=reason) for r in timed}, "none"
    names = [column.name.casefold() for column in columns]
    if time.casefold() not in names:
        reason = f"`{time}` is no column of this table"
        return found | {r.name: Alignment(kind="crosses", reason=reason) for r in timed}, "none"
    index = names.index(time.casefold())
    by_day = _Proof(derived, index, schema, exact=False)
    by_time = _Proof(derived, index, schema, exact=True)
    locator = Locator(text)
    for relation in timed:
        name = relation.name.casefold()
        if name not in by_day.crossing:
            exact = name not in by_time.crossing
            found[relation.name] = Alignment(kind="aligned", exact_time=exact)
            continue
        cause = by_day.crossing[name]
        culprit = by_day.culprits.get(id(cause), {})
        reason, place = _explain(cause, culprit, relation.name, time, locator)
        line, column = place if place != NOWHERE else locator.table(relation.name)
        found[relation.name] = Alignment(kind="crosses", reason=reason, line=line, column=column)
    origin: TimeOrigin = "none"
    if by_day.is_restricted:
        passed = derived.rows.columns[index].origin
        times = {
            Read(r.name, column.name)
            for r in timed
            for column in r.columns
            if column.name.casefold() == str(r.time).casefold()
        }
        aligned = passed in times and found[passed.relation].kind == "aligned"
        origin = "unchanged" if aligned else "day"
    return found, origin


def _scans(operator: Operator) -> Iterable[plan.Scan]:
    if isinstance(operator, plan.Scan):
        yield operator
    for child in operator.children:
        yield from _scans(child)


def _explain(
    cause: Operator | None, culprit: Expression, relation: str, time: str, locator: Locator
) -> tuple[str, Position]:
    """Why the restriction did not reach a scan, and where that stands."""
    match cause:
        case plan.Aggregate():
            calls = [call for call in cause.aggregates if function_name(call)]
            place = locator.call(calls[0]) if calls else NOWHERE
            if cause.groups:
                return "GROUP BY without the day", place
            return "an aggregate over all days", place
        case plan.Window():
            return "window without the day in its PARTITION BY", locator.call(culprit)
        case plan.Distinct():
            return "DISTINCT without the time", locator.word(r"\bdistinct\b")
        case plan.Limit():
            return "LIMIT over all days", locator.limit()
        case plan.Sample():
            return "a sample over all days", locator.word(r"\b(using\s+sample|tablesample)\b")
        case plan.RecursiveCte():
            return "a recursive query", locator.word(r"\brecursive\b")
        case plan.Join():
            return f"`{relation}` is joined without its day", locator.table(relation)
        case plan.SetOperation():
            return "a set operation whose sides do not share the day", locator.table(relation)
        case None:
            reason = f"`{time}` is not the time of an input, nor its day"
            return reason, locator.column(time)
        case _:
            return f"the day of `{relation}` is lost here", locator.table(relation)


class _Proof:
    """One run of the proof, for whole days or for the very time."""

    def __init__(self, derived: Derived, index: int, schema: Schema, *, exact: bool) -> None:
        self.exact = exact
        self.schema = schema
        self.numbers = count()
        self.days: dict[int, Days] = {}
        self.pairs: dict[int, list[tuple[int, int]]] = {}
        self.definitions: dict[int, tuple[str, Operator]] = {}
        self.wanted: dict[int, list[tuple[frozenset[int], Operator | None]]] = {}
        self.pushed: dict[int, frozenset[int]] = {}
        self.crossing: dict[str, Operator | None] = {}
        self.culprits: dict[int, Expression] = {}
        self.exempt = False
        root = derived.operator
        found = self.mark_all(root).columns[index]
        start = frozenset([found.day]) if found is not None and found.part is None else NONE
        self.push(root, start, None)
        self.is_restricted = bool(start) and self.restricts(root)

    # Bottom-up: which columns carry which day.

    def mark_all(self, operator: Operator) -> Days:
        """The marks of an operator's columns, after those of its children."""
        if isinstance(operator, plan.Cte):
            self.mark_all(operator.children[0])
            self.definitions[operator.index] = (operator.name, operator.children[0])
            days = self.mark_all(operator.children[1])
        elif isinstance(operator, plan.RecursiveCte):
            days = Days((None,) * len(self.mark_all(operator.children[0]).columns))
            self.mark_all(operator.children[1])
        else:
            days = self.mark(operator, [self.mark_all(child) for child in operator.children])
        self.days[id(operator)] = days
        return days

    def mark(self, operator: Operator, inputs: Sequence[Days]) -> Days:
        match operator:
            case plan.Scan():
                return Days(self.scanned(operator))
            case plan.CteScan():
                return self.referred(operator)
            case plan.DelimScan():
                return Days(tuple([Mark(next(self.numbers)) for _ in range(operator.width)]))
            case plan.Join():
                return self.joined(operator, *inputs)
            case plan.SetOperation():
                return self.united(inputs)
            case plan.Literal():
                return Days((None,) * operator.width)
            case plan.Values():
                return Days((None,) * len(operator.rows[0]))
            case plan.TableFunction():
                kept = [inputs[0].columns[i] for i in operator.kept] if inputs else []
                equal: Equalities = inputs[0].equal if inputs else frozenset()
                return Days((*[None] * len(operator.columns), *kept), equal)
        (source,) = inputs
        return Days(self.passed_on(operator, source.columns), self.agreeing(operator, source))

    def passed_on(self, operator: Operator, columns: Marks) -> Marks:
        """The marks after an operator with one input."""
        match operator:
            case plan.Project():
                return tuple([mark(e, columns, self.exact) for e in operator.expressions])
            case plan.Filter() | plan.Sort():
                return (
                    columns if operator.kept is None else tuple([columns[i] for i in operator.kept])
                )
            case plan.Aggregate():
                groups = [mark(group, columns, self.exact) for group in operator.groups]
                always = set(range(len(groups))).intersection(*operator.sets)
                kept = [found if i in always else None for i, found in enumerate(groups)]
                return (*kept, *[None] * (len(operator.aggregates) + len(operator.groupings)))
            case plan.Window() | plan.Unnest():
                return (*columns, *[None] * len(operator.expressions))
        return columns

    def agreeing(self, operator: Operator, source: Days) -> Equalities:
        """Which variables agree; a filter may add some."""
        if not isinstance(operator, plan.Filter):
            return source.equal
        added = set()
        for condition in operator.conditions:
            if condition.get("type") in ("COMPARE_EQUAL", "COMPARE_NOT_DISTINCT_FROM"):
                pair = whole([mark(c, source.columns, self.exact) for c in condition["children"]])
                if len(pair) == 2:
                    added.add(pair)
        return source.equal | added

    def scanned(self, operator: plan.Scan) -> Marks:
        types = {c.name: c.type for c in self.schema[operator.relation.casefold()].columns}
        return tuple(
            [
                Mark(next(self.numbers)) if name and is_temporal(types[name]) else None
                for name in operator.columns
            ]
        )

    def referred(self, operator: plan.CteScan) -> Days:
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

    def united(self, inputs: Sequence[Days]) -> Days:
        own: dict[tuple[int, ...], int] = {}
        columns: list[Mark | None] = []
        for marks in zip(*[days.columns for days in inputs], strict=True):
            days = tuple([m.day for m in marks if m is not None and m.part is None])
            if len(days) < len(inputs):
                columns.append(None)
                continue
            columns.append(Mark(own.setdefault(days, next(self.numbers))))
        return Days(tuple(columns), links=tuple([(new, old) for old, new in own.items()]))

    def joined(self, operator: plan.Join, left: Days, right: Days) -> Days:
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
                return Days((*lefts, *self.parts(rights, across, "right")), left.equal)
            case "RIGHT":
                return Days((*self.parts(lefts, dict(pairs), "left"), *rights), right.equal)
            case "INNER":
                equal = left.equal | right.equal | {frozenset(p) for p in pairs if p[0] != p[1]}
                return Days((*lefts, *rights), equal)
            case "FULL" | "OUTER":
                return self.outer_joined(pairs, lefts, rights)
        return Days((None,) * (len(lefts) + len(rights)))

    def outer_joined(self, pairs: list[tuple[int, int]], lefts: Marks, rights: Marks) -> Days:
        own = {pair: next(self.numbers) for pair in pairs}
        join = next(self.numbers)
        from_left = {pair[0]: new for pair, new in own.items()}
        from_right = {pair[1]: new for pair, new in own.items()}
        columns = (
            *self.parts(lefts, from_left, "left", join),
            *self.parts(rights, from_right, "right", join),
        )
        return Days(columns, links=tuple([(new, pair) for pair, new in own.items()]))

    def parts(
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

    # Top-down: how far the restriction to one day reaches.

    def push(self, operator: Operator, wanted: Iterable[int], cause: Operator | None) -> None:
        """Restrict the rows to those whose `wanted` variables are the day."""
        days = self.days[id(operator)]
        known = days.closed(wanted)
        self.pushed[id(operator)] = known
        match operator:
            case plan.Scan():
                self.reach(operator, days, known, cause)
            case plan.CteScan():
                if operator.index in self.definitions and not self.exempt:
                    links = dict(days.links)
                    inner = frozenset(links[day][0] for day in known if day in links)
                    self.wanted.setdefault(operator.index, []).append((inner, cause))
            case plan.Cte():
                self.push_cte(operator, known, cause)
            case plan.Join():
                self.push_join(operator, known, cause)
            case plan.SetOperation():
                for number, child in enumerate(operator.children):
                    inner = frozenset(old[number] for new, old in days.links if new in known)
                    self.push(child, inner, cause if inner or not known else operator)
            case _:
                inner = self.through(operator, known)
                for child in operator.children:
                    self.push(child, inner, operator if known and not inner else cause)

    def reach(
        self, operator: plan.Scan, days: Days, known: frozenset[int], cause: Operator | None
    ) -> None:
        relation = self.schema[operator.relation.casefold()]
        if relation.time is None:
            return
        time = relation.time.casefold()
        for name, found in zip(operator.columns, days.columns, strict=True):
            if name and name.casefold() == time and found and found.day in known:
                return
        self.crossing.setdefault(relation.name.casefold(), cause)

    def through(self, operator: Operator, known: frozenset[int]) -> frozenset[int]:
        """What remains of the restriction below an operator with one input."""
        match operator:
            case plan.Limit() | plan.Sample() | plan.RecursiveCte():
                return NONE
            case plan.Aggregate():
                return known & whole(self.days[id(operator)].columns)
            case plan.Distinct():
                columns = self.days[id(operator)].columns
                return known & whole([mark(t, columns, self.exact) for t in operator.targets])
            case plan.Window():
                columns = self.days[id(operator.children[0])].columns
                for expression in operator.expressions:
                    partitions = expression.get("partitions", ())
                    if not partitions and _is_identity(expression):
                        continue
                    known &= whole([mark(p, columns, self.exact) for p in partitions])
                    if not known:
                        self.culprits.setdefault(id(operator), expression)
        return known

    def push_cte(self, operator: plan.Cte, known: frozenset[int], cause: Operator | None) -> None:
        definition, body = operator.children
        self.push(body, known, cause)
        uses = self.wanted.get(operator.index, [])
        if not uses:
            self.pushed[id(definition)] = NONE
            return
        inner = frozenset.intersection(*[days for days, _ in uses])
        reasons = [why for days, why in uses if not days] or [operator]
        outer, self.exempt = self.exempt, operator.name.startswith(plan.DEDUP_PREFIX)
        self.push(definition, inner, reasons[0])
        self.exempt = outer

    def push_join(self, operator: plan.Join, known: frozenset[int], cause: Operator | None) -> None:
        left, right = operator.children
        pairs = self.pairs[id(operator)]
        if operator.flavour == "positional":
            lefts = rights = NONE
        elif operator.kind in _LEFT_KEEPING:
            lefts = self.days[id(left)].closed(known)
            rights = frozenset(b for a, b in pairs if a in lefts)
        elif operator.kind in _RIGHT_KEEPING:
            rights = self.days[id(right)].closed(known)
            lefts = frozenset(a for a, b in pairs if b in rights)
        elif operator.kind == "INNER":
            lefts, rights = self.own(left, known), self.own(right, known)
        else:
            links = [old for new, old in self.days[id(operator)].links if new in known]
            lefts, rights = frozenset(a for a, _ in links), frozenset(b for _, b in links)
        for child, inner in ((left, lefts), (right, rights)):
            self.push(child, inner, cause if inner or not known else _blamed(child, operator))

    def own(self, operator: Operator, known: frozenset[int]) -> frozenset[int]:
        days = self.days[id(operator)]
        return known & (whole(days.columns).union(*days.equal))

    def restricts(self, operator: Operator) -> bool:
        """Whether, once inputs are cut, every row left is of the day."""
        known = self.pushed[id(operator)]
        if not known:
            return False
        match operator:
            case plan.Scan():
                name = operator.relation.casefold()
                return self.schema[name].time is not None and name not in self.crossing
            case plan.CteScan():
                known_as = self.definitions.get(operator.index)
                return known_as is not None and self.restricts(known_as[1])
            case plan.Cte():
                return self.restricts(operator.children[1])
            case plan.Join():
                return self.join_restricts(operator)
            case plan.SetOperation():
                sides = [self.restricts(child) for child in operator.children]
                return sides[0] if operator.kind == "EXCEPT" else all(sides)
            case plan.Literal() | plan.DelimScan() | plan.Values() | plan.RecursiveCte():
                return False
        return bool(operator.children) and self.restricts(operator.children[0])

    def join_restricts(self, operator: plan.Join) -> bool:
        left, right = operator.children
        if operator.kind in _LEFT_KEEPING:
            return self.restricts(left) or (operator.kind == "SEMI" and self.restricts(right))
        if operator.kind in _RIGHT_KEEPING:
            return self.restricts(right)
        if operator.kind == "INNER":
            return self.restricts(left) or self.restricts(right)
        return self.restricts(left) and self.restricts(right)


def _kept(days: Days, chosen: tuple[int, ...] | None) -> Marks:
    return days.columns if chosen is None else tuple([days.columns[i] for i in chosen])


def _blamed(side: Operator, join: Operator) -> Operator:
    """A scalar subquery is to blame for its aggregate, not for the join that DuckDB made of it."""
    while isinstance(side, plan.Project | plan.Filter):
        side = side.children[0]
    return side if isinstance(side, plan.Aggregate) and not side.groups else join


def _is_identity(expression: plan.Expression) -> bool:
    """The row number that DuckDB gives the outer rows of a correlated subquery."""
    return expression.get("alias") == "limit_rownum" and not expression.get("orders")
