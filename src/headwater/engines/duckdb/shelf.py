"""Tables in memory that many sessions read: small data files, opened once for many questions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from itertools import count

import duckdb

from headwater.engines.duckdb.faults import translated
from headwater.engines.duckdb.physical import groups_of_one_schema
from headwater.engines.duckdb.quoting import identifier, text
from headwater.engines.duckdb.relations import input_select
from headwater.engines.duckdb.session import DuckDBSession
from headwater.engines.protocol import InputRelation
from headwater.errors import HeadwaterError

_numbers = count()


class DuckDBShelf:
    """Tables under the names of their inputs, in a schema of their own; safe in many threads."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, open_session: Callable[[], DuckDBSession]
    ) -> None:
        self._connection = connection
        self._open_session = open_session
        self._schema = f"headwater_shelf_{next(_numbers)}"
        self._lock = threading.Lock()
        self._kept: set[str] = set()
        connection.execute(f"CREATE SCHEMA {identifier(self._schema)}")

    def keep(self, relation: InputRelation) -> None:
        """Read an input into memory, unless it is there."""
        with self._lock:
            if relation.name in self._kept:
                return
            with self._open_session() as session:
                groups = partial(groups_of_one_schema, session.connection)
                select = input_select(relation, session.zone, groups)
                name = f"{identifier(self._schema)}.{identifier(relation.name)}"
                statement = f"CREATE TABLE {name} AS {select}"
                with translated(statement):
                    session.connection.execute(statement)
            self._kept.add(relation.name)

    def session(self) -> DuckDBSession:
        """A session that reads the kept tables by their names, and what is bound to it besides."""
        session = self._open_session()
        try:
            with translated():
                session.connection.execute(f"SET search_path = {text(self._schema)}")
        except HeadwaterError:  # the shelf was closed
            session.close()
            raise
        return session

    def close(self) -> None:
        """Forget all tables."""
        self._connection.execute(f"DROP SCHEMA IF EXISTS {identifier(self._schema)} CASCADE")
