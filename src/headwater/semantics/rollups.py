"""Which aggregates are kept: additive ones by day, others for every grain and grouping.

Sums, counts, minima and maxima of days make those of longer periods and of fewer dimensions, so
they are kept once. A distinct count or a quantile is kept for each grain, of everything, by each
dimension, and by all dimensions together.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from headwater.clock import Grain
from headwater.errors import HeadwaterError
from headwater.ids import digest
from headwater.semantics.calendar import PLAIN
from headwater.semantics.catalog import Calendar
from headwater.semantics.formulas import expand
from headwater.semantics.metric import Metric
from headwater.semantics.rollup import Leaf, Rollup
from headwater.semantics.terms import Balance, Plain, Running

_SLUG = re.compile(r"\W+")
PERIOD = "period"
GROUPING = "grouping"


@dataclass(slots=True)
class _Wanted:
    """What metrics of one table and time ask for."""

    additive: dict[Leaf, None] = field(default_factory=dict)
    exact: dict[Leaf, None] = field(default_factory=dict)
    dimensions: dict[str, None] = field(default_factory=dict)
    exact_dimensions: dict[str, None] = field(default_factory=dict)


def choose_rollups(
    metrics: Iterable[Metric],
    *,
    calendar: Calendar = PLAIN,
    timeless: Container[str] = (),
) -> tuple[Rollup, ...]:
    """The rollups that serve metrics; a metric that is wrong is left out, and told elsewhere.

    `timeless` are tables without a time column, of which nothing is kept.
    """
    known = {metric.name: metric for metric in metrics}
    wanted: dict[tuple[str, str], _Wanted] = {}
    for metric in known.values():
        for leaf in _kept_leaves(metric, known):
            if leaf.time or leaf.table not in timeless:
                _want(wanted.setdefault((leaf.table, leaf.time), _Wanted()), leaf, metric)
    found: list[Rollup] = []
    for (table, time), want in wanted.items():
        base = f"{table}_{time}" if time else table
        if want.additive:
            found.append(
                _rollup(f"{base}_day", table, time, "day", want.additive, (tuple(want.dimensions),))
            )
        if want.exact:
            groupings = _groupings(tuple(want.exact_dimensions))
            found += (
                _rollup(f"{base}_{grain}_exact", table, time, grain, want.exact, groupings)
                for grain in kept_grains(calendar)
            )
    return _with_own_names(found)


def kept_grains(calendar: Calendar) -> tuple[Grain, ...]:
    """The grains of published values: from day to year, and fiscal ones that begin elsewhere."""
    grains: tuple[Grain, ...] = ("day", "week", "month", "quarter", "year")
    shift = calendar.fiscal_year_starts - 1
    fiscal_quarter: tuple[Grain, ...] = ("fiscal_quarter",) if shift % 3 else ()
    fiscal_year: tuple[Grain, ...] = ("fiscal_year",) if shift else ()
    return (*grains, *fiscal_quarter, *fiscal_year)


def same_grain(grain: Grain, calendar: Calendar) -> Grain:
    """The kept grain with the same periods: a fiscal quarter may be a plain one."""
    shift = calendar.fiscal_year_starts - 1
    if grain == "fiscal_quarter" and shift % 3 == 0:
        return "quarter"
    return "year" if grain == "fiscal_year" and shift == 0 else grain


def _kept_leaves(metric: Metric, metrics: Mapping[str, Metric]) -> list[Leaf]:
    """The aggregates of a metric that can be answered from a rollup."""
    try:
        terms = expand(metric, metrics).terms
    except HeadwaterError:
        return []
    found = [term.leaf for term in terms if isinstance(term, Plain)]
    days = [term.leaf for term in terms if isinstance(term, Balance | Running)]
    return found + [leaf for leaf in days if leaf.is_additive]


def _want(want: _Wanted, leaf: Leaf, metric: Metric) -> None:
    leaves, dimensions = (
        (want.additive, want.dimensions)
        if leaf.is_additive
        else (want.exact, want.exact_dimensions)
    )
    leaves.setdefault(leaf)
    for name in metric.dimensions:
        dimensions.setdefault(name.removeprefix(f"{leaf.table}."))


def _groupings(dimensions: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(dict.fromkeys([(), *((name,) for name in dimensions), dimensions]))


def _rollup(
    name: str,
    table: str,
    time: str,
    grain: Grain,
    leaves: Iterable[Leaf],
    groupings: tuple[tuple[str, ...], ...],
) -> Rollup:
    return Rollup(
        name=name, table=table, time=time, grain=grain, leaves=tuple(leaves), groupings=groupings
    )


def _with_own_names(rollups: Iterable[Rollup]) -> tuple[Rollup, ...]:
    """The table `sales` by its time `at` and the table `sales_at` both make a `sales_at_day`."""
    found: dict[str, Rollup] = {}
    for rollup in rollups:
        name, number = rollup.name, 2
        while name in found:
            name, number = f"{rollup.name}_{number}", number + 1
        found[name] = rollup if name == rollup.name else _renamed(rollup, name)
    return tuple(found.values())


def _renamed(rollup: Rollup, name: str) -> Rollup:
    return _rollup(name, rollup.table, rollup.time, rollup.grain, rollup.leaves, rollup.groupings)


def leaf_column(leaf: Leaf) -> str:
    """The column that holds a leaf: readable, and another one for each leaf.

    >>> leaf_column(Leaf(table="sales", function="sum", argument="amount"))
    'sum_amount_cf2d'
    """
    slug = _SLUG.sub("_", leaf.argument).strip("_").lower()[:24].rstrip("_")
    hashed = digest(leaf.function, leaf.argument, leaf.where, leaf.fraction)[:4]
    return "_".join(part for part in (leaf.function, slug, hashed) if part)


def rollup_columns(rollup: Rollup) -> dict[str, str]:
    """The columns that hold the dimensions: `customers.country` → `customers_country`."""
    found: dict[str, str] = {}
    for name in rollup.dimensions:
        base = _SLUG.sub("_", name).lower()
        base = f"{base}_" if base in (PERIOD, GROUPING) else base
        column, number = base, 2
        while column in found.values():
            column, number = f"{base}_{number}", number + 1
        found[name] = column
    return found
