"""DuckDB's bound plan read into typed operators.

`json_serialize_plan` gives a tree of JSON objects. An operator that is not listed here raises
`UnknownOperator`, and the caller falls back to what holds for any query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from headwater.sql.operators import (
    Aggregate,
    Comparison,
    Cte,
    CteScan,
    DelimScan,
    Distinct,
    Expression,
    Filter,
    Join,
    Limit,
    Literal,
    Operator,
    Project,
    RecursiveCte,
    Sample,
    Scan,
    SetOperation,
    Sort,
    TableFunction,
    Unnest,
    Values,
    Window,
    conjuncts,
    function_name,
    is_implicit,
)

#: Table functions that read nothing but their arguments.
PURE_TABLE_FUNCTIONS = frozenset(
    {"range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree"}
)


class UnknownOperator(Exception):
    """An operator of the plan that this room does not know."""


class ForbiddenTable(Exception):
    """A table function that reads files or the engine's own tables."""


def read_plan(node: Expression) -> Operator:
    """The typed plan; raises `UnknownOperator` or `ForbiddenTable`."""
    kind = node["type"].removeprefix("LOGICAL_")
    reader = _READERS.get(kind)
    if reader is None:
        raise UnknownOperator(kind)
    children = node.get("children", ())
    return reader(node, tuple([read_plan(child) for child in children]))


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
        children = (replace(children[0], implicit=True),)
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
