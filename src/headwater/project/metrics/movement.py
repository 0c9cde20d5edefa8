"""Two periods of a metric asked of one release: the numbers that a change is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Final, Literal, Protocol

from headwater.semantics.asking import Answer, Comparison, MetricQuery, Number
from headwater.semantics.catalog import Catalog
from headwater.semantics.contribution import Explanation, Parts, exact
from headwater.semantics.contribution.factors import Factor, Product, Sum, Tree, values
from headwater.semantics.contribution.groups import Key
from headwater.semantics.contribution.structure import Structure
from headwater.semantics.metric import Metric
from headwater.semantics.periods import Period
from headwater.semantics.spans import Spans, period_text

#: Groups of a dimension beyond which nobody reads a division.
MOST_GROUPS: Final = 5_000
NOTHING: Final = Fraction(0)
Totals = Mapping[str, Fraction | None]


class Reader(Protocol):
    """The numbers of one release (`MetricReader`)."""

    @property
    def catalog(self) -> Catalog:
        """The metrics, tables and rollups."""

    def query(self, query: MetricQuery, *, extra: Mapping[str, Metric] = ...) -> Answer:
        """The answer to a query; `extra` metrics are known to this query alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyQuery:
    """Which change is asked about. `pairs` of dimensions are searched for groups, too."""

    metric: str
    period: Period
    comparison: Comparison = "previous"
    by: tuple[str, ...] = ()  # empty: the metric's own dimensions
    where: tuple[str, ...] = ()
    pairs: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A number in both periods, and its part of the change."""

    name: str  # a metric, or words such as `new`
    before: Fraction | None
    after: Fraction | None
    contribution: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """Numbers whose parts add up to the change.

    `formula` are the metrics in its own formula, `product` two metrics that make it, `turnover`
    who came and left, `window` what entered and left a rolling window.
    """

    sort: Literal["formula", "product", "turnover", "window"]
    parts: tuple[Moved, ...]
    kept: int | None = None  # of a turnover: who is in both periods


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """A change of a metric between two periods, and what it consists of."""

    metric: Metric
    spans: Spans
    before: Fraction | None
    after: Fraction | None
    factors: tuple[Factors, ...] = ()
    explanation: Explanation | None = None
    by: tuple[Parts, ...] = ()
    undivided: str = ""  # why groups have no parts of it
    notes: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = field(default=(), repr=False)
    release: int | None = None
    data_until: datetime | None = None

    @property
    def change(self) -> Fraction | None:
        """After minus before; None where there is no value."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(slots=True)
class Asking:
    """Asks about one metric in two periods, and keeps the answers."""

    reader: Reader
    structure: Structure
    where: tuple[str, ...]
    answers: list[Answer] = field(default_factory=list)

    def ask(
        self,
        metrics: Iterable[str],
        period: Period,
        by: tuple[str, ...] = (),
        compare: tuple[Comparison, ...] = (),
    ) -> Answer:
        """One answer over a period."""
        asked = tuple(dict.fromkeys(metrics))
        query = MetricQuery(
            metrics=asked,
            by=by,
            where=self.where,
            period=period_text(period),
            compare=compare,
            limit=MOST_GROUPS + 1 if by else None,
        )
        extra = {n: m for n, m in self.structure.extra.items() if n in asked}
        found = self.reader.query(query, extra=extra)
        self.answers.append(found)
        return found

    def totals(self, metrics: Iterable[str], period: Period) -> dict[str, Fraction | None]:
        """The metrics' values over a whole period."""
        return totals_of(self.ask(metrics, period))

    def groups(
        self, metrics: Iterable[str], spans: Spans, by: tuple[str, ...]
    ) -> tuple[Groups, Groups] | None:
        """Both periods by group; None where there are too many groups."""
        compared: Comparison | None = spans.comparison
        if is_plain(spans):
            answer = self.ask(metrics, spans.now, by, (spans.comparison,))
            answers = [(answer, compared), (answer, None)]
        else:
            pair = [self.ask(metrics, period, by) for period in (spans.base, spans.now)]
            answers = [(each, None) for each in pair]
        if any(len(each.rows) > MOST_GROUPS or each.truncated for each, _ in answers):
            return None
        old, new = (groups_of(each, comparison) for each, comparison in answers)
        return old, new


#: Group → metric → value, none counting as nothing.
Groups = Mapping[Key, Mapping[str, Fraction]]


def is_plain(spans: Spans) -> bool:
    """Whether a query that compares would compare the same periods."""
    if spans.is_cut:
        return False
    now = Period(first=spans.now.first, last=spans.now.last)
    base = now.year_ago() if spans.comparison == "year_ago" else now.previous()
    return (base.first, base.last) == (spans.base.first, spans.base.last)


def groups_of(answer: Answer, comparison: Comparison | None = None) -> Groups:
    """The values of one of the periods of an answer, by group."""
    keys = [i for i, c in enumerate(answer.columns) if c.sort == "dimension"]
    columns = _columns(answer, comparison)
    return {
        tuple(row[i] for i in keys): {
            name: exact(_number(row[i])) or NOTHING for name, i in columns.items()
        }
        for row in answer.rows
    }


def _columns(answer: Answer, comparison: Comparison | None) -> dict[str, int]:
    """Metric → the position of its values, in the period or in the one compared with."""
    sort = "metric" if comparison is None else "compared"
    return {
        column.metric: index
        for index, column in enumerate(answer.columns)
        if column.sort == sort and column.comparison == comparison
    }


def totals_of(answer: Answer, comparison: Comparison | None = None) -> dict[str, Fraction | None]:
    """Metric → value, of an answer over a whole period."""
    row = answer.rows[0] if answer.rows else ()
    return {
        name: exact(_number(row[index])) if row else None
        for name, index in _columns(answer, comparison).items()
    }


def _number(value: object) -> Number | None:
    assert value is None or not isinstance(value, str | bytes | bool)
    return value  # type: ignore[return-value]  # a metric's column holds numbers


def whole_of(tree: Tree, totals: Totals) -> Fraction | None:
    """A value from what it is made of, without rounding."""
    found = values(tree, moves_of(totals, totals, names_in(tree)))
    if found is None or any(totals.get(name) is None for name in names_in(tree)):
        return None
    return found[0]


def names_in(tree: Tree) -> tuple[str, ...]:
    """The metrics of a formula, as often as they stand in it."""
    if isinstance(tree, Factor):
        return (tree.name,)
    parts: tuple[Tree, ...] = ()
    if isinstance(tree, Product):
        parts = (*tree.times, *tree.over)
    elif isinstance(tree, Sum):
        parts = tuple(term for term, _ in tree.terms)
    return tuple(name for part in parts for name in names_in(part))


def moves_of(
    old: Totals, new: Totals, names: Iterable[str]
) -> dict[str, tuple[Fraction, Fraction]]:
    """Before and after of each; no value counts as nothing."""
    return {n: (old.get(n) or NOTHING, new.get(n) or NOTHING) for n in names}
