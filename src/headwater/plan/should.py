"""What a node ought to contain: content keys over time, from its recipe and its inputs' contents.

Everything is an `IntervalMap`, so a year of equal days costs one entry. For one day of output an
input contributes a *token*: its contents on that day, the contents in a window around it, or all
of it. Days with equal tokens have equal contents.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from headwater.clock import days_of, local_midnight
from headwater.graph.node import ColumnRef, Input, Node, Recipe
from headwater.ids import ALL_TIME, DataInterval, IntervalMap, NodeId, digest
from headwater.plan.state import Contents, State

#: One entry of a token: bounds that fall inside what is read, and the contents there.
Piece = tuple[object, object, Contents]
Token = tuple[Piece, ...]


def expected_contents(
    node: Node, states: Mapping[NodeId, State], zone: ZoneInfo
) -> IntervalMap[Contents]:
    """The contents that the node should have, on every interval on which it should exist.

    Inputs without a state count as empty. A node without time has one entry over all time.
    """
    assert node.recipe is not None
    domain = (domain_of(node, states),) if node.time else (ALL_TIME,)
    windows = [i for i in domain if i is not None]
    if not windows:
        return IntervalMap()
    inputs = [i for i in node.inputs if i.mode != "previous"]
    tokens = {i.name: _tokens(i, states.get(i.node), windows[0], zone) for i in inputs}
    names = list(tokens)
    memo: dict[tuple[Token, ...], Contents] = {}
    found: list[tuple[DataInterval, Contents]] = []
    for interval in _refine(windows[0], list(tokens.values())):
        parts = tuple(tokens[name].at(interval.start) or () for name in names)
        contents = memo.get(parts)
        if contents is None:
            contents = memo[parts] = evaluate(node.recipe, dict(zip(names, parts, strict=True)))
        found.append((interval, contents))
    return IntervalMap.of(found)


def domain_of(node: Node, states: Mapping[NodeId, State]) -> DataInterval | None:
    """The span on which an incremental node should exist: from the first to the last day of the
    inputs that it reads day by day (or, where there is none, through windows).
    """
    for mode in ("same_day", "window"):
        hulls = [
            hull
            for i in node.inputs
            if i.mode == mode
            and i.node in states
            and (hull := states[i.node].segments.hull) is not None
            and hull != ALL_TIME
        ]
        if hulls:
            return DataInterval(min(h.start for h in hulls), max(h.end for h in hulls))
    return None


def evaluate(recipe: Recipe, tokens: Mapping[str, Token]) -> Contents:
    """The contents of one interval, given what each input contributes to it."""

    def key(ref: ColumnRef) -> tuple[object, ...]:
        pieces = tokens.get(ref.relation, ())
        joined: list[tuple[object, object, str]] = []
        for start, end, contents in pieces:
            value = contents.key(ref.column)
            if joined and joined[-1][2] == value and joined[-1][1] == start:
                joined[-1] = (joined[-1][0], end, value)
            else:
                joined.append((start, end, value))
        return (str(ref), *((str(s), str(e), v) for s, e, v in joined))

    rows = digest(recipe.rows, sorted(key(r) for r in recipe.row_reads))
    return Contents(
        rows=rows,
        columns={
            name: digest(rows, column.expression, sorted(key(r) for r in column.reads))
            for name, column in recipe.columns.items()
        },
    )


def input_key(contents: Contents) -> str:
    """The input key of a build that should have these contents."""
    return digest(contents.rows, sorted(contents.columns.items()))


def _tokens(
    edge: Input, state: State | None, domain: DataInterval, zone: ZoneInfo
) -> IntervalMap[Token]:
    if edge.mode == "kept" or state is None:
        return IntervalMap()
    contents = state.segments.map(lambda segment: segment.contents)
    if edge.mode == "whole" or state.segments.hull == ALL_TIME:
        everything = tuple((i.start, i.end, c) for i, c in contents)
        return IntervalMap(((ALL_TIME, everything),)) if everything else IntervalMap()
    if edge.mode == "same_day":
        return contents.map(lambda c: ((None, None, c),))
    return _window_tokens(contents, domain, edge.before, edge.after, zone)


def _window_tokens(
    contents: IntervalMap[Contents],
    domain: DataInterval,
    before: timedelta,
    after: timedelta,
    zone: ZoneInfo,
) -> IntervalMap[Token]:
    """Per local day, what lies in its window; a bound that is only the window's edge is left out,
    so that a window sliding over equal contents stays one entry.
    """
    found: list[tuple[DataInterval, Token]] = []
    for day in days_of(domain, zone):
        own = DataInterval(local_midnight(day, zone), local_midnight(day + timedelta(1), zone))
        window = own.widen(before, after)
        token = tuple(
            (
                None if i.start == window.start else i.start,
                None if i.end == window.end else i.end,
                c,
            )
            for i, c in contents.within(window)
        )
        found.append((own, token))
    return IntervalMap.of(found)


def _refine(domain: DataInterval, maps: list[IntervalMap[Token]]) -> list[DataInterval]:
    """The domain cut at every bound of every map."""
    cuts = {domain.start, domain.end}
    for tokens in maps:
        for interval, _ in tokens:
            cuts.update(c for c in (interval.start, interval.end) if domain.start < c < domain.end)
    ordered = sorted(cuts)
    return [DataInterval(a, b) for a, b in zip(ordered, ordered[1:], strict=False)]
