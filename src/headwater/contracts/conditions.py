"""What a row rule asks of a row: small frozen values, rendered by `headwater.contracts.sql`.

Each is true for a good row. As in SQL's CHECK, a NULL keeps the rule, except where being null is
what the rule is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headwater.contracts.quoting import Constant

Comparison = Literal[">=", ">", "<=", "<"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotNull:
    """The column has a value."""

    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMissing:
    """The column's value is none of those that stand for a missing one."""

    column: str
    missing: tuple[Constant, ...]
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """The column compares so with a constant; `type` reads the constants of dates and times."""

    column: str
    comparison: Comparison
    bound: Constant
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipleOf:
    """The column is a whole multiple; `exact` where its type is not floating point."""

    column: str
    factor: int | float
    exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """The regular expression (RE2) is found in the column's text; anchors are the pattern's own."""

    column: str
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The column's value is one of a list; `type` reads the constants of dates and times."""

    column: str
    values: tuple[Constant, ...]
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """The text has so many characters, or the list so many items; both bounds included."""

    column: str
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DistinctItems:
    """No item of the list stands in it twice."""

    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Castable:
    """The delivered value can be read as the contract's type; `format` is strptime's."""

    column: str
    type: str
    format: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A boolean SQL expression over the columns of the row."""

    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unique:
    """No earlier row has the same values; rows with a NULL among them never clash, as in SQL."""

    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistsIn:
    """The values stand in `target_columns` of another node; a NULL among them keeps the rule."""

    columns: tuple[str, ...]
    node: str
    target_columns: tuple[str, ...]


Condition = (
    NotNull
    | NotMissing
    | Bounded
    | MultipleOf
    | Matches
    | Accepted
    | Sized
    | DistinctItems
    | Castable
    | Expression
    | Unique
    | ExistsIn
)


def meaning(condition: Condition) -> tuple[str, ...]:
    """The condition as text, for fingerprints: kind, then each field in order of its name."""
    names = sorted(name for name in type(condition).__dataclass_fields__)
    return (type(condition).__name__, *(repr(getattr(condition, name)) for name in names))
