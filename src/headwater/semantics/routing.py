"""Which rollups can answer, and as what: the rows of a rollup in place of the table's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from headwater.contracts.quoting import quote
from headwater.ids import NodeId
from headwater.semantics.calendar import is_period, start_of
from headwater.semantics.catalog import Catalog
from headwater.semantics.joins import reach
from headwater.semantics.parts import Batch
from headwater.semantics.rollup import Leaf, Rollup
from headwater.semantics.rollups import (
    GROUPING,
    PERIOD,
    leaf_column,
    rollup_columns,
    same_grain,
)
from headwater.semantics.scope import Frame, Scope
from headwater.semantics.terms import Balance, Plain, Running, Term, leaf_of
from headwater.semantics.types import merged

#: A rollup that keeps more than this share of its table's rows is no quicker than the table.
_MOST_ROWS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The rows of one grouping of a rollup."""

    catalog: Catalog
    rollup: Rollup
    view: str
    grouping: int | None  # None: it has but one
    columns: Mapping[str, str]  # flat names → columns

    @property
    def rows(self) -> str:
        """What stands behind FROM."""
        return quote(self.view)

    @property
    def all_rows(self) -> str:
        """The same: a rollup has no joins."""
        return self.rows

    @property
    def moment(self) -> str:
        """The first day of a row's period."""
        return quote(PERIOD)

    def between(self, scope: Scope, first: date | None, end: date | None) -> list[str]:
        """The conditions that a row's period lies in the days, and that it is of the grouping."""
        signs = ((first, ">="), (end, "<"))
        bounds = [
            f"{self.moment} {sign} {scope.bind(day)}" for day, sign in signs if day is not None
        ]
        return (
            bounds if self.grouping is None else [f"{quote(GROUPING)} = {self.grouping}", *bounds]
        )

    def _column(self, name: str) -> tuple[str, str]:
        found = reach(self.catalog, self.rollup.table, name)
        return quote(self.columns[found.flat]), found.type

    def dimensions(self, scope: Scope) -> list[str]:
        """The expressions that rows are grouped by, besides the period."""
        return [self._column(name)[0] for name in scope.by]

    def where(self, scope: Scope) -> list[str]:
        """The conditions of the question."""
        return [f"({c.sql(self._column, scope.bind, scope.zone)})" for c in scope.conditions]

    def value(self, leaf: Leaf) -> str:
        """A leaf over these rows."""
        column = quote(leaf_column(leaf))
        if leaf.is_additive:
            return merged(self.catalog, leaf, column)
        value = f"any_value({column})"
        return f"coalesce({value}, 0)" if leaf.function == "count_distinct" else value


Routed = tuple[Batch, Kept]


def route(scope: Scope, frame: Frame, batch: Batch) -> list[Routed] | None:
    """The rollups that answer a batch, each with its terms; None if some term has none."""
    if not all(isinstance(term, Plain | Balance | Running) for term in batch.terms):
        return None
    by_rollup: dict[tuple[str, int | None], tuple[Kept, list[Term]]] = {}
    for term in batch.terms:
        kept = _keeping(scope, frame, term)
        if kept is None:
            return None
        key = (kept.rollup.name, kept.grouping)
        by_rollup.setdefault(key, (kept, []))[1].append(term)
    found = []
    for kept, terms in by_rollup.values():
        scope.relations[kept.view] = NodeId("rollup", kept.rollup.name)
        found.append((Batch(batch.table, batch.time, tuple(terms)), kept))
    return found


def _keeping(scope: Scope, frame: Frame, term: Term) -> Kept | None:
    """The rollup that has a term's values for the question, if there is one."""
    leaf = leaf_of(term)
    assert leaf is not None
    if isinstance(term, Running) and term.window is not None and term.window.unit == "hour":
        return None
    if scope.grain == "hour" or (not leaf.is_additive and not isinstance(term, Plain)):
        return None
    catalog = scope.catalog
    flat = {reach(catalog, leaf.table, name).flat for name in (*scope.by, *scope.filtered)}
    for rollup in catalog.rollups:
        if leaf not in rollup.leaves or not _is_small(catalog, rollup):
            continue
        if leaf.is_additive:
            fits = rollup.grain == "day"
        else:
            fits = _is_pinned(scope, leaf) and _fits(scope, frame, rollup)
        grouping = _grouping(catalog, rollup, flat, exact=not leaf.is_additive)
        if fits and grouping is not None:
            return _kept(catalog, rollup, grouping)
    return None


def _grouping(catalog: Catalog, rollup: Rollup, wanted: set[str], *, exact: bool) -> int | None:
    """The first grouping with all the dimensions, and if `exact` with no other."""
    for number, names in enumerate(rollup.groupings):
        found = _flat(catalog, rollup, names)
        if wanted == found or (wanted < found and not exact):
            return number
    return None


def _flat(catalog: Catalog, rollup: Rollup, names: Iterable[str]) -> set[str]:
    return {reach(catalog, rollup.table, name).flat for name in names}


def _kept(catalog: Catalog, rollup: Rollup, grouping: int) -> Kept:
    view = f"rollup_{rollup.name}"
    while view in catalog.datasets:
        view += "_"
    return Kept(
        catalog=catalog,
        rollup=rollup,
        view=view,
        grouping=grouping if len(rollup.groupings) > 1 else None,
        columns={
            reach(catalog, rollup.table, name).flat: column
            for name, column in rollup_columns(rollup).items()
        },
    )


def _is_small(catalog: Catalog, rollup: Rollup) -> bool:
    kept = catalog.rollup_rows.get(rollup.name)
    dataset = catalog.datasets.get(rollup.table)
    total = dataset.rows if dataset is not None else None
    return kept is None or total is None or kept <= _MOST_ROWS * total


def _is_pinned(scope: Scope, leaf: Leaf) -> bool:
    """Whether every filtered column is either grouped by or held to one value."""

    def flat(names: Iterable[str]) -> set[str]:
        return {reach(scope.catalog, leaf.table, name).flat for name in names}

    held = flat(name for condition in scope.conditions for name in condition.pinned)
    return flat(scope.filtered) <= held | flat(scope.by)


def _fits(scope: Scope, frame: Frame, rollup: Rollup) -> bool:
    """Whether each value asked for is that of one whole period of the rollup."""
    calendar = scope.catalog.calendar
    if scope.grain is None:
        return (
            frame.first is not None
            and frame.end is not None
            and is_period(frame.first, frame.end, rollup.grain, calendar)
        )
    if same_grain(scope.grain, calendar) != rollup.grain:
        return False
    bounds = [day for day in (frame.first, frame.end) if day is not None]
    return all(start_of(day, rollup.grain, calendar) == day for day in bounds)
