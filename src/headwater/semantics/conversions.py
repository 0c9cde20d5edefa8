"""Conversion: of base events, those that a conversion event of the same entity followed.

As in MetricFlow, a conversion belongs to the last base event at or before it, if that is less than
the window ago; so of three visits and one purchase one visit converts. Here a base event counts as
converted at most once, so that the rate is at most 1. `by` and `where` are about the base event.
Where both metrics count the same events, an event is converted by a later one.
"""

from __future__ import annotations

from collections.abc import Sequence

from headwater.contracts.quoting import quote
from headwater.semantics.calendar import period_start
from headwater.semantics.events import entity_columns, event_time, key_columns
from headwater.semantics.rollup import Leaf
from headwater.semantics.scope import Frame, Scope, midnight, select
from headwater.semantics.sources import Rows
from headwater.semantics.terms import Converted
from headwater.semantics.values import Names


def converted(scope: Scope, frame: Frame, terms: Sequence[Converted], names: Names) -> str:
    """The counts of base events, and of those converted, by key."""
    term = terms[0]
    rule, base = term.rule, term.base
    source = Rows.of(scope, base.table, base.time, (*base.columns, *rule.constant_properties))
    shared = _shared(scope, source, base, term)
    same = tuple(name for _, name in shared)
    followed = scope.add("events", _events(scope, term, source))
    conversions = scope.add("conversions", _conversions(scope, term))
    strict = base == term.conversion
    sign, until = (">", "<=") if strict else (">=", "<")
    meet = " AND ".join(f"b.{name} = c.{name}" for name in same)
    within = [f"c.moment IS NOT NULL AND (b.next IS NULL OR c.moment {until} b.next)"]
    if rule.window is not None:
        window = f"INTERVAL {rule.window.count:d} {rule.window.unit.upper()}"
        within.append(f"c.moment < b.moment + {window}")
    flagged = scope.add(
        "followed",
        f"SELECT b.*, coalesce({' AND '.join(within)}, FALSE) AS converts\n"
        f"FROM {followed} AS b ASOF LEFT JOIN {conversions} AS c\n"
        f"ON {meet} AND c.moment {sign} b.moment",
    )
    bounds = ((frame.first, ">="), (frame.end, "<"))
    asked = [f"moment {mark} {scope.bind(midnight(day))}" for day, mark in bounds if day]
    calendar = scope.catalog.calendar
    period = [(period_start("moment", scope.grain, calendar), "period")] if scope.grain else []
    keys = [*period, *((key, key) for key in scope.dimensions)]
    values = [(_count(t), names[t]) for t in terms]
    sql = select([*keys, *values], flagged, ["is_asked", *asked], len(keys))
    return scope.add(f"conversion{frame.suffix}", sql)


def _events(scope: Scope, term: Converted, source: Rows) -> str:
    """Base events, each with the moment of the same entity's next one.

    Rows of one event that differ in nothing else (lines of an order) are one.
    """
    base = term.base
    shared = _shared(scope, source, base, term)
    listed = [
        *shared,
        (event_time(source), "moment"),
        *zip(source.dimensions(scope), scope.dimensions, strict=True),
        (base.argument or "TRUE", "event"),
        (" AND ".join(source.where(scope)) or "TRUE", "is_asked"),
    ]
    key = key_columns(scope.catalog, source)
    group = 0
    if base.function == "count_distinct":
        group = len(listed)
        key = [(f"max(row({', '.join(sql for sql, _ in key)}))", "own_1")] if key else []
    rows = select([*listed, *key], source.rows, [base.where, *_present(shared, source)], group)
    order = ", ".join(["moment", *(name for _, name in key), "event", *scope.dimensions])
    same = ", ".join(name for _, name in shared)
    return (
        f"SELECT *, lead(moment) OVER (PARTITION BY {same} ORDER BY {order}) AS next FROM ({rows})"
    )


def _count(term: Converted) -> str:
    distinct = "DISTINCT " if term.base.function == "count_distinct" else ""
    count = f"count({distinct}event)"
    return f"{count} FILTER (WHERE converts)" if term.is_converted else count


def _shared(scope: Scope, source: Rows, leaf: Leaf, term: Converted) -> list[tuple[str, str]]:
    """What both events have in common: the entity (`e1`, …) and the constant properties."""
    entity = entity_columns(scope.catalog, leaf.table, term.rule.entity)
    constant = [source.column(name) for name in term.rule.constant_properties]
    return [
        *((quote(column), f"e{number}") for number, column in enumerate(entity, start=1)),
        *((column, f"c{number}") for number, column in enumerate(constant, start=1)),
    ]


def _present(shared: Sequence[tuple[str, str]], source: Rows) -> list[str]:
    """Who did it is known, and when."""
    known = [f"{sql} IS NOT NULL" for sql, name in shared if name.startswith("e")]
    return known if source.is_sure else [*known, f"{source.time} IS NOT NULL"]


def _conversions(scope: Scope, term: Converted) -> str:
    """The moments of conversion events, whatever the question filters."""
    leaf = term.conversion
    plain = Scope(catalog=scope.catalog, parameters=scope.parameters, relations=scope.relations)
    source = Rows.of(plain, leaf.table, leaf.time, (*leaf.columns, *term.rule.constant_properties))
    shared = _shared(scope, source, leaf, term)
    counted = [leaf.where, *_present(shared, source)]
    if leaf.argument:
        counted.append(f"{leaf.argument} IS NOT NULL")
    listed = [*shared, (event_time(source), "moment")]
    return select(listed, source.rows, counted, len(listed))
