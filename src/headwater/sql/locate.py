"""Where in the text something stands that the bound plan has no position for.

The bound plan keeps positions of scalar functions only; aggregates, windows, LIMIT and output
columns are looked up in the syntax tree by their name and the columns that they name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from headwater.sql.operators import Expression, function_name, location
from headwater.sql.parameters import Translated
from headwater.sql.parsing import syntax_tree, walk
from headwater.sql.problems import SqlError

Position = tuple[int, int]
NOWHERE: Position = (0, 0)


class Locator:
    """Finds expressions of the plan in the text; each place is given out once."""

    def __init__(self, text: Translated) -> None:
        self._text = text
        self._nodes: list[Mapping[str, Any]] | None = None
        self._taken: set[int] = set()

    def call(self, expression: Expression) -> Position:
        """An aggregate or window: the call of that name which names most of its columns."""
        names = {function_name(expression), _window_name(expression)} - {""}
        wanted = set(_bound_names(expression))
        best: Mapping[str, Any] | None = None
        best_score = (False, -1)
        for node in self._tree():
            if node.get("class") not in ("FUNCTION", "WINDOW"):
                continue
            if node.get("function_name", "").casefold() not in names:
                continue
            fresh = node["query_location"] not in self._taken
            score = fresh, len(wanted & set(_written_names(node)))
            if score > best_score:
                best, best_score = node, score
        offset = None if best is None else location(best)
        if offset is None:  # `array(select …)` is an aggregate that stands nowhere
            return self.word(r"\barray\s*\(") if "array_agg" in names else NOWHERE
        self._taken.add(offset)
        return self._text.position(offset)

    def limit(self) -> Position:
        """The next LIMIT of the text."""
        for node in self._tree():
            if node.get("type") in ("LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER"):
                bound = node.get("limit") or node.get("offset")
                offset = _first_location(bound)
                if offset is not None and offset not in self._taken:
                    self._taken.add(offset)
                    return self._text.position(self._keyword_before(offset))
        return NOWHERE

    def word(self, pattern: str) -> Position:
        """The first place where a keyword stands in the text."""
        match = re.search(pattern, self._text.sql, re.IGNORECASE)
        return (
            self._text.position(len(self._text.sql[: match.start()].encode())) if match else NOWHERE
        )

    def table(self, name: str) -> Position:
        """The first mention of a base table."""
        for node in self._tree():
            if (
                node.get("type") == "BASE_TABLE"
                and node["table_name"].casefold() == name.casefold()
            ):
                return self._text.position(location(node))
        return NOWHERE

    def column(self, name: str) -> Position:
        """An output column of the outermost SELECT."""
        for node in self._tree():
            if node.get("type") == "SELECT_NODE":
                for item in node.get("select_list", ()):
                    written = item.get("alias") or (item.get("column_names") or [""])[-1]
                    if written.casefold() == name.casefold():
                        return self._text.position(_first_location(item))
                return NOWHERE
        return NOWHERE

    def _tree(self) -> list[Mapping[str, Any]]:
        if self._nodes is None:
            try:
                self._nodes = list(walk(syntax_tree(self._text.sql).get("node")))
            except SqlError:
                self._nodes = []
        return self._nodes

    def _keyword_before(self, offset: int) -> int:
        before = self._text.sql.encode()[:offset].decode(errors="ignore")
        match = re.search(r"(limit|offset|fetch\s+(first|next))\s*\Z", before, re.IGNORECASE)
        return len(before[: match.start()].encode()) if match else offset


def _window_name(expression: Expression) -> str:
    """`WINDOW_ROW_NUMBER` → `row_number`."""
    kind = str(expression.get("type", ""))
    if not kind.startswith("WINDOW_") or kind == "WINDOW_AGGREGATE":
        return ""
    name = kind.removeprefix("WINDOW_").casefold()
    return {"rank_dense": "dense_rank"}.get(name, name)


def call_name(expression: Expression) -> str:
    """What the user wrote to call an aggregate or window, as far as the plan says."""
    return _window_name(expression) or function_name(expression)


def _bound_names(tree: Any) -> Iterator[str]:
    for node in walk(tree):
        if node.get("expression_class") == "BOUND_REF" and node.get("alias"):
            yield node["alias"].casefold()


def _written_names(tree: Any) -> Iterator[str]:
    for node in walk(tree):
        if node.get("class") == "COLUMN_REF":
            yield node["column_names"][-1].casefold()


def _first_location(tree: Any) -> int | None:
    offsets = [offset for node in walk(tree) if (offset := location(node)) and "class" in node]
    return min(offsets) if offsets else None
