"""Features that need values of a request: their expressions, prepared in a DuckDB of their own.

They are computed over the values of the store in the types that these had in the batch, so that
both sides give the same.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from headwater.clock import local
from headwater.contracts.quoting import quote
from headwater.errors import Issue, UsageError
from headwater.features.meaning import placeholder
from headwater.features.model import FeatureSet
from headwater.learning.values import Family, family_of, name, number
from headwater.online.model import Value, Vector
from headwater.windows.moments import WALL_CLOCK

if TYPE_CHECKING:
    import duckdb

#: How a double of a vector becomes what it was, by family.
_BACK: Final[Mapping[Family, str]] = {
    "date": "DATE '1970-01-01' + CAST({} AS INTEGER)",
    "time": "CAST(make_timestamp(CAST(round({} * 86400e6) AS BIGINT)) AS {type})",
}
_OWN: Final = threading.local()


class OnDemand:
    """The expressions of one view that need a request."""

    def __init__(
        self,
        features: FeatureSet,
        stored: Sequence[tuple[str, str]],
        zone: ZoneInfo,
        functions: Sequence[str] = (),
    ) -> None:
        """`stored` are the vector's columns with their DuckDB types."""
        texts = " ".join(expression.sql for expression in features.on_request)
        types = {column.name: column.type for column in features.columns}
        self.names = tuple(expression.name for expression in features.on_request)
        self._is_text = tuple(family_of(types[each]) == "text" for each in self.names)
        self._used = tuple(
            (place, *column) for place, column in enumerate(stored) if quote(column[0]) in texts
        )
        self._request = tuple(features.request.items())
        self._zone = zone
        self._is_local = features.moment_type == WALL_CLOCK
        self._functions = tuple(functions)
        self._sql = self._statement(features)

    def values(
        self,
        vectors: Sequence[Vector],
        moments: Sequence[datetime],
        asked: Sequence[Mapping[str, object]],
    ) -> list[tuple[Value, ...]]:
        """The columns for each vector, with the moment that it is of and the values given."""
        lists: list[list[object]] = [[v[place] for v in vectors] for place, _, _ in self._used]
        lists += [[given[parameter] for given in asked] for parameter, _ in self._request]
        lists.append([local(m, self._zone) if self._is_local else m for m in moments])
        rows = self._fetch(lists)
        return [tuple(map(_value, row, self._is_text)) for row in rows]

    def _fetch(self, lists: Sequence[Sequence[object]]) -> list[tuple[object, ...]]:
        from duckdb import ConversionException, OutOfRangeException

        connection, statement = self._prepared()
        try:
            return connection.execute(statement, lists).fetchall()
        except (ConversionException, OutOfRangeException) as error:
            what = f"values of the request do not fit: {str(error).splitlines()[0]}"
            fix = f"the model asks for {', '.join(f'{n} {type}' for n, type in self._request)}"
            raise UsageError(Issue(code="E054", what=what, fix=fix)) from None

    def _statement(self, features: FeatureSet) -> str:
        inner = [f"{_given(type)} AS {quote(name)}" for _, name, type in self._used]
        inner += [
            f"CAST(unnest(?) AS {type}) AS {placeholder(name)}" for name, type in self._request
        ]
        inner.append(f"unnest(CAST(? AS {features.moment_type}[])) AS {placeholder('at')}")
        types = {column.name: column.type for column in features.columns}
        outer = [
            f"CAST({each.sql} AS {types[each.name]}) AS {quote(each.name)}"
            for each in features.on_request
        ]
        return f"SELECT {', '.join(outer)} FROM (SELECT {', '.join(inner)})"

    def _prepared(self) -> tuple[duckdb.DuckDBPyConnection, duckdb.Statement]:
        """This thread's own: connections are not for several at once."""
        made: dict[object, Any] = _OWN.__dict__.setdefault("made", {})
        about = (self._zone.key, self._functions)
        if about not in made:
            made[about] = _connect(self._zone.key, self._functions)
        if (about, self._sql) not in made:
            made[about, self._sql] = made[about].extract_statements(self._sql)[0]
        return made[about], made[about, self._sql]


def _value(value: Any, is_text: bool) -> Value:
    if value is None:
        return None
    if is_text:
        return name(value)
    return number(value) if isinstance(value, date) else float(value)


def _given(type: str) -> str:
    """A list of a vector's values as a column of the type that it had."""
    family = family_of(type)
    if family == "text":
        return f"CAST(unnest(CAST(? AS VARCHAR[])) AS {type})"
    back = _BACK.get(family, "CAST({} AS {type})")
    return back.format("unnest(CAST(? AS DOUBLE[]))", type=type)


def _connect(zone: str, functions: Sequence[str]) -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(":memory:", config={"threads": 1})
    connection.execute("SET TimeZone = ?", [zone])
    for function in functions:
        connection.execute(function)
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET enable_external_access = false")
    # Rows are few: what the optimizer takes, it never gives back.
    connection.execute("PRAGMA disable_optimizer")
    return connection
