"""The parts of a formula as DuckDB's parser wrote them again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

#: `first`, `last` (by time) and `any` are functions of features alone.
Function = Literal[
    "sum",
    "count",
    "count_distinct",
    "min",
    "max",
    "quantile",
    "quantile_disc",
    "average",
    "first",
    "last",
    "any",
]


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a text: a column (`country`, `customers.country`) or a metric."""

    name: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Parameter(Mention):
    """A parameter of a formula, `:name`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """An aggregate as the parser wrote it again.

    A column of another table is one quoted name with a dot in it: `"customers.country"`.
    """

    function: Function
    argument: str = ""  # empty: `count(*)`
    where: str = ""
    fraction: str = ""
    order: str = ""  # of `arg_max(value, order)`
    columns: tuple[Mention, ...] = field(default=(), compare=False)


Part = str | Aggregate | Mention


@dataclass(frozen=True, slots=True)
class ParsedFormula:
    """SQL text, aggregates, other metrics, parameters: joined they are the formula again."""

    parts: tuple[Part, ...]

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """Its aggregates in written order."""
        return tuple(part for part in self.parts if isinstance(part, Aggregate))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its parameters in written order."""
        return tuple(part for part in self.parts if isinstance(part, Parameter))

    @property
    def metrics(self) -> tuple[Mention, ...]:
        """The names outside of aggregates in written order."""
        return tuple(part for part in self.parts if type(part) is Mention)


@dataclass(frozen=True, slots=True)
class ParsedCondition:
    """A condition written again, and the columns that it names."""

    sql: str
    columns: tuple[Mention, ...] = field(default=(), compare=False)
