"""Why an interval is stale, in the words a user would use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from headwater.clock import local
from headwater.graph.node import ColumnRef, Node, Recipe
from headwater.ids import ALL_TIME, DataInterval, IntervalMap, NodeId
from headwater.plan.should import read_span
from headwater.plan.state import State
from headwater.plan.steps import LedgerView, Reason, Request

#: Kinds whose columns Headwater names: reasons speak of the node alone.
_UNNAMED: Final = frozenset({"metric", "rollup", "training_set"})


def explain(
    node: Node,
    interval: DataInterval,
    view: LedgerView,
    states: Mapping[NodeId, State],
    zone: ZoneInfo,
    request: Request,
) -> Reason:
    """The first reason that applies: asked for, new, definition changed, upstream changed."""
    state = states.get(node.id)
    if node.id in request.full_refresh or (
        request.period is not None and interval.overlaps(request.period)
    ):
        return Reason("full refresh")
    if state is None or not state.segments:
        return Reason("new")
    if not state.segments.within(interval):
        return Reason("new interval")
    changed = changed_definition(view.recipes.get(node.id), node.recipe)
    if changed:
        named = () if node.id.kind in _UNNAMED else changed
        return Reason("definition changed", ", ".join(named))
    return _upstream_reason(node, interval, view, states, zone)


def changed_definition(old: Recipe | None, new: Recipe | None) -> tuple[str, ...]:
    """The columns whose expression changed, in backquotes; `rows` where the shape did."""
    if old is None or new is None:
        return ()
    found = [f"`{name}`" for name in new.columns if _differs(old, new, name)]
    found += [f"`{name}` is gone" for name in old.columns if name not in new.columns]
    if old.rows != new.rows:
        found.insert(0, "rows")
    return tuple(found)


def _differs(old: Recipe, new: Recipe, name: str) -> bool:
    before = old.columns.get(name)
    after = new.columns[name]
    return before is None or (before.expression, before.reads) != (after.expression, after.reads)


def _upstream_reason(
    node: Node,
    interval: DataInterval,
    view: LedgerView,
    states: Mapping[NodeId, State],
    zone: ZoneInfo,
) -> Reason:
    assert node.recipe is not None
    names: list[str] = []
    for edge in node.inputs:
        if edge.mode in ("kept", "previous"):
            continue
        span = read_span(edge, interval, zone)
        before = view.states.get(edge.node, State(node=edge.node))
        after = states.get(edge.node, State(node=edge.node))
        refs = [r for r in node.recipe.reads if r.relation == edge.name]
        changed = [r for r in refs if _keys(before, r, span) != _keys(after, r, span)]
        if changed and edge.node.kind == "source":
            days = _changed_days(before, after, span, zone)
            return Reason("late rows", f"in {days}") if days else Reason("upstream changed")
        if edge.node.kind in _UNNAMED:
            names += [str(edge.node)] if changed else []
            continue
        columns = sorted(r.column for r in changed if r.column is not None)
        names += [f"`{edge.name}.{c}`" for c in columns] or ([f"`{edge.name}`"] if changed else [])
    return Reason("upstream changed", ", ".join(names[:3]) + (" …" if len(names) > 3 else ""))


def _keys(state: State, ref: ColumnRef, span: DataInterval) -> IntervalMap[str]:
    return IntervalMap.of((i, s.contents.key(ref.column)) for i, s in state.segments.within(span))


def _changed_days(before: State, after: State, span: DataInterval, zone: ZoneInfo) -> str:
    """The days whose rows differ between two states of a source, as people write them."""
    if after.segments.hull == ALL_TIME:
        return ""
    now = IntervalMap.of((i, s.contents.rows) for i, s in after.segments.within(span))
    then = IntervalMap.of((i, s.contents.rows) for i, s in before.segments.within(span))
    changed = [i for i, key in now if then.within(i) != [(i, key)]]
    return ", ".join(days_text(i, zone) for i in changed[:3]) + (" …" if len(changed) > 3 else "")


def days_text(interval: DataInterval, zone: ZoneInfo) -> str:
    """An interval as local days, last day included: `2011-11-03` or `2011-11-01..2011-11-09`."""
    if interval == ALL_TIME:
        return "whole"
    first = local(interval.start, zone).date()
    last = local(interval.end - timedelta(microseconds=1), zone).date()
    return str(first) if first == last else f"{first}..{last}"
