"""DuckDB's text of a type from its JSON, and the names and types at the root of a plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from headwater.sql.operators import Expression
from headwater.sql.relations import Column

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*\Z")
#: Aliases that DuckDB gives itself; DESCRIBE shows another name for them.
_INTERNAL_ALIASES = frozenset({"SUBQUERY", ""})


_SAME_COLUMNS = frozenset(
    {"LOGICAL_LIMIT", "LOGICAL_DISTINCT", "LOGICAL_SAMPLE"}
    | {"LOGICAL_UNION", "LOGICAL_EXCEPT", "LOGICAL_INTERSECT"}
)


class UnknownType(Exception):
    """A type or name that only DESCRIBE can tell."""


def type_text(data: Mapping[str, Any]) -> str:
    """The type as `DESCRIBE` writes it; raises `UnknownType` for a rare one."""
    name: str = data["id"]
    info = data.get("type_info") or {}
    if info.get("alias"):
        return str(info["alias"])
    if name == "DECIMAL":
        return f"DECIMAL({info.get('width', 0)},{info.get('scale', 0)})"
    if name == "LIST":
        return f"{type_text(info['child_type'])}[]"
    if name == "STRUCT":
        children = [(c.get("first", ""), c["second"]) for c in info["child_types"]]
        inner = ", ".join(f"{_field(field)} {type_text(type_)}" for field, type_ in children)
        return f"STRUCT({inner})"
    if info.get("type") not in (None, "STRING_TYPE_INFO"):
        raise UnknownType(name)
    if name == "NULL":
        raise UnknownType(name)
    return name


def _field(name: str) -> str:
    if not _PLAIN.match(name):
        raise UnknownType(name)
    return name


def root_columns(node: Expression) -> tuple[Column, ...]:
    """Names and types of a plan's result; raises `UnknownType` where the plan lacks a type.

    A name is '' where the plan lost it, as it does for group keys that are named by an alias.
    """
    kind = node["type"]
    if kind == "LOGICAL_PROJECTION":
        return tuple([_column(expression) for expression in node["expressions"]])
    if kind == "LOGICAL_MATERIALIZED_CTE":
        return root_columns(node["children"][1])
    if kind in _SAME_COLUMNS or (kind == "LOGICAL_ORDER_BY" and not node.get("projections")):
        return root_columns(node["children"][0])
    raise UnknownType(kind)


def _column(expression: Expression) -> Column:
    name = expression.get("alias", "")
    data = expression.get("return_type")
    if data is None:
        data = expression["value"]["type"]
    renamed = (data.get("type_info") or {}).get("collation")
    trusted = name.isidentifier() and name not in _INTERNAL_ALIASES and not renamed
    return Column(name=name if trusted else "", type=type_text(data))


def written_names(statement: Expression) -> tuple[str, ...] | None:
    """The output names that the outermost SELECT writes, '' where it writes none; None with `*`."""
    node = statement.get("node") or {}
    while node.get("type") == "SET_OPERATION_NODE":
        if str(node.get("setop_type", "")).endswith("BY_NAME"):
            return None
        node = node.get("left") or node["children"][0]
    names = []
    for item in node.get("select_list", ()):
        if item.get("class") == "STAR" or item.get("function_name") in ("unnest", "columns"):
            return None
        names.append(item.get("alias") or (item.get("column_names") or [""])[-1])
    return tuple(names)
