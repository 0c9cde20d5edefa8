"""Values of a period from its own rows: plain aggregates, and balances.

A group is in the answer where there are rows of it in the period, after `where`; what a metric
itself leaves out shows as 0 or NULL there. So all paths have the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headwater.clock import Grain
from headwater.semantics.calendar import period_start
from headwater.semantics.scope import Frame, Scope, select
from headwater.semantics.sources import Source
from headwater.semantics.terms import Balance, Plain, Term

#: CTEs of parts: each has the keys and some of the values.
Names = Mapping[Term, str]


def unit_of(scope: Scope) -> Grain:
    """How finely a period is looked into: by day, or by hour where hours are asked for."""
    return "hour" if scope.grain == "hour" else "day"


def keys(scope: Scope, source: Source) -> list[tuple[str, str]]:
    """The keys' expressions over rows, and their names."""
    calendar = scope.catalog.calendar
    found = source.dimensions(scope)
    if scope.grain is not None:
        found = [period_start(source.moment, scope.grain, calendar), *found]
    names = ["period"] if scope.grain is not None else []
    return list(zip(found, [*names, *scope.dimensions], strict=True))


def plain(scope: Scope, frame: Frame, source: Source, terms: Sequence[Plain], names: Names) -> str:
    """Aggregates over the rows of each period."""
    columns = [(source.value(term.leaf), names[term]) for term in terms]
    where = [*source.between(scope, frame.first, frame.end), *source.where(scope)]
    grouped = keys(scope, source)
    sql = select([*grouped, *columns], source.rows, where, group=len(grouped))
    return scope.add(f"part{frame.suffix}", sql)


def balance(
    scope: Scope, frame: Frame, source: Source, terms: Sequence[Balance], names: Names
) -> str:
    """Aggregates over the rows of the day that speaks for each period.

    It is the last (or first) day of the period on which the table has rows at all, so that a group
    without rows on that day has no balance, and a filter shows what grouping shows. An average is
    over the days on which the table has rows: of sums and counts the sum through the number of
    days, so that groups add up; else of the days' values.
    """
    within = source.between(scope, frame.first, frame.end)
    calendar = scope.catalog.calendar
    day = period_start(source.moment, unit_of(scope), calendar)
    period = [(f"{period_start('day', scope.grain, calendar)}", "period")] if scope.grain else []
    days = f"(SELECT DISTINCT {day} AS day FROM {source.rows}{_where(within)})"
    if terms[0].day == "average":
        return _average(scope, frame, source, terms, names)
    chosen = "max(day)" if terms[0].day == "last" else "min(day)"
    speaking = select([*period, (chosen, "day")], days, group=len(period))
    name = scope.add(f"days{frame.suffix}", speaking)
    columns = [(source.value(term.leaf), names[term]) for term in terms]
    grouped = keys(scope, source)
    where = [*within, *source.where(scope), f"{day} IN (SELECT day FROM {name})"]
    sql = select([*grouped, *columns], source.rows, where, group=len(grouped))
    return scope.add(f"balance{frame.suffix}", sql)


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _average(
    scope: Scope, frame: Frame, source: Source, terms: Sequence[Balance], names: Names
) -> str:
    within = source.between(scope, frame.first, frame.end)
    calendar = scope.catalog.calendar
    day = period_start(source.moment, unit_of(scope), calendar)
    grouped = keys(scope, source)
    period = grouped[: 1 if scope.grain else 0]
    count = select([*period, (f"count(DISTINCT {day})", "days")], source.rows, within, len(period))
    days = scope.add(f"days{frame.suffix}", count)
    values = [(source.value(term.leaf), names[term]) for term in terms]
    where = [*within, *source.where(scope)]
    each = select([*grouped, (day, "day"), *values], source.rows, where, group=len(grouped) + 1)
    daily = scope.add(f"daily{frame.suffix}", each)
    through = "any_value(days)"
    averages = [
        (
            f"CAST(sum({names[term]}) AS DOUBLE) / {through}"
            if term.leaf.function in ("sum", "count")
            else f"CAST(avg({names[term]}) AS DOUBLE)",
            names[term],
        )
        for term in terms
    ]
    rows = f"{daily} JOIN {days} USING (period)" if period else f"{daily} CROSS JOIN {days}"
    listed = [(key, key) for key in scope.keys]
    return scope.add(f"balance{frame.suffix}", select([*listed, *averages], rows, (), len(listed)))
