"""The user's statements as text: one query without its semicolon, and functions made temporary."""

from __future__ import annotations

import re

import duckdb

from headwater.engines import codes
from headwater.engines.duckdb.faults import UserText, translated
from headwater.errors import HeadwaterError, Issue, Place

_COMMENTS = r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
_FUNCTION = re.compile(
    rf"(?P<lead>{_COMMENTS})create\s+(?:or\s+replace\s+)?(?:temp\s+|temporary\s+)?"
    r"(?P<rest>(?:macro|function)\b.*)",
    re.IGNORECASE | re.DOTALL,
)


def query_text(sql: str, place: Place = Place()) -> str:
    """The text of the one query, positions unchanged, without a semicolon at its end.

    >>> query_text("select ';' /* ; */ ;  -- done")
    "select ';' /* ; */ "
    """
    if ";" not in sql:
        return sql
    with translated(sql, UserText(sql, place)):
        tokens = duckdb.tokenize(sql)
    ends = [start for start, kind in tokens if kind.name == "operator" and sql[start] == ";"]
    if not ends:
        return sql
    if any(
        start > ends[0] and start not in ends and kind.name != "comment" for start, kind in tokens
    ):
        raise HeadwaterError(
            Issue(code=codes.NOT_A_QUERY, what="more than one statement in one file", place=place)
        )
    return sql[: ends[0]]


def temporary_function(sql: str) -> str:
    """`CREATE FUNCTION …` for one session alone, so that parallel steps do not meet.

    >>> temporary_function("create function twice(x) as 2 * x")
    'CREATE OR REPLACE TEMP function twice(x) as 2 * x'
    """
    match = _FUNCTION.match(query_text(sql))
    if match is None:
        issue = Issue(code=codes.NOT_A_QUERY, what="a function begins with CREATE FUNCTION")
        raise HeadwaterError(issue)
    return f"CREATE OR REPLACE TEMP {match['rest']}"
