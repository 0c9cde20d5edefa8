"""Which days a query can see of a table, so that only their data files are opened.

Only what is plain is used: comparisons of the table's time with constants, joined by AND in the
WHERE beside the table. Whatever else a query says is left to the engine; the WHERE itself stays, so
that a span that is too wide costs time and never rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from headwater.clock import parse_instant
from headwater.ids import ALL_TIME, DataInterval

#: Naive times, dates and the hour that a clock repeats: a day on either side covers them all.
_MARGIN = timedelta(days=1)
_LOWER = frozenset(("COMPARE_GREATERTHAN", "COMPARE_GREATERTHANOREQUALTO", "COMPARE_EQUAL"))
_UPPER = frozenset(("COMPARE_LESSTHAN", "COMPARE_LESSTHANOREQUALTO", "COMPARE_EQUAL"))
_MIRRORED = {
    "COMPARE_GREATERTHAN": "COMPARE_LESSTHAN",
    "COMPARE_GREATERTHANOREQUALTO": "COMPARE_LESSTHANOREQUALTO",
    "COMPARE_LESSTHAN": "COMPARE_GREATERTHAN",
    "COMPARE_LESSTHANOREQUALTO": "COMPARE_GREATERTHANOREQUALTO",
    "COMPARE_EQUAL": "COMPARE_EQUAL",
}


@dataclass(frozen=True, slots=True)
class _Seen:
    """A table as the query names it, and the names by which its time can be meant."""

    names: frozenset[str]
    time: str
    alone: bool  # the only table of the query, so that the time needs no name before it


def visible_span(
    sql: str,
    table: str,
    time: str,
    zone: ZoneInfo,
    parameters: Mapping[str, object] | None = None,
) -> DataInterval:
    """The days of `table` that can decide the result; everything where that is not plain.

    >>> span = visible_span("select * from sales where sold_at >= '2011-11-02'", "sales", "sold_at",
    ...                     ZoneInfo("UTC"))
    >>> span.start.date().isoformat()
    '2011-11-01'
    """
    from headwater.sql.parsing import syntax_tree, walk

    tree = syntax_tree(sql)
    nodes = list(walk(tree))
    tables = [node for node in nodes if node.get("type") == "BASE_TABLE"]
    own = [node for node in tables if node["table_name"].casefold() == table.casefold()]
    if len(own) != 1 or own[0].get("column_name_alias") or _is_shadowed(nodes, table):
        return ALL_TIME
    select = next((node for node in nodes if _reads(node, own[0])), None)
    if select is None or not select.get("where_clause"):
        return ALL_TIME
    names = frozenset({(own[0].get("alias") or table).casefold()})
    relations = [node for node in nodes if node.get("type") in _RELATIONS]
    seen = _Seen(names, time.casefold(), alone=len(relations) == 1)
    start, end = ALL_TIME.start, ALL_TIME.end
    for sort, value in _bounds(select["where_clause"], seen, parameters or {}):
        instant = _instant(value, zone)
        if instant is None:
            continue
        if sort in _LOWER:
            start = max(start, instant - _MARGIN)
        if sort in _UPPER:
            end = min(end, instant + _MARGIN)
    return DataInterval(start, max(start, end))


_RELATIONS = frozenset(("BASE_TABLE", "SUBQUERY", "TABLE_FUNCTION", "EXPRESSION_LIST", "PIVOT"))


def _is_shadowed(nodes: list[Mapping[str, Any]], table: str) -> bool:
    """Whether a CTE has the table's name."""
    maps = (node.get("cte_map") or {} for node in nodes)
    keys = (entry["key"].casefold() for each in maps for entry in each.get("map") or ())
    return table.casefold() in keys


def _reads(node: Mapping[str, Any], table: Mapping[str, Any]) -> bool:
    """Whether a SELECT has the table in its FROM, alone or in joins that match row by row."""
    return node.get("type") == "SELECT_NODE" and _joins(node.get("from_table"), table)


def _joins(relation: Any, table: Mapping[str, Any]) -> bool:
    if relation is table:
        return True
    if not isinstance(relation, dict) or relation.get("type") != "JOIN":
        return False
    if relation.get("ref_type") not in ("REGULAR", "CROSS", "NATURAL"):
        return False  # in ASOF and POSITIONAL joins, rows that are not shown decide too
    return _joins(relation["left"], table) or _joins(relation["right"], table)


def _bounds(
    clause: Mapping[str, Any], seen: _Seen, parameters: Mapping[str, object]
) -> Iterator[tuple[str, object]]:
    """Comparisons of the time with values: how it compares, and with what."""
    sort = clause.get("type")
    if sort == "CONJUNCTION_AND":
        for child in clause["children"]:
            yield from _bounds(child, seen, parameters)
    elif sort == "COMPARE_BETWEEN" and _is_time(clause["input"], seen):
        yield "COMPARE_GREATERTHANOREQUALTO", _value(clause["lower"], parameters)
        yield "COMPARE_LESSTHANOREQUALTO", _value(clause["upper"], parameters)
    elif sort in _MIRRORED:
        if _is_time(clause["left"], seen):
            yield sort, _value(clause["right"], parameters)
        elif _is_time(clause["right"], seen):
            yield _MIRRORED[sort], _value(clause["left"], parameters)


def _is_time(node: Mapping[str, Any], seen: _Seen) -> bool:
    if node.get("class") != "COLUMN_REF":
        return False
    path = [name.casefold() for name in node["column_names"]]
    if path[-1] != seen.time:
        return False
    return (len(path) == 1 and seen.alone) or (len(path) == 2 and path[0] in seen.names)


def _value(node: Mapping[str, Any], parameters: Mapping[str, object]) -> object:
    """A constant's text or a parameter's value; None for anything that has to be computed."""
    if node.get("class") == "CAST":
        return _value(node["child"], parameters)
    if node.get("class") == "CONSTANT":
        literal = node.get("literal") or {}
        return literal.get("text") if literal.get("kind") == "STRING" else None
    if node.get("class") == "PARAMETER":
        return parameters.get(str(node.get("identifier", "")))
    return None


def _instant(value: object, zone: ZoneInfo) -> datetime | None:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    text = value.isoformat() if isinstance(value, date) else value
    if not isinstance(text, str):
        return None
    try:
        found = parse_instant(text.strip(), zone)
    except ValueError:
        return None
    return found if ALL_TIME.start + _MARGIN < found < ALL_TIME.end - _MARGIN else None
