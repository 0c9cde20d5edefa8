"""What would make a rebuild differ: volatile functions, ties, orders that are missing.

An order decides values without ties when its columns, with those of the partition or group,
contain a set of columns that is proven unique: a declared and enforced key of an upstream, the
keys of a GROUP BY, the targets of a DISTINCT, followed through joins and filters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headwater.sql import plan
from headwater.sql.expressions import evaluate, evaluate_all, unwrapped
from headwater.sql.lineage import Derived, Schema, row_id
from headwater.sql.locate import Locator, Position, call_name
from headwater.sql.parameters import Translated
from headwater.sql.parsing import walk
from headwater.sql.plan import Expression, function_name
from headwater.sql.problems import SqlProblem
from headwater.sql.relations import Column, Rows, Value
from headwater.sql.volatility import find_volatile

#: Aggregates whose result is the order, or the first, of what arrives.
ORDERED = frozenset(
    {"first", "last", "any_value", "arbitrary", "list", "array_agg", "string_agg", "listagg"}
    | {"group_concat", "lttb"}
)
EXTREME = frozenset(
    {"arg_max", "argmax", "max_by", "arg_min", "argmin", "min_by"}
    | {f"arg_{side}_{nulls}" for side in ("max", "min") for nulls in ("null", "nulls_last")}
)
TIED = frozenset({"mode", "approx_top_k", "approx_quantile", "reservoir_quantile"})
FLOAT_SUMS = frozenset({"sum", "avg", "mean"})
FLOATS = frozenset({"FLOAT", "DOUBLE"})
RANKED = frozenset({"WINDOW_ROW_NUMBER", "WINDOW_NTILE", "WINDOW_LAG", "WINDOW_LEAD"})
CHOSEN = frozenset({"WINDOW_FIRST_VALUE", "WINDOW_LAST_VALUE", "WINDOW_NTH_VALUE"})


@dataclass(slots=True)
class _Findings:
    """What has been found, and what is needed to say it."""

    locator: Locator
    schema: Schema
    row_ids: frozenset[str] = frozenset()
    problems: list[SqlProblem] = field(default_factory=list)

    def add(self, code: str, what: str, fix: str, position: Position) -> None:
        line, column = position
        problem = SqlProblem(code=code, what=what, fix=fix, line=line, column=column)
        if problem not in self.problems:
            self.problems.append(problem)


def find_problems(
    derived: Derived,
    text: Translated,
    columns: Sequence[Column],
    volatile: Mapping[str, str],
    schema: Schema,
) -> tuple[SqlProblem, ...]:
    """The findings in a bound query, in the order of the text."""
    row_ids = _row_ids(schema) if "rowid" in text.sql.casefold() else frozenset[str]()
    findings = _Findings(Locator(text), schema, row_ids)
    _visit(derived, None, findings)
    return _with_textual(findings, text, columns, volatile)


def find_textual_problems(
    text: Translated,
    columns: Sequence[Column],
    volatile: Mapping[str, str],
    schema: Schema,
) -> tuple[SqlProblem, ...]:
    """What the text alone shows, for a query that cannot be walked."""
    return _with_textual(_Findings(Locator(text), schema), text, columns, volatile)


def _with_textual(
    findings: _Findings, text: Translated, columns: Sequence[Column], volatile: Mapping[str, str]
) -> tuple[SqlProblem, ...]:
    findings.problems += find_volatile(text, volatile, findings.schema)
    _check_types(columns, findings)
    return tuple(sorted(findings.problems, key=lambda p: (p.line, p.column, p.code)))


def _check_types(columns: Sequence[Column], findings: _Findings) -> None:
    for column in columns:
        if column.type in ("HUGEINT", "UHUGEINT"):
            findings.add(
                "E413",
                f"`{column.name}` is a {column.type}, which Parquet cannot hold",
                "cast it: `sum(x)::bigint`, or to a DECIMAL",
                findings.locator.column(column.name),
            )


def _visit(derived: Derived, parent: Derived | None, findings: _Findings) -> None:
    operator = derived.operator
    if findings.row_ids:
        _check_row_ids(derived, findings)
    check = _CHECKS.get(type(operator))
    if check is not None:
        check(derived, parent, findings)
    for child in derived.children:
        _visit(child, derived, findings)


def _expressions(operator: plan.Operator) -> Iterator[Expression]:
    """The scalar parts of an operator."""
    match operator:
        case plan.Project() | plan.Unnest() | plan.Window():
            yield from operator.expressions
        case plan.Filter():
            yield from operator.conditions
        case plan.Join():
            yield from operator.conditions
            for comparison in operator.comparisons:
                yield comparison.left
                yield comparison.right
        case plan.Aggregate():
            yield from operator.groups
            yield from operator.aggregates
        case plan.Values():
            for row in operator.rows:
                yield from row
        case plan.Sort():
            for order in operator.orders:
                yield order["expression"]
        case plan.Distinct():
            yield from operator.targets


def _check_aggregate(derived: Derived, parent: Derived | None, findings: _Findings) -> None:
    operator = derived.operator
    assert isinstance(operator, plan.Aggregate)
    if operator.implicit:
        return
    source = derived.children[0].rows
    groups = {value.hash for value in evaluate_all(operator.groups, source.columns)}
    if len(operator.sets) > 1:
        groups = set()
    for expression in operator.aggregates:
        orders = (expression.get("order_bys") or {}).get("orders", ())
        call = _Call(expression, derived, groups, orders, findings)
        call.check_floats()
        if not source.is_unique(groups):
            call.check_order()


def _check_windows(derived: Derived, parent: Derived | None, findings: _Findings) -> None:
    operator = derived.operator
    assert isinstance(operator, plan.Window)
    for expression in operator.expressions:
        source = derived.children[0].rows
        partitions = evaluate_all(expression.get("partitions", ()), source.columns)
        parts = {value.hash for value in partitions}
        orders = [*expression.get("orders", ()), *expression.get("arg_orders", ())]
        call = _Call(expression, derived, parts, orders, findings)
        if expression.get("alias") == "limit_rownum":
            if parts or orders:
                _check_bound(bool(orders), call.is_unique(), findings)
            continue
        call.check_floats()
        if not call.is_unique():
            call.check_window()


def _check_limit(derived: Derived, parent: Derived | None, findings: _Findings) -> None:
    source = derived.children[0].rows
    if source.one_row or source.is_unique(()) or _only_counted(parent):
        return
    ordered = source.sorted_by is not None
    _check_bound(ordered, ordered and source.is_unique(source.sorted_by or ()), findings)


def _only_counted(parent: Derived | None) -> bool:
    """EXISTS counts one row, whichever it is."""
    if parent is None or not isinstance(parent.operator, plan.Aggregate):
        return False
    names = {function_name(aggregate) for aggregate in parent.operator.aggregates}
    return not parent.operator.groups and names == {"count_star"}


def _check_bound(ordered: bool, unique: bool, findings: _Findings) -> None:
    if not ordered:
        findings.add(
            "E402",
            "LIMIT without ORDER BY keeps other rows in every run",
            "add an ORDER BY that ends with a key",
            findings.locator.limit(),
        )
    elif not unique:
        findings.add(
            "W414",
            "the ORDER BY of this LIMIT is not proven unique; ties decide which rows are kept",
            "end the ORDER BY with a key",
            findings.locator.limit(),
        )
    else:
        findings.locator.limit()


def _check_sample(derived: Derived, parent: Derived | None, findings: _Findings) -> None:
    findings.add(
        "E403",
        "a sample keeps other rows in every run",
        "choose rows by a hash of their key: `where hash(id) % 10 = 0`",
        findings.locator.word(r"\b(using\s+sample|tablesample)\b"),
    )


def _check_distinct(derived: Derived, parent: Derived | None, findings: _Findings) -> None:
    operator = derived.operator
    assert isinstance(operator, plan.Distinct)
    if not operator.is_on:
        return
    source = derived.children[0].rows
    orders = [order["expression"] for order in operator.order]
    known = {v.hash for v in evaluate_all([*operator.targets, *orders], source.columns)}
    if not source.is_unique(known):
        findings.add(
            "E410",
            "DISTINCT ON keeps one of several rows, and the ORDER BY is not proven to choose it",
            _end_with_key(derived, findings),
            findings.locator.word(r"\bdistinct\s+on\b"),
        )


def _check_join(derived: Derived, parent: Derived | None, findings: _Findings) -> None:
    operator = derived.operator
    assert isinstance(operator, plan.Join)
    if operator.flavour == "positional":
        findings.add(
            "E410",
            "POSITIONAL JOIN pairs rows in an order that nothing decides",
            "join on a column",
            findings.locator.word(r"\bpositional\s+join\b"),
        )


def _check_row_ids(derived: Derived, findings: _Findings) -> None:
    """`rowid` in an expression; `count(*)` reads it too, but as a column that nothing refers to."""
    columns = [value.hash for child in derived.children for value in child.rows.columns]
    for expression in _expressions(derived.operator):
        for node in walk(expression):
            if node.get("expression_class") == "BOUND_REF":
                index = node.get("index", 0)
                if index < len(columns) and columns[index] in findings.row_ids:
                    findings.add(
                        "E401",
                        "`rowid` is where a row happens to lie",
                        "use a key of the table",
                        findings.locator.word(r"\browid\b"),
                    )
                    return


def _row_ids(schema: Schema) -> frozenset[str]:
    found = [row_id(relation.name) for relation in schema.values()]
    tagged = [Value(hashed).tagged(side).hash for hashed in found for side in ("left", "right")]
    return frozenset(found + tagged)


def _end_with_key(derived: Derived, findings: _Findings) -> str:
    """The fix for ties, with the key's columns where an upstream declares one."""
    for relation in _scanned(derived):
        known = findings.schema.get(relation.casefold())
        if known is not None and known.key:
            return f"end the order with the key of `{known.name}`: {', '.join(known.key)}"
    return "declare a `key` upstream and end the order with its columns"


