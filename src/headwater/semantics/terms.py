"""What formulas of metrics are made of: terms, each one value for a period and a group."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.clock import Grain
from headwater.semantics.metric import Conversion, PeriodAggregate, Retention, Window
from headwater.semantics.rollup import Leaf

#: What stands between dividend and divisor, and behind the divisor.
DIVIDED = ' / "nullif"('
BY_ZERO = ", 0)"


@dataclass(frozen=True, slots=True)
class Plain:
    """The aggregate over the rows of a period."""

    leaf: Leaf


@dataclass(frozen=True, slots=True)
class Balance:
    """The aggregate over the rows of the day that speaks for a period."""

    leaf: Leaf
    day: PeriodAggregate


@dataclass(frozen=True, slots=True)
class Running:
    """The aggregate over the rows of a window that ends with a day of the period.

    Without `window` and `to_date` the window reaches back over all time.
    """

    leaf: Leaf
    window: Window | None
    to_date: Grain | None
    day: PeriodAggregate


@dataclass(frozen=True, slots=True)
class Converted:
    """Of base events, how many there are, or how many were followed by a conversion."""

    base: Leaf
    conversion: Leaf
    rule: Conversion
    is_converted: bool  # False: all base events


@dataclass(frozen=True, slots=True)
class Retained:
    """The share of a cohort that returns, step by step; it stands alone in its formula."""

    table: str
    time: str
    where: str
    columns: tuple[str, ...]
    rule: Retention
    returns: str  # the condition of a return; empty: any row
    starts: str  # the condition of a start; empty: the first row


Term = Plain | Balance | Running | Converted | Retained


def leaf_of(term: Term) -> Leaf | None:
    """The aggregate of a term; None of a retention, which has none."""
    if isinstance(term, Retained):
        return None
    return term.base if isinstance(term, Converted) else term.leaf


def is_count(term: Term) -> bool:
    """Whether nothing counts as 0, not as NULL; an average over no days is NULL."""
    if isinstance(term, Balance | Running) and term.day == "average":
        return False
    leaf = leaf_of(term)
    return leaf is not None and leaf.function in ("count", "count_distinct")


@dataclass(frozen=True, slots=True)
class Formula:
    """SQL text and terms in turn; joined, they are what to compute from the terms' values."""

    parts: tuple[str | Term, ...]

    @property
    def terms(self) -> tuple[Term, ...]:
        """Its terms in written order, each once."""
        return tuple(dict.fromkeys(part for part in self.parts if not isinstance(part, str)))

    @property
    def is_quotient(self) -> bool:
        """Whether it is one term by another."""
        return self.parts[::2] == ("(", DIVIDED, f"{BY_ZERO})") and len(self.parts) == 5

    def sql(self, values: dict[Term, str]) -> str:
        """The formula over SQL expressions for its terms."""
        return "".join(part if isinstance(part, str) else values[part] for part in self.parts)
