"""DuckDB's bound plan as typed operators.

`json_serialize_plan` gives a tree of JSON objects; `read_plan` turns it into the operators below,
with every column reference resolved to an index into the children's columns. Expressions stay the
JSON that DuckDB wrote (`skip_default`: an absent field has its default). An operator that is not
listed raises `UnknownOperator`, and the caller falls back to what holds for any query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Expression = Mapping[str, Any]

#: Table functions that read nothing but their arguments.
PURE_TABLE_FUNCTIONS = frozenset(
    {"range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree"}
)
#: CTEs that DuckDB itself adds when it takes correlated subqueries apart.
DELIM_PREFIX = "__duckdb_delim_"
DEDUP_PREFIX = "__duckdb_delim_dedup_"
_NOWHERE = 2**63


class UnknownOperator(Exception):
    """An operator of the plan that this room does not know."""


class ForbiddenTable(Exception):
    """A table function that reads files or the engine's own tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One step of the plan over the rows of its children."""

    children: tuple[Operator, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan(Operator):
    """Rows of a base table; a column that is None is the physical row number."""

    relation: str
    columns: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFunction(Operator):
    """A table function; `kept` are the child's columns that follow its own."""

    name: str
    detail: str
    columns: tuple[int, ...]
    kept: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(Operator):
    """Rows written in the query itself, or the one row of a query without FROM."""

    detail: str
    width: int
    one_row: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Values(Operator):
    """VALUES lists, row by row."""

    rows: tuple[tuple[Expression, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Operator):
    """One expression a column."""

    expressions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter(Operator):
    """Rows for which every condition holds; `kept` chooses columns, None all."""

    conditions: tuple[Expression, ...]
    kept: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A join condition: an expression over the left side compared with one over the right."""

    left: Expression
    right: Expression
    operator: str

    @property
    def is_equality(self) -> bool:
        """Whether matched rows agree in both expressions."""
        return self.operator in ("COMPARE_EQUAL", "COMPARE_NOT_DISTINCT_FROM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Operator):
    """A join of two children; `conditions` is over both sides' columns, left ones first.

    `flavour` is `comparison`, `asof`, `cross` or `positional`; `kind` DuckDB's join type.
    """

    flavour: str
    kind: str
    comparisons: tuple[Comparison, ...]
    conditions: tuple[Expression, ...]
    left_kept: tuple[int, ...] | None
    right_kept: tuple[int, ...] | None
    duplicate_eliminated: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimScan(Operator):
    """Inside a correlated subquery: the distinct outer values."""

    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Operator):
    """GROUP BY: group columns, then aggregates, then GROUPING() values.

    `implicit` marks the aggregate that DuckDB puts over a scalar subquery to check for one row.
    """

    groups: tuple[Expression, ...]
    aggregates: tuple[Expression, ...]
    sets: tuple[tuple[int, ...], ...]
    groupings: tuple[tuple[int, ...], ...]
    implicit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Window(Operator):
    """Window expressions after the child's columns."""

    expressions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unnest(Operator):
    """Lists turned into rows, after the child's columns."""

    expressions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOperation(Operator):
    """`UNION`, `EXCEPT` or `INTERSECT` of children with equal columns."""

    kind: str
    keeps_all: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct(Operator):
    """DISTINCT over its targets; with `is_on`, one row of each, the first in `order`."""

    targets: tuple[Expression, ...]
    is_on: bool
    order: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort(Operator):
    """ORDER BY; `orders` hold direction, nulls and `expression`."""

    orders: tuple[Expression, ...]
    kept: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(Operator):
    """LIMIT and OFFSET, as DuckDB wrote them."""

    limit: Expression
    offset: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Operator):
    """A random sample."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cte(Operator):
    """A named query (first child) and the query that reads it (second)."""

    index: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecursiveCte(Operator):
    """The start (first child) and the step (second) of a recursion."""

    index: int
    union_all: bool
    keys: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CteScan(Operator):
    """Rows of a named query."""

    index: int
    width: int


def read_plan(node: Expression) -> Operator:
    """The typed plan; raises `UnknownOperator` or `ForbiddenTable`."""
    kind = node["type"].removeprefix("LOGICAL_")
    reader = _READERS.get(kind)
    if reader is None:
        raise UnknownOperator(kind)
    children = node.get("children", ())
    return reader(node, tuple([read_plan(child) for child in children]))


def function_name(expression: Expression) -> str:
    """The name of the function, aggregate or window that an expression calls, or ''."""
    name = expression.get("qname")
    return str(name["path"][-1]) if name else ""


def conjuncts(expressions: Sequence[Expression]) -> list[Expression]:
    """The conditions with their ANDs taken apart."""
    flat: list[Expression] = []
    for expression in expressions:
        if expression.get("type") == "CONJUNCTION_AND":
            flat += conjuncts(expression["children"])
        else:
            flat.append(expression)
    return flat


Children = tuple[Operator, ...]


def _kept(node: Expression, name: str) -> tuple[int, ...] | None:
    return tuple(node[name]) if node.get(name) else None


def _get(node: Expression, children: Children) -> Operator:
    indices = [column.get("index", 0) for column in node.get("column_indexes", ())]
    if node.get("projection_ids"):
        indices = [indices[i] for i in node["projection_ids"]]
    name = function_name(node)
    if name == "seq_scan":
        names = node.get("names", ())
        path = node["function_data"]["qualified_name"]["path"]
        columns = tuple([names[i] if i < len(names) else None for i in indices])
        return Scan(relation=path[-1], columns=columns)
    if name not in PURE_TABLE_FUNCTIONS:
        raise ForbiddenTable(name)
    detail = repr((node.get("parameters"), node.get("named_parameters"), node.get("arguments")))
    kept = tuple(node.get("projected_input", ()))
    return TableFunction(
        children=children, name=name, detail=detail, columns=tuple(indices), kept=kept
    )


def _literal(node: Expression, children: Children) -> Operator:
    kind = node["type"]
    width = len(node.get("chunk_types") or node.get("return_types") or ())
    if kind == "LOGICAL_DUMMY_SCAN":
        return Literal(detail="one row", width=1, one_row=True)
    if kind == "LOGICAL_EMPTY_RESULT":
        return Literal(detail="no row", width=width, one_row=False)
    return Literal(detail=repr(node.get("collection")), width=width, one_row=False)


def _values(node: Expression, children: Children) -> Operator:
    return Values(children=children, rows=tuple([tuple(row) for row in node["expressions"]]))


def _project(node: Expression, children: Children) -> Operator:
    expressions = tuple(node.get("expressions", ()))
    if any(e.get("expression_class") == "BOUND_COLUMN_REF" for e in expressions):
        source = node["children"][0]
        expressions = tuple([_resolve(e, source) for e in expressions])
    if any(_is_row_check(e) for e in expressions) and isinstance(children[0], Aggregate):
        inner = children[0]
        children = (
            Aggregate(
                children=inner.children,
                groups=inner.groups,
                aggregates=inner.aggregates,
                sets=inner.sets,
                groupings=inner.groupings,
                implicit=True,
            ),
        )
    return Project(children=children, expressions=expressions)


def _resolve(expression: Expression, source: Expression) -> Expression:
    """Under a lateral table function DuckDB leaves references by table and column."""
    if expression.get("expression_class") != "BOUND_COLUMN_REF":
        return expression
    binding = expression.get("binding", {})
    plain = source["type"] in ("LOGICAL_CTE_REF", "LOGICAL_PROJECTION")
    if not plain or source.get("table_index", 0) != binding.get("table_index", 0):
        raise UnknownOperator("BOUND_COLUMN_REF")
    index = binding.get("column_index", 0)
    return {
        "expression_class": "BOUND_REF",
        "type": "BOUND_REF",
        "alias": expression.get("alias", ""),
        "return_type": expression["return_type"],
        "index": index,
    }


def _is_row_check(expression: Expression) -> bool:
    """`case when count_star() > 1 then error('More than one row …') else first(…) end`."""
    if expression.get("expression_class") != "BOUND_CASE":
        return False
    then = expression["case_checks"][0]["then_expr"]
    return function_name(then) == "error" and is_implicit(then)


def is_implicit(expression: Expression) -> bool:
    """Whether DuckDB added the expression: it stands nowhere in the text."""
    return bool(expression.get("query_location", _NOWHERE) >= _NOWHERE)


def location(expression: Expression) -> int | None:
    """The byte offset of an expression in the text, where DuckDB kept it."""
    offset = expression.get("query_location", 0)
    return offset if offset < _NOWHERE else None


def _filter(node: Expression, children: Children) -> Operator:
    conditions = tuple(conjuncts(node.get("expressions", ())))
    return Filter(children=children, conditions=conditions, kept=_kept(node, "projection_map"))


def _join(node: Expression, children: Children) -> Operator:
    comparisons: list[Comparison] = []
    conditions: list[Expression] = []
    for condition in node.get("conditions", ()):
        if "right" not in condition:
            conditions.append(condition["left"])
            continue
        comparisons.append(
            Comparison(
                left=condition["left"],
                right=condition["right"],
                operator=condition["comparison"],
            )
        )
    conditions += [node[name] for name in ("predicate", "condition") if node.get(name)]
    kind = node["type"]
    flavour = {
        "LOGICAL_CROSS_PRODUCT": "cross",
        "LOGICAL_POSITIONAL_JOIN": "positional",
        "LOGICAL_ASOF_JOIN": "asof",
    }.get(kind, "comparison")
    return Join(
        children=children,
        flavour=flavour,
        kind="INNER" if flavour in ("cross", "positional") else node["join_type"],
        comparisons=tuple(comparisons),
        conditions=tuple(conjuncts(conditions)),
        left_kept=_kept(node, "left_projection_map"),
        right_kept=_kept(node, "right_projection_map"),
        duplicate_eliminated=tuple(node.get("duplicate_eliminated_columns", ())),
    )


def _delim_scan(node: Expression, children: Children) -> Operator:
    return DelimScan(width=len(node["chunk_types"]))


def _aggregate(node: Expression, children: Children) -> Operator:
    return Aggregate(
        children=children,
        groups=tuple(node.get("groups", ())),
        aggregates=tuple(node.get("expressions", ())),
        sets=tuple([tuple(s) for s in node.get("grouping_sets", ())]),
        groupings=tuple([tuple(g) for g in node.get("grouping_functions", ())]),
    )


def _window(node: Expression, children: Children) -> Operator:
    return Window(children=children, expressions=tuple(node["expressions"]))


def _unnest(node: Expression, children: Children) -> Operator:
    return Unnest(children=children, expressions=tuple(node["expressions"]))


def _set_operation(node: Expression, children: Children) -> Operator:
    kind = node["type"].removeprefix("LOGICAL_")
    return SetOperation(children=children, kind=kind, keeps_all=node.get("setop_all", True))


def _distinct(node: Expression, children: Children) -> Operator:
    order = (node.get("order_by") or {}).get("orders", ())
    return Distinct(
        children=children,
        targets=tuple(node.get("distinct_targets", ())),
        is_on="ON" in node.get("distinct_type", "DISTINCT_ON"),
        order=tuple(order),
    )


def _sort(node: Expression, children: Children) -> Operator:
    return Sort(children=children, orders=tuple(node["orders"]), kept=_kept(node, "projections"))


def _limit(node: Expression, children: Children) -> Operator:
    return Limit(
        children=children, limit=node.get("limit_val", {}), offset=node.get("offset_val", {})
    )


def _sample(node: Expression, children: Children) -> Operator:
    return Sample(children=children, detail=repr(node.get("sample_options")))


def _cte(node: Expression, children: Children) -> Operator:
    index = node.get("table_index", 0)
    return Cte(children=children, index=index, name=node.get("ctename", ""))


def _recursive_cte(node: Expression, children: Children) -> Operator:
    if node.get("payload_aggregates"):
        raise UnknownOperator("RECURSIVE_CTE USING KEY")
    return RecursiveCte(
        children=children,
        index=node.get("table_index", 0),
        union_all=bool(node.get("union_all")),
        keys=tuple(node.get("key_targets", ())),
    )


def _cte_scan(node: Expression, children: Children) -> Operator:
    return CteScan(index=node.get("cte_index", 0), width=len(node["chunk_types"]))


_READERS: Mapping[str, Callable[[Expression, Children], Operator]] = {
    "GET": _get,
    "DUMMY_SCAN": _literal,
    "EMPTY_RESULT": _literal,
    "CHUNK_GET": _literal,
    "EXPRESSION_GET": _values,
    "PROJECTION": _project,
    "FILTER": _filter,
    "COMPARISON_JOIN": _join,
    "DELIM_JOIN": _join,
    "ASOF_JOIN": _join,
    "ANY_JOIN": _join,
    "CROSS_PRODUCT": _join,
    "POSITIONAL_JOIN": _join,
    "DELIM_GET": _delim_scan,
    "AGGREGATE_AND_GROUP_BY": _aggregate,
    "WINDOW": _window,
    "UNNEST": _unnest,
    "UNION": _set_operation,
    "EXCEPT": _set_operation,
    "INTERSECT": _set_operation,
    "DISTINCT": _distinct,
    "ORDER_BY": _sort,
    "LIMIT": _limit,
    "SAMPLE": _sample,
    "MATERIALIZED_CTE": _cte,
    "RECURSIVE_CTE": _recursive_cte,
    "CTE_REF": _cte_scan,
}
