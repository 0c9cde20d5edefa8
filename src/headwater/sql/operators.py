"""The operators of DuckDB's bound plan, typed.

Every column reference is an index into the children's columns, side by side. Expressions stay the
JSON that DuckDB wrote (`skip_default`: an absent field has its default).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Expression = Mapping[str, Any]

#: DuckDB's position of what it added itself.
_NOWHERE = 2**63
#: The start of the names of CTEs that DuckDB adds when it takes correlated subqueries apart.
DEDUP_PREFIX = "__duckdb_delim_dedup_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One step of the plan over the rows of its children."""

    children: tuple[Operator, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan(Operator):
    """Rows of a base table; a column that is None is the physical row number."""

    relation: str
    columns: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFunction(Operator):
    """A table function; `kept` are the child's columns that follow its own."""

    name: str
    detail: str
    columns: tuple[int, ...]
    kept: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(Operator):
    """Rows written in the query itself, or the one row of a query without FROM."""

    detail: str
    width: int
    one_row: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Values(Operator):
    """VALUES lists, row by row."""

    rows: tuple[tuple[Expression, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Operator):
    """One expression a column."""

    expressions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter(Operator):
    """Rows for which every condition holds; `kept` chooses columns, None all."""

    conditions: tuple[Expression, ...]
    kept: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A join condition: an expression over the left side compared with one over the right."""

    left: Expression
    right: Expression
    operator: str

    @property
    def is_equality(self) -> bool:
        """Whether matched rows agree in both expressions."""
        return self.operator in ("COMPARE_EQUAL", "COMPARE_NOT_DISTINCT_FROM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Operator):
    """A join of two children; `conditions` is over both sides' columns, left ones first.

    `flavour` is `comparison`, `asof`, `cross` or `positional`; `kind` DuckDB's join type.
    """

    flavour: str
    kind: str
    comparisons: tuple[Comparison, ...]
    conditions: tuple[Expression, ...]
    left_kept: tuple[int, ...] | None
    right_kept: tuple[int, ...] | None
    duplicate_eliminated: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimScan(Operator):
    """Inside a correlated subquery: the distinct outer values."""

    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Operator):
    """GROUP BY: group columns, then aggregates, then GROUPING() values.

    `implicit` marks the aggregate that DuckDB puts over a scalar subquery to check for one row.
    """

    groups: tuple[Expression, ...]
    aggregates: tuple[Expression, ...]
    sets: tuple[tuple[int, ...], ...]
    groupings: tuple[tuple[int, ...], ...]
    implicit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Window(Operator):
    """Window expressions after the child's columns."""

    expressions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unnest(Operator):
    """Lists turned into rows, after the child's columns."""

    expressions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOperation(Operator):
    """`UNION`, `EXCEPT` or `INTERSECT` of children with equal columns."""

    kind: str
    keeps_all: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct(Operator):
    """DISTINCT over its targets; with `is_on`, one row of each, the first in `order`."""

    targets: tuple[Expression, ...]
    is_on: bool
    order: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort(Operator):
    """ORDER BY; `orders` hold direction, nulls and `expression`."""

    orders: tuple[Expression, ...]
    kept: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(Operator):
    """LIMIT and OFFSET, as DuckDB wrote them."""

    limit: Expression
    offset: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Operator):
    """A random sample."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cte(Operator):
    """A named query (first child) and the query that reads it (second)."""

    index: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecursiveCte(Operator):
    """The start (first child) and the step (second) of a recursion."""

    index: int
    union_all: bool
    keys: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CteScan(Operator):
    """Rows of a named query."""

    index: int
    width: int


def function_name(expression: Expression) -> str:
    """The name of the function, aggregate or window that an expression calls, or ''."""
    name = expression.get("qname")
    return str(name["path"][-1]) if name else ""


def conjuncts(expressions: Sequence[Expression]) -> list[Expression]:
    """The conditions with their ANDs taken apart."""
    flat: list[Expression] = []
    for expression in expressions:
        if expression.get("type") == "CONJUNCTION_AND":
            flat += conjuncts(expression["children"])
        else:
            flat.append(expression)
    return flat


def is_implicit(expression: Expression) -> bool:
    """Whether DuckDB added the expression: it stands nowhere in the text."""
    return bool(expression.get("query_location", _NOWHERE) >= _NOWHERE)


def location(expression: Expression) -> int | None:
    """The byte offset of an expression in the text, where DuckDB kept it."""
    offset = expression.get("query_location", 0)
    return offset if offset < _NOWHERE else None
