"""The proof that a day of output needs only the same day of an input.

It is predicate push-down. The output is restricted to one day of its time column; the restriction
is pushed through the plan, operator by operator, as a set of day variables that are that day. An
input whose scan it reaches may be cut to the day: the rest of its rows cannot matter. Where an
operator mixes days (an aggregate without the day among its groups, a window without it in its
partition, LIMIT) the restriction stops, and everything below crosses days.

The laws behind it, σ being the restriction to the day: it commutes with filters, projections and
unnest; σ(A ⋈ B) = σA ⋈ σB where the condition says that the days agree, and the same holds for the
right side of left, semi, anti, mark, single and asof joins; groups, partitions and DISTINCT keep
it if the day is among their keys; set operations take it to every side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from headwater.sql import operators as op
from headwater.sql.lineage import Derived, Schema
from headwater.sql.locate import NOWHERE, Locator, Position
from headwater.sql.marking import Marking
from headwater.sql.operators import Expression, Operator, function_name
from headwater.sql.parameters import Translated
from headwater.sql.proof import Proof
from headwater.sql.relations import Column, Read
from headwater.sql.template import Alignment, TimeOrigin


def find_alignment(
    derived: Derived,
    text: Translated,
    columns: Sequence[Column],
    time: str | None,
    schema: Schema,
) -> tuple[Mapping[str, Alignment], TimeOrigin]:
    """Every upstream's alignment, by name, and where the output's time comes from."""
    scans = {scan.relation.casefold() for scan in _scans(derived.operator)}
    relations = [relation for name, relation in schema.items() if name in scans]
    found = {r.name: Alignment(kind="timeless") for r in relations if r.time is None}
    timed = [relation for relation in relations if relation.time is not None]
    if not timed:
        return found, "none"
    if time is None:
        reason = "the table has no `time`"
        return found | {r.name: Alignment(kind="crosses", reason=reason) for r in timed}, "none"
    names = [column.name.casefold() for column in columns]
    if time.casefold() not in names:
        reason = f"`{time}` is no column of this table"
        return found | {r.name: Alignment(kind="crosses", reason=reason) for r in timed}, "none"
    index = names.index(time.casefold())
    root = derived.operator
    by_day = Proof(root, index, Marking(root, schema, exact=False))
    by_time = Proof(root, index, Marking(root, schema, exact=True))
    locator = Locator(text)
    for relation in timed:
        name = relation.name.casefold()
        if name not in by_day.crossing:
            exact = name not in by_time.crossing
            found[relation.name] = Alignment(kind="aligned", exact_time=exact)
            continue
        cause = by_day.crossing[name]
        culprit = by_day.culprits.get(id(cause), {})
        reason, place = _explain(cause, culprit, relation.name, time, locator)
        line, column = place if place != NOWHERE else locator.table(relation.name)
        found[relation.name] = Alignment(kind="crosses", reason=reason, line=line, column=column)
    origin: TimeOrigin = "none"
    if by_day.is_restricted:
        passed = derived.rows.columns[index].origin
        times = {
            Read(r.name, column.name)
            for r in timed
            for column in r.columns
            if column.name.casefold() == str(r.time).casefold()
        }
        aligned = passed in times and found[passed.relation].kind == "aligned"
        origin = "unchanged" if aligned else "day"
    return found, origin


def _scans(operator: Operator) -> Iterable[op.Scan]:
    if isinstance(operator, op.Scan):
        yield operator
    for child in operator.children:
        yield from _scans(child)


def _explain(
    cause: Operator | None, culprit: Expression, relation: str, time: str, locator: Locator
) -> tuple[str, Position]:
    """Why the restriction did not reach a scan, and where that stands."""
    match cause:
        case op.Aggregate():
            calls = [call for call in cause.aggregates if function_name(call)]
            place = locator.call(calls[0]) if calls else NOWHERE
            if cause.groups:
                return "GROUP BY without the day", place
            return "an aggregate over all days", place
        case op.Window():
            return "window without the day in its PARTITION BY", locator.call(culprit)
        case op.Distinct():
            return "DISTINCT without the time", locator.word(r"\bdistinct\b")
        case op.Limit():
            return "LIMIT over all days", locator.limit()
        case op.Sample():
            return "a sample over all days", locator.word(r"\b(using\s+sample|tablesample)\b")
        case op.RecursiveCte():
            return "a recursive query", locator.word(r"\brecursive\b")
        case op.Join():
            return f"`{relation}` is joined without its day", locator.table(relation)
        case op.SetOperation():
            return "a set operation whose sides do not share the day", locator.table(relation)
        case None:
            reason = f"`{time}` is not the time of an input, nor its day"
            return reason, locator.column(time)
        case _:
            return f"the day of `{relation}` is lost here", locator.table(relation)
