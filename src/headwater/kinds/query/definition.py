"""What a saved query's file says, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

from headwater.definitions.model import Described
from headwater.errors import Place
from headwater.ids import NodeId

ParameterType = Literal["text", "integer", "number", "date", "timestamp", "boolean"]

#: The DuckDB type as which a parameter is bound.
DUCKDB_TYPES: Final[Mapping[ParameterType, str]] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One value that a saved query takes. Values stand as text until they are bound.

    `choices` are the values that it may have, or `choices_sql` a SELECT that gives them; neither:
    any value of the type.
    """

    name: str
    place: Place
    type: ParameterType = "text"
    default: str | None = None  # None: null
    choices: tuple[str, ...] = ()
    choices_sql: str = ""
    choices_place: Place = Place()
    title: str = ""
    description: str = ""
    required: bool = False

    @property
    def label(self) -> str:
        """The name that people see: its title, or its name in words."""
        return self.title or self.name.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryDefinition:
    """A saved query: one SELECT over the project's tables, with parameters as `:name`."""

    id: NodeId
    place: Place
    files: tuple[str, ...]
    described: Described
    sql: str = ""  # the whole file's text, header included, so that positions stay true
    references_to: tuple[str, ...] = ()  # relations in the SQL and in the choices
    parameters: tuple[Parameter, ...] = ()
    column_docs: Mapping[str, str] = field(default_factory=dict)
    limit: int | None = None  # the most rows that it gives
    timeout: timedelta | None = None  # the longest that it may take

    @property
    def types(self) -> Mapping[str, str]:
        """Parameter → the DuckDB type as which it is bound."""
        return {each.name: DUCKDB_TYPES[each.type] for each in self.parameters}
