"""What tests find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headwater.errors import Issue, Place
from headwater.ids import DataInterval, NodeId
from headwater.plan.state import RuleOutcome

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMatch:
    """An expected row beside the unexpected one most like it."""

    expected: Row
    actual: Row
    differing: tuple[str, ...]  # columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Rows that are missing and rows that were not expected, over `columns`.

    `near` pairs some of them; the others stand in `missing` and `unexpected` alone.
    """

    columns: tuple[str, ...]
    missing: tuple[Row, ...] = ()
    unexpected: tuple[Row, ...] = ()
    near: tuple[NearMatch, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether both sides are equal."""
        return not (self.missing or self.unexpected or self.near)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitResult:
    """One unit test of a table."""

    node: NodeId
    name: str
    place: Place
    passed: bool
    seconds: float
    difference: Difference | None = None
    issues: tuple[Issue, ...] = ()  # why it could not be run


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One interval of an incremental table, built from uncut inputs beside what is published.

    `skipped` says why nothing could be proved: the interval is stale, or the table cannot be built
    from its inputs alone.
    """

    node: NodeId
    interval: DataInterval | None
    status: Literal["equal", "different", "skipped"]
    seconds: float = 0.0
    rows: int = 0
    missing_rows: int = 0  # the full build has them, the published table does not
    surplus_rows: int = 0
    difference: Difference | None = None  # the first of those rows
    text: str = ""
    issues: tuple[Issue, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it found no difference."""
        return self.status != "different"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataResult:
    """The rules of one node over everything that is published of it."""

    node: NodeId
    outcomes: tuple[RuleOutcome, ...]
    issues: tuple[Issue, ...] = ()
    rows: int = 0
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether no rule of severity error is broken."""
        return not any(issue.is_error for issue in self.issues)
