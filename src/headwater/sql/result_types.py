"""The types that expressions have: DuckDB binds them over columns without rows."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING

from headwater.sql.binding import create_macro
from headwater.sql.parsing import SEALED
from headwater.sql.problems import SqlError, SqlProblem

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_one_at_a_time = threading.Lock()


@lru_cache(maxsize=4096)
def bound_types(sql: str, functions: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The types of the columns of a SELECT that reads no table; raises `SqlError` (E212).

    `functions` are the texts of `CREATE MACRO` statements that it may call.

    >>> bound_types("SELECT sum(a) FROM (SELECT CAST(NULL AS DECIMAL(9,2)) AS a)")
    ('DECIMAL(38,2)',)
    """
    import duckdb

    try:
        with _one_at_a_time:
            return tuple(str(kind) for kind in _sealed(functions).sql(sql).types)
    except duckdb.Error as error:
        what = str(error).split("\n", maxsplit=1)[0]
        raise SqlError(SqlProblem(code="E212", what=what)) from None


@lru_cache(maxsize=8)
def _sealed(functions: tuple[str, ...]) -> DuckDBPyConnection:
    """A connection that has the functions; it outlives the thread that asks first."""
    import duckdb

    connection = duckdb.connect(config=dict(SEALED))
    for text in functions:
        create_macro(connection, text)
    return connection
