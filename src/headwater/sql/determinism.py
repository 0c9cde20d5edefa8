"""What would make a rebuild differ: volatile functions, ties, orders that are missing.

An order decides values without ties when its columns, with those of the partition or group,
contain a set of columns that is proven unique: a declared and enforced key of an upstream, the
keys of a GROUP BY, the targets of a DISTINCT, followed through joins and filters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from headwater.sql import operators as op
from headwater.sql.calls import Call, Findings, end_with_key
from headwater.sql.expressions import evaluate_all
from headwater.sql.lineage import Derived, Schema, row_id
from headwater.sql.locate import Locator
from headwater.sql.operators import Expression, function_name
from headwater.sql.parameters import Translated
from headwater.sql.parsing import walk
from headwater.sql.problems import SqlProblem
from headwater.sql.relations import Column, Value
from headwater.sql.volatility import find_volatile


def find_problems(
    derived: Derived,
    text: Translated,
    columns: Sequence[Column],
    volatile: Mapping[str, str],
    schema: Schema,
) -> tuple[SqlProblem, ...]:
    """The findings in a bound query, in the order of the text."""
    row_ids = _row_ids(schema) if "rowid" in text.sql.casefold() else frozenset[str]()
    findings = Findings(Locator(text), schema, row_ids)
    _visit(derived, None, findings)
    return _with_textual(findings, text, columns, volatile)


def find_textual_problems(
    text: Translated,
    columns: Sequence[Column],
    volatile: Mapping[str, str],
    schema: Schema,
) -> tuple[SqlProblem, ...]:
    """What the text alone shows, for a query that cannot be walked."""
    return _with_textual(Findings(Locator(text), schema), text, columns, volatile)


def _with_textual(
    findings: Findings, text: Translated, columns: Sequence[Column], volatile: Mapping[str, str]
) -> tuple[SqlProblem, ...]:
    findings.problems += find_volatile(text, volatile, findings.schema)
    _check_types(columns, findings)
    return tuple(sorted(findings.problems, key=lambda p: (p.line, p.column, p.code)))


def _check_types(columns: Sequence[Column], findings: Findings) -> None:
    for column in columns:
        if "HUGEINT" in column.type:
            findings.add(
                "E413",
                f"`{column.name}` is a {column.type}, which Parquet cannot hold",
                "cast it: `sum(x)::bigint`, or to a DECIMAL",
                findings.locator.column(column.name),
            )


def _visit(derived: Derived, parent: Derived | None, findings: Findings) -> None:
    operator = derived.operator
    if findings.row_ids:
        _check_row_ids(derived, findings)
    check = _CHECKS.get(type(operator))
    if check is not None:
        check(derived, parent, findings)
    for child in derived.children:
        _visit(child, derived, findings)


def _expressions(operator: op.Operator) -> Iterator[Expression]:
    """The scalar parts of an operator."""
    match operator:
        case op.Project() | op.Unnest() | op.Window():
            yield from operator.expressions
        case op.Filter():
            yield from operator.conditions
        case op.Join():
            yield from operator.conditions
            for comparison in operator.comparisons:
                yield comparison.left
                yield comparison.right
        case op.Aggregate():
            yield from operator.groups
            yield from operator.aggregates
        case op.Values():
            for row in operator.rows:
                yield from row
        case op.Sort():
            for order in operator.orders:
                yield order["expression"]
        case op.Distinct():
            yield from operator.targets


def _check_aggregate(derived: Derived, parent: Derived | None, findings: Findings) -> None:
    operator = derived.operator
    assert isinstance(operator, op.Aggregate)
    if operator.implicit:
        return
    source = derived.children[0].rows
    groups = {value.hash for value in evaluate_all(operator.groups, source.columns)}
    if len(operator.sets) > 1:
        groups = set()
    for expression in operator.aggregates:
        orders = (expression.get("order_bys") or {}).get("orders", ())
        call = Call(expression, derived, groups, orders, findings)
        call.check_floats()
        if not source.is_unique(groups):
            call.check_order()


def _check_windows(derived: Derived, parent: Derived | None, findings: Findings) -> None:
    operator = derived.operator
    assert isinstance(operator, op.Window)
    for expression in operator.expressions:
        source = derived.children[0].rows
        partitions = evaluate_all(expression.get("partitions", ()), source.columns)
        parts = {value.hash for value in partitions}
        orders = [*expression.get("orders", ()), *expression.get("arg_orders", ())]
        call = Call(expression, derived, parts, orders, findings)
        if expression.get("alias") == "limit_rownum":
            if parts or orders:
                _check_bound(bool(orders), call.is_unique(), findings)
            continue
        call.check_floats()
        if not call.is_unique():
            call.check_window()


def _check_limit(derived: Derived, parent: Derived | None, findings: Findings) -> None:
    source = derived.children[0].rows
    if source.one_row or source.is_unique(()) or _only_counted(parent) or _is_nothing(derived):
        return
    ordered = source.sorted_by is not None
    _check_bound(ordered, ordered and source.is_unique(source.sorted_by or ()), findings)


def _is_nothing(derived: Derived) -> bool:
    """LIMIT 0 asks for the columns alone."""
    operator = derived.operator
    assert isinstance(operator, op.Limit)
    bound = operator.limit
    return bound.get("type") == "CONSTANT_VALUE" and not bound.get("constant_integer", 0)


def _only_counted(parent: Derived | None) -> bool:
    """EXISTS counts one row, whichever it is."""
    if parent is None or not isinstance(parent.operator, op.Aggregate):
        return False
    names = {function_name(aggregate) for aggregate in parent.operator.aggregates}
    return not parent.operator.groups and names == {"count_star"}


def _check_bound(ordered: bool, unique: bool, findings: Findings) -> None:
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


def _check_sample(derived: Derived, parent: Derived | None, findings: Findings) -> None:
    findings.add(
        "E403",
        "a sample keeps other rows in every run",
        "choose rows by a hash of their key: `where hash(id) % 10 = 0`",
        findings.locator.word(r"\b(using\s+sample|tablesample)\b"),
    )


def _check_distinct(derived: Derived, parent: Derived | None, findings: Findings) -> None:
    operator = derived.operator
    assert isinstance(operator, op.Distinct)
    if not operator.is_on:
        return
    source = derived.children[0].rows
    orders = [order["expression"] for order in operator.order]
    known = {v.hash for v in evaluate_all([*operator.targets, *orders], source.columns)}
    if not source.is_unique(known):
        findings.add(
            "E410",
            "DISTINCT ON keeps one of several rows, and the ORDER BY is not proven to choose it",
            end_with_key(derived, findings),
            findings.locator.word(r"\bdistinct\s+on\b"),
        )


def _check_join(derived: Derived, parent: Derived | None, findings: Findings) -> None:
    operator = derived.operator
    assert isinstance(operator, op.Join)
    if operator.flavour == "positional":
        findings.add(
            "E410",
            "POSITIONAL JOIN pairs rows in an order that nothing decides",
            "join on a column",
            findings.locator.word(r"\bpositional\s+join\b"),
        )


def _check_row_ids(derived: Derived, findings: Findings) -> None:
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


_CHECKS: Mapping[type[op.Operator], Callable[[Any, Any, Findings], None]] = {
    op.Aggregate: _check_aggregate,
    op.Window: _check_windows,
    op.Limit: _check_limit,
    op.Sample: _check_sample,
    op.Distinct: _check_distinct,
    op.Join: _check_join,
}
