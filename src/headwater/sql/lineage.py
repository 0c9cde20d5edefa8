"""The walk over the plan: each operator's rows and columns, as hashes and reads.

The shape (which rows there are) is kept apart from the columns, so that an edit of one expression
changes one column. Rows that an operator leaves alone keep their hash: that is how a scalar
subquery or a left join onto a key touches nothing but its own columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from headwater.ids import digest
from headwater.sql import operators as op
from headwater.sql.expressions import evaluate, evaluate_all, unwrapped
from headwater.sql.joins import join
from headwater.sql.operators import Expression, Operator
from headwater.sql.relations import Read, Relation, Rows, Value, pick, smallest, union

Schema = Mapping[str, Relation]


@dataclass(frozen=True, slots=True)
class Derived:
    """An operator with what is known of its rows."""

    operator: Operator
    rows: Rows
    children: tuple[Derived, ...]


@dataclass(slots=True)
class Scope:
    """The upstreams by folded name, and the named queries seen so far."""

    schema: Schema
    ctes: dict[int, Rows] = field(default_factory=dict)
    delims: list[tuple[str, tuple[Value, ...]]] = field(default_factory=list)


def derive(operator: Operator, scope: Scope) -> Derived:
    """The operator and everything below it, with their rows."""
    if isinstance(operator, op.Cte):
        return _cte(operator, scope)
    if isinstance(operator, op.RecursiveCte):
        return _recursive_cte(operator, scope)
    if isinstance(operator, op.Join):
        return _join(operator, scope)
    children = tuple([derive(child, scope) for child in operator.children])
    step = _STEPS[type(operator)]
    return Derived(operator, step(operator, [child.rows for child in children], scope), children)


def unknown_table(name: str) -> Exception:
    """A table that an earlier query left in the connection is none of this query's."""
    return KeyError(name)


def row_id(relation: str) -> str:
    """The hash of a relation's physical row number."""
    return digest("rowid", relation.casefold())


@lru_cache(maxsize=4096)
def _upstream(
    relation: Relation,
) -> tuple[str, dict[str | None, Value], tuple[frozenset[str], ...]]:
    """Hash of the rows, values by column, and keys of an upstream."""
    name = relation.name.casefold()
    values: dict[str | None, Value] = {}
    for column in relation.columns:
        read = Read(relation.name, column.name)
        hashed = digest("column", name, column.name.casefold(), column.type)
        values[column.name] = Value(hashed, frozenset([read]), read)
    rows = digest("rows", name)
    values[None] = Value(row_id(name), frozenset([Read(relation.name, None)]))
    folded = {str(column).casefold(): v.hash for column, v in values.items() if column}
    declared = [column.casefold() for column in relation.key]
    # A key that names no column is the definition's mistake; it proves nothing here.
    key = frozenset(folded[c] for c in declared) if set(declared) <= folded.keys() else None
    return rows, values, (key,) if key else ()


def _scan(operator: op.Scan, inputs: list[Rows], scope: Scope) -> Rows:
    relation = scope.schema.get(operator.relation.casefold())
    if relation is None:
        raise unknown_table(operator.relation)
    rows, values, keys = _upstream(relation)
    columns = tuple([values[column] for column in operator.columns])
    reads = frozenset([Read(relation.name, None)])
    return Rows(hash=rows, columns=columns, reads=reads, keys=keys)


def _table_function(operator: op.TableFunction, inputs: list[Rows], scope: Scope) -> Rows:
    source = inputs[0] if inputs else Rows(hash="", columns=())
    arguments = [column.hash for column in source.columns]
    base = digest("table function", operator.name, operator.detail, source.hash, arguments)
    reads = union(source.columns)
    own = [Value(digest(base, index), reads) for index in operator.columns]
    kept = [source.columns[index] for index in operator.kept]
    return Rows(hash=base, columns=tuple(own + kept), reads=reads | source.reads)


def _literal(operator: op.Literal, inputs: list[Rows], scope: Scope) -> Rows:
    base = digest("literal", operator.detail)
    columns = tuple([Value(digest(base, index)) for index in range(operator.width)])
    keys = (frozenset[str](),) if operator.one_row else ()
    return Rows(hash=base, columns=columns, keys=keys, one_row=operator.one_row)


def _values(operator: op.Values, inputs: list[Rows], scope: Scope) -> Rows:
    (source,) = inputs
    base = digest("values", len(operator.rows), source.hash)
    table = [evaluate_all(row, source.columns) for row in operator.rows]
    columns = tuple(
        [
            Value(digest(base, [value.hash for value in column]), union(column))
            for column in zip(*table, strict=True)
        ]
    )
    return Rows(hash=base, columns=columns, reads=source.reads)


def _project(operator: op.Project, inputs: list[Rows], scope: Scope) -> Rows:
    (source,) = inputs
    return source.with_columns(evaluate_all(operator.expressions, source.columns))


