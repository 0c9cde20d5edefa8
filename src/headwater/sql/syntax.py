"""Expressions as DuckDB's parser serializes them: what lies in one, and new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def children(tree: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The expressions directly below one."""
    pending: list[Any] = list(tree.values())
    while pending:
        value = pending.pop(0)
        if isinstance(value, list):
            pending = [*value, *pending]
        elif isinstance(value, dict):
            if "class" in value:
                yield value
            else:
                pending = [*value.values(), *pending]


def call(function: str, arguments: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A call of a function."""
    return {
        "class": "FUNCTION", "type": "FUNCTION", "alias": "", "query_location": 0,
        "query_location_length": 0, "function_name": function, "schema": "", "filter": None,
        "order_bys": {"type": "ORDER_MODIFIER", "orders": []}, "distinct": False,
        "is_operator": False, "export_state": False, "catalog": "",
        "arguments": [{"name": "", "expression": argument} for argument in arguments],
        "qualified_name": {"path": [function]},
    }  # fmt: skip


def guard_division(division: dict[str, Any]) -> None:
    """Make a division by zero NULL."""
    zero = {
        "class": "CONSTANT", "type": "VALUE_CONSTANT", "alias": "", "query_location": 0,
        "query_location_length": 0, "literal": {"kind": "INTEGER", "text": "0"},
    }  # fmt: skip
    divisor = division["arguments"][1]
    divisor["expression"] = call("nullif", [divisor["expression"], zero])
