"""Expressions of the bound plan, evaluated symbolically."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headwater.ids import digest
from headwater.sql.operators import Expression, function_name
from headwater.sql.relations import NOTHING, Read, Value

#: What says nothing about the value; a type must stay, or `::bigint` and `::double` are one.
_MEANINGLESS = frozenset(
    {
        "parameter_names",
        "query_location",
        "query_location_length",
        "alias",
        "has_serialize",
        "is_operator",
    }
)
#: Operators that are other spellings of a function.
_SPELLINGS = {"->>": "json_extract_string", "->": "json_extract"}
#: Below these, indices count the parameters of a lambda instead of columns.
_LOCAL = frozenset({"lambda_expr", "function_data"})


def evaluate(expression: Expression, columns: Sequence[Value]) -> Value:
    """The value of an expression over its operator's input columns."""
    if expression.get("expression_class") == "BOUND_REF" and not _collation(expression):
        return columns[expression.get("index", 0)]
    reads: set[Read] = set()
    shape = _shape(expression, columns, reads)
    return Value(digest(shape), frozenset(reads) if reads else NOTHING)


def evaluate_all(expressions: Sequence[Expression], columns: Sequence[Value]) -> tuple[Value, ...]:
    """`evaluate` for each."""
    return tuple([evaluate(expression, columns) for expression in expressions])


def _collation(expression: Expression) -> Any:
    return (expression["return_type"].get("type_info") or {}).get("collation")


def _shape(tree: Any, columns: Sequence[Value] | None, reads: set[Read]) -> Any:
    """The expression as nested tuples, references replaced by what they stand for."""
    if isinstance(tree, list):
        return tuple([_shape(item, columns, reads) for item in tree])
    if not isinstance(tree, dict):
        return tree
    if tree.get("expression_class") == "BOUND_REF":
        index = tree.get("index", 0)
        if columns is None:
            return "parameter", index
        value = columns[index]
        reads |= value.reads
        collation = _collation(tree)
        return ("collate", collation, value.hash) if collation else value.hash
    if tree.get("expression_class") == "BOUND_CONJUNCTION":
        sides = [_shape(child, columns, reads) for child in tree["children"]]
        return tree["type"], tuple(sorted(sides, key=repr))
    return tuple(
        [
            (key, _shape(item, None if key in _LOCAL else columns, reads))
            if isinstance(item, dict | list)
            else (key, item)
            for key, item in tree.items()
            if key not in _MEANINGLESS and key != "qname"
        ]
        + [("function", _function(tree))] * ("qname" in tree)
    )


def _function(call: Expression) -> str:
    """The function by one of its spellings; `s['x']` of a struct is `s.x`."""
    name = function_name(call)
    if name == "array_extract" and call["arguments"][0]["id"] == "STRUCT":
        return "struct_extract"
    return _SPELLINGS.get(name, name) if call.get("is_operator") else name


def unwrapped(expression: Expression) -> Expression:
    """The expression below casts."""
    while expression.get("type") == "OPERATOR_CAST":
        expression = expression["children"][0]
    return expression