def _filter(operator: op.Filter, inputs: list[Rows], scope: Scope) -> Rows:
    (source,) = inputs
    values = evaluate_all(operator.conditions, source.columns)
    fixed = {
        source.columns[index].hash
        for condition in operator.conditions
        if (index := _fixed_column(condition)) is not None
    }
    return replace(
        source,
        hash=digest("filter", source.hash, sorted(value.hash for value in values)),
        columns=pick(source.columns, operator.kept),
        reads=source.reads | union(values),
        keys=smallest([key - fixed for key in source.keys]),
        one_row=False,
    )


def _fixed_column(condition: Expression) -> int | None:
    """The column that a condition ties to one value, as in `row_number = 1`."""
    kind = condition.get("type")
    if kind not in ("COMPARE_EQUAL", "COMPARE_LESSTHANOREQUALTO"):
        return None
    left, right = condition["children"]
    if kind == "COMPARE_EQUAL" and left.get("expression_class") != "BOUND_REF":
        left, right = right, left
    right = unwrapped(right)
    if left.get("expression_class") != "BOUND_REF" or "value" not in right:
        return None
    if kind == "COMPARE_LESSTHANOREQUALTO" and not (
        left.get("alias") == "limit_rownum" and right["value"].get("value") == 1
    ):
        return None
    index: int = left.get("index", 0)
    return index


def _aggregate(operator: op.Aggregate, inputs: list[Rows], scope: Scope) -> Rows:
    (source,) = inputs
    groups = evaluate_all(operator.groups, source.columns)
    hashes = [group.hash for group in groups]
    if operator.sets:
        shape: Any = sorted(sorted(hashes[index] for index in chosen) for chosen in operator.sets)
    else:
        shape = [sorted(hashes)] if hashes else [[]]
    rows = digest("group", source.hash, shape, bool(hashes))
    whole = len(shape) == 1 and len(shape[0]) == len(hashes)
    columns = [group.tagged("group") for group in groups]
    for expression in operator.aggregates:
        value = evaluate(expression, source.columns)
        hashed = digest("aggregate", rows, source.order, value.hash)
        columns.append(Value(hashed, value.reads | source.order_reads))
    key = frozenset(column.hash for column in columns[: len(groups)])
    columns += [
        Value(digest("grouping", rows, [hashes[index] for index in chosen]))
        for chosen in operator.groupings
    ]
    return Rows(
        hash=rows,
        columns=tuple(columns),
        reads=source.reads | union(groups),
        keys=(key,) if whole else (),
        one_row=whole and not groups,
    )


def _window(operator: op.Window, inputs: list[Rows], scope: Scope) -> Rows:
    (source,) = inputs
    columns = list(source.columns)
    keys = list(source.keys)
    for expression in operator.expressions:
        value = evaluate(expression, source.columns)
        hashed = digest("window", source.hash, source.order, value.hash)
        columns.append(Value(hashed, value.reads | source.order_reads))
        if expression["type"] == "WINDOW_ROW_NUMBER":
            parts = evaluate_all(expression.get("partitions", ()), source.columns)
            keys.append(frozenset([hashed, *(part.hash for part in parts)]))
    return replace(source, columns=tuple(columns), keys=smallest(keys), sorted_by=None)


def _unnest(operator: op.Unnest, inputs: list[Rows], scope: Scope) -> Rows:
    (source,) = inputs
    lists = evaluate_all(operator.expressions, source.columns)
    rows = digest("unnest", source.hash, [value.hash for value in lists])
    own = [Value(digest("element", rows, value.hash), value.reads) for value in lists]
    return Rows(
        hash=rows,
        columns=(*source.columns, *own),
        reads=source.reads | union(lists),
    )


def _set_operation(operator: op.SetOperation, inputs: list[Rows], scope: Scope) -> Rows:
    tag = operator.kind
    reads = frozenset[Read]().union(*[source.reads for source in inputs])
    columns: list[Value] = []
    compared: list[list[str]] = []
    for column in zip(*[source.columns for source in inputs], strict=True):
        hashes = [value.hash for value in column]
        origins = {value.origin for value in column}
        origin = column[0].origin if len(origins) == 1 else None
        columns.append(Value(digest(tag, hashes), union(column), origin))
        compared.append(hashes)
    if tag == "UNION" and operator.keeps_all:
        compared = []
    else:
        reads |= union(columns)
    rows = digest(tag, operator.keeps_all, [source.hash for source in inputs], compared)
    return Rows(hash=rows, columns=tuple(columns), reads=reads)


