"""Functions that give another value in every run, found in the text.

The bound plan does not show them all: DuckDB computes `current_date - 7` while it binds, and the
plan holds the day of the binding as a constant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from headwater.sql.parameters import Translated
from headwater.sql.parsing import syntax_tree, walk, without_comments
from headwater.sql.problems import SqlProblem
from headwater.sql.relations import Relation

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BY_STABILITY = (
    "select distinct function_name from duckdb_functions()"
    " where stability in ('VOLATILE', 'CONSISTENT_WITHIN_QUERY')"
)
#: Written without parentheses; the parser takes them for columns.
_KEYWORDS = frozenset(
    {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}
)
#: It ends the query, so that there is no value to differ.
_HARMLESS = frozenset({"error"})
_CLOCK_FIX = "take the time from a column"
_CHANCE_FIX = "derive it from a key, as in `hash(id)`"
_CLOCK = re.compile(r"now|today|current_(date|time)|get_current|transaction_timestamp|localtime")
_CHANCE = re.compile(r"random|uuid")
_WORD = re.compile(r"[a-z_]\w*")
_DEFINED = re.compile(r"\b(?:macro|function)\s+(?:if\s+not\s+exists\s+)?\"?(\w+)", re.IGNORECASE)


def volatile_functions(
    connection: DuckDBPyConnection, functions: Sequence[str]
) -> Mapping[str, str]:
    """Volatile functions by name, each with a fix; the project's own that call one included."""
    rows = connection.execute(_BY_STABILITY).fetchall()
    names = ({str(row[0]).casefold() for row in rows} | _KEYWORDS) - _HARMLESS
    found = {name: _fix(name) for name in names}
    bodies = [without_comments(text).casefold() for text in functions]
    grew = True
    while grew:
        grew = False
        for body in bodies:
            called = next((word for word in _WORD.findall(body) if word in found), None)
            own = {name.casefold() for name in _DEFINED.findall(body)} - found.keys()
            if called is not None and own:
                found.update(dict.fromkeys(own, found[called]))
                grew = True
    return found


def find_volatile(
    text: Translated, volatile: Mapping[str, str], schema: Mapping[str, Relation]
) -> Iterator[SqlProblem]:
    """Each call of a volatile function in the text."""
    if volatile.keys().isdisjoint(_WORD.findall(text.sql.casefold())):
        return
    columns = {column.name.casefold() for r in schema.values() for column in r.columns}
    for node in walk(syntax_tree(text.sql)):
        match node:
            case {"class": "FUNCTION", "function_name": written}:
                name, shown = written.casefold(), f"{written}()"
            case {"class": "COLUMN_REF", "column_names": [written]}:
                name, shown = written.casefold(), written
                if name not in _KEYWORDS or name in columns:
                    continue
            case _:
                continue
        if name in volatile:
            line, column = text.position(node["query_location"])
            yield SqlProblem(
                code="E401",
                what=f"`{shown}` gives another value in every run",
                fix=volatile[name],
                line=line,
                column=column,
            )


def _fix(name: str) -> str:
    if _CLOCK.match(name):
        return _CLOCK_FIX
    return _CHANCE_FIX if _CHANCE.search(name) else "leave it out"
