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
    code = sql.encode()  # positions count bytes
    said = [start for start, kind in tokens if kind.name != "comment"]
    ends = [start for start in said if code[start : start + 1] == b";"]
    if not ends:
        return sql
    if said[-1] > ends[0] and any(start > ends[0] and start not in ends for start in said):
        raise HeadwaterError(
            Issue(code=codes.NOT_A_QUERY, what="more than one statement in one text", place=place)
        )
    return code[: ends[0]].decode()


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
