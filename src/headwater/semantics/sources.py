"""Where the values of leaves come from: rows of a table with its joins, or rows of a rollup."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from headwater.clock import local_midnight
from headwater.contracts.quoting import quote
from headwater.errors import HeadwaterError, Issue
from headwater.semantics.calendar import is_instant, is_time, local_time
from headwater.semantics.catalog import Catalog
from headwater.semantics.joins import reach, relation, tables_of
from headwater.semantics.rollup import Leaf
from headwater.semantics.scope import Scope, midnight
from headwater.semantics.types import aggregate, cast_to, leaf_type, natural_type


class Source(Protocol):
    """Rows that leaves are computed from."""

    @property
    def rows(self) -> str:
        """What stands behind FROM."""

    @property
    def all_rows(self) -> str:
        """The same, without columns from joins."""

    @property
    def moment(self) -> str:
        """When a row happened, as wall-clock time."""

    def between(self, scope: Scope, first: date | None, end: date | None) -> list[str]:
        """The conditions that a row lies in the days from `first` until before `end`."""

    def dimensions(self, scope: Scope) -> list[str]:
        """The expressions that rows are grouped by, besides the period."""

    def where(self, scope: Scope) -> list[str]:
        """The conditions of the question."""

    def value(self, leaf: Leaf) -> str:
        """A leaf over these rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of a table, with the columns reached through its joins."""

    catalog: Catalog
    table: str
    rows: str
    time: str
    time_type: str
    is_sure: bool  # the time is never null

    @classmethod
    def of(cls, scope: Scope, table: str, time: str, columns: Iterable[str]) -> Rows:
        """The table with all columns that its leaves and the question name."""
        catalog = scope.catalog
        dataset = catalog.datasets[table]
        names = tuple(dict.fromkeys([*columns, *scope.by, *scope.filtered]))
        scope.read(tables_of(catalog, table, names))
        column = time or dataset.time or ""
        return cls(
            catalog=catalog,
            table=table,
            rows=relation(catalog, table, names),
            time=quote(column) if column else "",
            time_type=time_type(catalog, table, column),
            is_sure=column == dataset.time,
        )

    @property
    def all_rows(self) -> str:
        """The table alone."""
        return quote(self.table)

    @property
    def moment(self) -> str:
        """When a row happened, as wall-clock time."""
        return local_time(self.time, self.time_type, self.catalog.calendar)

    def between(self, scope: Scope, first: date | None, end: date | None) -> list[str]:
        """The conditions that a row lies in the days from `first` until before `end`."""
        signs = ((first, ">="), (end, "<"))
        bounds = [
            f"{self.time} {sign} {scope.bind(self._bound(scope, day))}"
            for day, sign in signs
            if day is not None
        ]
        if not bounds and self.time and not self.is_sure:
            return [f"{self.time} IS NOT NULL"]
        return bounds

    def _bound(self, scope: Scope, day: date) -> date | datetime:
        if self.time_type == "DATE":
            return day
        return local_midnight(day, scope.zone) if is_instant(self.time_type) else midnight(day)

    def column(self, name: str) -> str:
        """A column under its flat name."""
        return quote(reach(self.catalog, self.table, name).flat)

    def dimensions(self, scope: Scope) -> list[str]:
        """The expressions that rows are grouped by, besides the period."""
        return [self.column(name) for name in scope.by]

    def where(self, scope: Scope) -> list[str]:
        """The conditions of the question."""

        def known(name: str) -> tuple[str, str]:
            found = reach(self.catalog, self.table, name)
            return quote(found.flat), found.type

        return [f"({c.sql(known, scope.bind, scope.zone)})" for c in scope.conditions]

    def value(self, leaf: Leaf) -> str:
        """A leaf over these rows."""
        natural = natural_type(self.catalog, leaf)
        return cast_to(aggregate(leaf), leaf_type(self.catalog, leaf), natural)


def time_type(catalog: Catalog, table: str, column: str) -> str:
    """The type of a time column; empty where there is none. Raises HeadwaterError."""
    if not column:
        return ""
    found = reach(catalog, table, column)
    if found.path or not is_time(found.type):
        what = f"`{column}` of `{table}` is no time: it is {found.type}"
        raise HeadwaterError(Issue(code="E911", what=what, fix="name a date or a timestamp"))
    return found.type