def _distinct(operator: op.Distinct, inputs: list[Rows], scope: Scope) -> Rows:
    (source,) = inputs
    targets = evaluate_all(operator.targets, source.columns)
    hashes = sorted(target.hash for target in targets)
    order = evaluate_all([o["expression"] for o in operator.order], source.columns)
    chosen = (_order_shape(operator.order, order), source.order) if operator.is_on else ()
    reads = source.reads | union(targets)
    if operator.is_on:
        reads |= union(order) | source.order_reads
    return replace(
        source,
        hash=digest("distinct", operator.is_on, source.hash, hashes, chosen),
        reads=reads,
        keys=smallest([*source.keys, frozenset(hashes)]),
    )


def _order_shape(orders: tuple[Expression, ...], values: tuple[Value, ...]) -> Any:
    return [
        (order.get("type"), order.get("null_order"), value.hash)
        for order, value in zip(orders, values, strict=True)
    ]


def _sort(operator: op.Sort, inputs: list[Rows], scope: Scope) -> Rows:
    (source,) = inputs
    values = evaluate_all([order["expression"] for order in operator.orders], source.columns)
    return replace(
        source,
        columns=pick(source.columns, operator.kept),
        order=digest(_order_shape(operator.orders, values)),
        order_reads=union(values),
        sorted_by=frozenset(value.hash for value in values),
    )


def _limit(operator: op.Limit, inputs: list[Rows], scope: Scope) -> Rows:
    (source,) = inputs
    bounds = evaluate_all([operator.limit, operator.offset], source.columns)
    single = (
        operator.limit.get("type") == "CONSTANT_VALUE"
        and operator.limit.get("constant_integer", 0) == 1
    )
    return replace(
        source,
        hash=digest("limit", source.hash, source.order, [bound.hash for bound in bounds]),
        reads=source.reads | source.order_reads | union(bounds),
        keys=(frozenset(),) if single else source.keys,
        one_row=False,
    )


def _sample(operator: op.Sample, inputs: list[Rows], scope: Scope) -> Rows:
    (source,) = inputs
    hashed = digest("sample", source.hash, operator.detail)
    return replace(source, hash=hashed, order="", sorted_by=None, one_row=False)


def _cte_scan(operator: op.CteScan, inputs: list[Rows], scope: Scope) -> Rows:
    return scope.ctes[operator.index]


def _delim_scan(operator: op.DelimScan, inputs: list[Rows], scope: Scope) -> Rows:
    rows, values = scope.delims[-1]
    columns = tuple([value.tagged("outer", rows) for value in values])
    hashed = digest("outer", rows, [value.hash for value in values])
    return Rows(hash=hashed, columns=columns, reads=union(values))


def _join(operator: op.Join, scope: Scope) -> Derived:
    left = derive(operator.children[0], scope)
    if operator.duplicate_eliminated:
        values = evaluate_all(operator.duplicate_eliminated, left.rows.columns)
        scope.delims.append((left.rows.hash, values))
        right = derive(operator.children[1], scope)
        scope.delims.pop()
    else:
        right = derive(operator.children[1], scope)
    return Derived(operator, join(operator, left.rows, right.rows), (left, right))


def _cte(operator: op.Cte, scope: Scope) -> Derived:
    definition = derive(operator.children[0], scope)
    # A reference sees a table, whose order SQL does not promise.
    scope.ctes[operator.index] = replace(definition.rows, sorted_by=None)
    body = derive(operator.children[1], scope)
    return Derived(operator, body.rows, (definition, body))


def _recursive_cte(operator: op.RecursiveCte, scope: Scope) -> Derived:
    start = derive(operator.children[0], scope)
    seed = digest("recursion", start.rows.hash, [value.hash for value in start.rows.columns])
    reads = start.rows.reads | union(start.rows.columns)
    scope.ctes[operator.index] = Rows(
        hash=seed,
        columns=tuple([Value(digest(seed, i), reads) for i in range(len(start.rows.columns))]),
        reads=reads,
    )
    step = derive(operator.children[1], scope)
    reads |= step.rows.reads | union(step.rows.columns)
    keys = evaluate_all(operator.keys, start.rows.columns)
    rows = digest(
        "recursive",
        operator.union_all,
        seed,
        step.rows.hash,
        [value.hash for value in step.rows.columns],
        [value.hash for value in keys],
    )
    columns = tuple([Value(digest(rows, i), reads) for i in range(len(start.rows.columns))])
    return Derived(operator, Rows(hash=rows, columns=columns, reads=reads), (start, step))


_STEPS: Mapping[type[Operator], Callable[[Any, list[Rows], Scope], Rows]] = {
    op.Scan: _scan,
    op.TableFunction: _table_function,
    op.Literal: _literal,
    op.Values: _values,
    op.Project: _project,
    op.Filter: _filter,
    op.Aggregate: _aggregate,
    op.Window: _window,
    op.Unnest: _unnest,
    op.SetOperation: _set_operation,
    op.Distinct: _distinct,
    op.Sort: _sort,
    op.Limit: _limit,
    op.Sample: _sample,
    op.CteScan: _cte_scan,
    op.DelimScan: _delim_scan,
}
