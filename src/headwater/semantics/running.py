"""Cumulative values: over a window that ends with a day of the period, exact for every aggregate.

Rows are first reduced to days; then each period's window gathers its days. Values that cannot be
added up from days are still exact: a distinct count keeps, beside each day on which an entity
occurs, the next one on which it does, so that a window counts it once, on its last day inside; a
quantile gathers the rows themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from headwater.clock import Grain
from headwater.semantics.calendar import STEPS, add_months, period_start, start_of
from headwater.semantics.metric import Window
from headwater.semantics.scope import Frame, Scope, midnight, select
from headwater.semantics.sources import Source
from headwater.semantics.terms import Running
from headwater.semantics.types import aggregate, merged
from headwater.semantics.values import Names, unit_of

Part = tuple[str, tuple[Running, ...]]


def running(
    scope: Scope, frame: Frame, source: Source, terms: Sequence[Running], names: Names
) -> list[Part]:
    """The parts with the values of terms that share a window.

    A series begins with the first period asked for, else with the table's first row, and ends with
    its last day asked for, at the latest with the day of the table's last row.
    """
    first = terms[0]
    unit: Grain = "hour" if first.window and first.window.unit == "hour" else unit_of(scope)
    windows = _Windows(scope, frame, source, first, unit)
    additive = tuple(term for term in terms if term.leaf.is_additive)
    found: list[Part] = [(windows.additive(additive, names), additive)] if additive else []
    for term in terms:
        if term.leaf.function == "count_distinct":
            found.append((windows.distinct(term, names[term]), (term,)))
        elif not term.leaf.is_additive:
            found.append((windows.quantile(term, names[term]), (term,)))
    return found


class _Windows:
    """The windows of one series, and the values in them."""

    def __init__(
        self, scope: Scope, frame: Frame, source: Source, term: Running, unit: Grain
    ) -> None:
        self.scope, self.frame, self.source, self.term = scope, frame, source, term
        calendar = scope.catalog.calendar
        self.unit = unit
        self.day = period_start(source.moment, unit, calendar)
        reach = _lowest(frame.first, term, scope)
        self.where = [*source.between(scope, reach, frame.end), *source.where(scope)]
        self.dimensions = list(zip(source.dimensions(scope), scope.dimensions, strict=True))
        self.moments = self._moments()

    def _moments(self) -> str:
        """A row for each window: its period, its end, and its beginning."""
        scope, term, frame = self.scope, self.term, self.frame
        calendar = scope.catalog.calendar
        step = STEPS[self.unit]
        extent = (
            f"(SELECT min({self.day}) AS low, max({self.day}) AS high FROM {self.source.all_rows})"
        )
        low = "low" if frame.first is None else scope.bind(midnight(frame.first))
        high = (
            "high"
            if frame.end is None
            else f"least(high, {scope.bind(midnight(frame.end))} - {step})"
        )
        series = f"generate_series(CAST({low} AS TIMESTAMP), CAST({high} AS TIMESTAMP), {step})"
        spine = f"(SELECT unnest({series}) AS day FROM {extent})"
        period = [(period_start("day", scope.grain, calendar), "period")] if scope.grain else []
        # The whole table's periods may begin before its first row does.
        chosen = {"last": "max(day)", "first": "min(day)", "average": "day"}[term.day]
        group = 0 if term.day == "average" else len(period)
        ends = select([*period, (chosen, "day")], spine, group=group)
        begin = "CAST(NULL AS TIMESTAMP)"
        if term.to_date is not None:
            begin = period_start("day", term.to_date, calendar)
        elif term.window is not None:
            begin = f"day + {step} - {_interval(term.window)}"
        keys = [("period", "period")] if scope.grain else []
        columns = [*keys, (f"day + {step}", "until"), (begin, "since")]
        return scope.add(f"windows{frame.suffix}", select(columns, f"({ends})"))

    def additive(self, terms: Sequence[Running], names: Names) -> str:
        """Sums, counts, minima and maxima, from those of days."""
        values = [(self.source.value(term.leaf), names[term]) for term in terms]
        leading = [(self.day, "day"), *self.dimensions]
        sql = select([*leading, *values], self.source.rows, self.where, len(leading))
        daily = self.scope.add(f"daily{self.frame.suffix}", sql)
        catalog = self.scope.catalog
        gathered = [(merged(catalog, term.leaf, names[term]), names[term]) for term in terms]
        return self._gather(daily, gathered)

    def distinct(self, term: Running, name: str) -> str:
        """Entities, each counted on its last day inside of a window."""
        leaf, suffix = term.leaf, self.frame.suffix
        entity = f"CASE WHEN {leaf.where} THEN {leaf.argument} END" if leaf.where else leaf.argument
        listed = [(self.day, "day"), *self.dimensions, (entity, "entity")]
        rows = select(listed, self.source.rows, self.where, len(listed))
        together = ", ".join([*self.scope.dimensions, "entity"])
        following = f"lead(day) OVER (PARTITION BY {together} ORDER BY day)"
        keys = [(key, key) for key in self.scope.dimensions]
        seen = select(
            [("day", "day"), *keys, ("entity", "entity"), (following, "next")], f"({rows})"
        )
        leading = [("day", "day"), ("next", "next"), *keys]
        sql = select([*leading, ("count(entity)", name)], f"({seen})", (), len(leading))
        daily = self.scope.add(f"entities{suffix}", sql)
        last = "(next IS NULL OR next >= until)"
        return self._gather(daily, [(f"coalesce(CAST(sum({name}) AS BIGINT), 0)", name)], last)

    def quantile(self, term: Running, name: str) -> str:
        """A quantile of the rows in a window."""
        leaf = term.leaf
        needed = [(self.day, "day"), *self.dimensions]
        inner = [*needed, (leaf.argument, "argument"), (leaf.where or "TRUE", "counts")]
        rows = select(inner, self.source.rows, self.where)
        plain = type(leaf)(
            table=leaf.table,
            function=leaf.function,
            argument="argument",
            where="counts",
            fraction=leaf.fraction,
        )
        return self._gather(f"({rows})", [(aggregate(plain), name)])

    def _gather(self, daily: str, values: list[tuple[str, str]], extra: str = "") -> str:
        """The windows with the days that lie in them."""
        conditions = ["day < until"]
        if self.term.to_date is not None:
            # Equal beginnings make a hash join, which is twice as fast as a range.
            begin = period_start("day", self.term.to_date, self.scope.catalog.calendar)
            conditions.append(f"{begin} = since")
        elif self.term.window is not None:
            conditions.append("day >= since")
        conditions += [extra] if extra else []
        joined = f"{self.moments} JOIN {daily} ON {' AND '.join(conditions)}"
        keys = [(key, key) for key in self.scope.keys]
        name = f"running{self.frame.suffix}"
        if self.term.day != "average":
            return self.scope.add(name, select([*keys, *values], joined, (), len(keys)))
        leading = [*keys, ("until", "until")]
        each = select([*leading, *values], joined, (), len(leading))
        averages = [(f"CAST(avg({value}) AS DOUBLE)", value) for _, value in values]
        return self.scope.add(name, select([*keys, *averages], f"({each})", (), len(keys)))


def _interval(window: Window) -> str:
    return f"INTERVAL {window.count:d} {window.unit.upper()}"


def _lowest(first: date | None, term: Running, scope: Scope) -> date | None:
    """The first day that any window can reach; None: no bound."""
    if first is None:
        return None
    if term.to_date is not None:
        return start_of(first, term.to_date, scope.catalog.calendar)
    if term.window is None:
        return None
    count, unit = term.window.count, term.window.unit
    months = {"month": 1, "quarter": 3, "year": 12}.get(unit)
    try:
        if months:
            return add_months(first, -months * count)
        days = {"week": 7, "day": 1}.get(unit)
        return first - timedelta(days=days * count if days else count // 24 + 1)
    except (OverflowError, ValueError):
        return None
