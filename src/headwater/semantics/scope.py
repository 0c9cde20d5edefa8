"""A query while it is compiled: its CTEs, its bound values, and the relations that it reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from headwater.clock import Grain
from headwater.contracts.quoting import quote
from headwater.ids import NodeId
from headwater.semantics.catalog import Catalog
from headwater.semantics.conditions import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The days of the question, or of what it is compared with; None: no bound."""

    first: date | None = None
    end: date | None = None  # the first day after it
    suffix: str = ""  # `_previous`: of its columns and CTEs


@dataclass(slots=True, kw_only=True)
class Scope:
    """What the parts of one query share."""

    catalog: Catalog
    by: tuple[str, ...] = ()
    grain: Grain | None = None
    conditions: tuple[Condition, ...] = ()
    has_steps: bool = False  # rows are also told apart by the step of a cohort
    parameters: dict[str, object] = field(default_factory=dict)
    relations: dict[str, NodeId] = field(default_factory=dict)
    ctes: dict[str, str] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """The project's zone."""
        return ZoneInfo(self.catalog.calendar.zone)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names, in every part, of the columns that tell its rows apart."""
        found = ["period"] if self.grain is not None else []
        found += ["step"] if self.has_steps else []
        return (*found, *self.dimensions)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The names, in every part, of the columns of `by`."""
        return tuple(f"k{number}" for number in range(1, len(self.by) + 1))

    @property
    def filtered(self) -> tuple[str, ...]:
        """The columns that conditions name."""
        return tuple(name for condition in self.conditions for name in condition.columns)

    def bind(self, value: object) -> str:
        """A parameter with that value; equal values of one type share one."""
        for name, known in self.parameters.items():
            if type(known) is type(value) and known == value:
                return f"${name}"
        name = f"p{len(self.parameters) + 1}"
        self.parameters[name] = value
        return f"${name}"

    def add(self, name: str, sql: str) -> str:
        """A CTE; equal ones are one. Gives its name, quoted."""
        taken = self.ctes.keys() | self.catalog.datasets.keys() | self.relations.keys()
        chosen, number = name, 2
        while chosen in taken:
            if self.ctes.get(chosen) == sql:
                return quote(chosen)
            chosen, number = f"{name}_{number}", number + 1
        self.ctes[chosen] = sql
        return quote(chosen)

    def read(self, tables: Iterable[str]) -> None:
        """Note tables that the SQL reads."""
        for table in tables:
            node = self.catalog.datasets[table].node
            self.relations[table] = node or NodeId("table", table)

    def text(self, select: str) -> str:
        """The whole statement."""
        if not self.ctes:
            return select
        parts = ",\n".join(f"{quote(name)} AS (\n{sql}\n)" for name, sql in self.ctes.items())
        return f"WITH {parts}\n{select}"


def select(
    columns: Iterable[tuple[str, str]],
    rows: str,
    where: Iterable[str] = (),
    group: bool | int = False,
) -> str:
    """A SELECT of (expression, name) pairs; `group` counts the leading columns to group by."""
    listed = list(columns)
    lines = [
        "SELECT " + ", ".join(sql if sql == name else f"{sql} AS {name}" for sql, name in listed)
    ]
    lines.append(f"FROM {rows}")
    conditions = [condition for condition in where if condition]
    if conditions:
        lines.append("WHERE " + " AND ".join(conditions))
    if group:
        lines.append("GROUP BY " + ", ".join(str(number) for number in range(1, int(group) + 1)))
    return "\n".join(lines)


def midnight(day: date) -> datetime:
    """The beginning of a day, as wall-clock time."""
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001  # a TIMESTAMP has no zone