def _scanned(derived: Derived) -> Iterator[str]:
    if isinstance(derived.operator, plan.Scan):
        yield derived.operator.relation
    for child in derived.children:
        yield from _scanned(child)


class _Call:
    """An aggregate or window expression over its input rows.

    `fixed` are the hashes that are equal within a group or partition.
    """

    __slots__ = ("derived", "expression", "findings", "fixed", "orders", "source")

    def __init__(
        self,
        expression: Expression,
        derived: Derived,
        fixed: set[str],
        orders: Sequence[Expression],
        findings: _Findings,
    ) -> None:
        self.expression = expression
        self.derived = derived
        self.source: Rows = derived.children[0].rows
        self.fixed = fixed
        self.orders = orders
        self.findings = findings

    @property
    def known(self) -> set[str]:
        """What is fixed, or decided by the order."""
        ordered = [order["expression"] for order in self.orders]
        return self.fixed | {v.hash for v in evaluate_all(ordered, self.source.columns)}

    def is_unique(self) -> bool:
        """Whether the order has no ties."""
        return self.source.is_unique(self.known)

    def argument_in(self, hashes: set[str]) -> bool:
        """Whether tied rows agree in the argument, so that ties do not matter."""
        arguments = self.expression.get("children", ())
        if not arguments or "value" in unwrapped(arguments[0]):
            return True
        return evaluate(arguments[0], self.source.columns).hash in hashes

    def add(self, code: str, what: str, fix: str) -> None:
        self.findings.add(code, what, fix, self.findings.locator.call(self.expression))

    def check_floats(self) -> None:
        arguments = self.expression.get("children", ())
        name = function_name(self.expression)
        if name not in FLOAT_SUMS or not arguments:
            return
        if arguments[0].get("return_type", {}).get("id") in FLOATS:
            self.add(
                "E412",
                f"`{name}` over floating point depends on the order of the rows",
                "cast to DECIMAL, or for measurements use `fsum` (`favg` for a mean)",
            )

    def check_order(self) -> None:
        """An aggregate over groups that may hold several rows."""
        name = function_name(self.expression)
        if name in ORDERED and not self.argument_in(self.known):
            if not self.orders:
                self.add(
                    "E415",
                    f"`{name}` without an order depends on which rows come first",
                    f"write `{name}(x order by …)` with an order that ends with a key",
                )
            elif not self.is_unique():
                self.add(
                    "W414",
                    f"the order of `{name}` is not proven unique; ties decide its value",
                    _end_with_key(self.derived, self.findings),
                )
        elif name in EXTREME:
            self._check_extreme(name)
        elif name in TIED:
            self.add(
                "W414",
                f"ties or the order of rows decide the value of `{name}`",
                "use an exact function, or arg_max with an order that ends with a key",
            )

    def _check_extreme(self, name: str) -> None:
        order = self.expression["children"][1]
        parts = [order]
        while parts and function_name(parts[0]) in ("row", "struct_pack"):
            parts = [*parts[0]["children"], *parts[1:]]
        known = self.fixed | {v.hash for v in evaluate_all(parts, self.source.columns)}
        if self.source.is_unique(known) or self.argument_in(known):
            return
        self.add(
            "W411",
            f"the order of `{name}` is not proven unique; ties decide its value",
            f"order by a tuple that ends with the key: `{name}(x, (y, key))`",
        )

    def check_window(self) -> None:
        """A window whose order may have ties."""
        kind = self.expression["type"]
        name = call_name(self.expression)
        by_rows = any(
            str(self.expression.get(side, "")).endswith("_ROWS") for side in ("start", "end")
        )
        if kind in RANKED or (kind in CHOSEN and (by_rows or not self.argument_in(self.known))):
            self._add_ties(name)
        elif kind == "WINDOW_AGGREGATE":
            if by_rows:
                self._add_ties(name)
            else:
                self.check_order()

    def _add_ties(self, name: str) -> None:
        what = "an ORDER BY that is not proven unique" if self.orders else "no ORDER BY"
        self.add(
            "E410",
            f"`{name}` over {what}: ties decide its values",
            _end_with_key(self.derived, self.findings),
        )


_CHECKS: Mapping[type[plan.Operator], Callable[[Any, Any, _Findings], None]] = {
    plan.Aggregate: _check_aggregate,
    plan.Window: _check_windows,
    plan.Limit: _check_limit,
    plan.Sample: _check_sample,
    plan.Distinct: _check_distinct,
    plan.Join: _check_join,
}
