"""What a node ought to contain: content keys over time, from its recipe and its inputs' contents.

Everything is an `IntervalMap`, so a year of equal days costs one entry. For one day of output an
input contributes a *token*: its contents on that day, the contents in a window or a calendar period
around it, or all of it. Days with equal tokens have equal contents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from headwater.clock import Periods, days_of, local_midnight, widen
from headwater.graph.node import ColumnRef, Input, Node, Recipe
from headwater.ids import ALL_TIME, DataInterval, IntervalMap, NodeId, digest
from headwater.plan.state import NO_ROWS, Contents, State


@dataclass(frozen=True, slots=True)
class Token:
    """What an input contributes to one day of output: pieces in order of time.

    A bound is text, or empty where it is only the edge of what is read.
    """

    pieces: tuple[tuple[str, str, Contents], ...] = ()
    _keys: dict[str | None, str] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, entries: Iterable[tuple[DataInterval, Contents]], window: DataInterval) -> Token:
        """The contents inside a window."""
        return cls(
            tuple(
                (
                    "" if i.start <= window.start else i.start.isoformat(),
                    "" if i.end >= window.end else i.end.isoformat(),
                    contents,
                )
                for i, contents in entries
            )
        )

    def key(self, column: str | None) -> str:
        """The key of one column over all pieces; neighbours with equal keys count as one."""
        if len(self.pieces) == 1 and self.pieces[0][:2] == ("", ""):
            return self.pieces[0][2].key(column)
        known = self._keys.get(column)
        if known is None:
            known = self._keys[column] = digest(self._runs(column))
        return known

    def _runs(self, column: str | None) -> list[str]:
        found: list[str] = []
        last_end, last_key = None, None
        for start, end, contents in self.pieces:
            key = contents.key(column)
            if key != last_key or start != last_end:
                found += [last_end or "", start, key]
            last_end, last_key = end, key
        return [*found, last_end or ""]


NOTHING = Token()


def expected_contents(
    node: Node, states: Mapping[NodeId, State], zone: ZoneInfo
) -> IntervalMap[Contents]:
    """The contents that the node should have, on every interval on which it should exist.

    Inputs without a state count as empty. A node without time has one entry over all time.
    """
    assert node.recipe is not None
    domain = (domain_of(node, states, zone),) if node.time else (ALL_TIME,)
    windows = [i for i in domain if i is not None]
    if not windows:
        return IntervalMap()
    inputs = [i for i in node.inputs if i.mode != "previous"]
    tokens = {i.name: _tokens(i, states.get(i.node), windows[0], zone) for i in inputs}
    names = list(tokens)
    memo: dict[tuple[Token, ...], Contents] = {}
    found: list[tuple[DataInterval, Contents]] = []
    for interval in _refine(windows[0], list(tokens.values())):
        parts = tuple(tokens[name].at(interval.start) or NOTHING for name in names)
        contents = memo.get(parts)
        if contents is None:
            contents = memo[parts] = evaluate(node.recipe, dict(zip(names, parts, strict=True)))
        found.append((interval, contents))
    if node.time and any(i.mode == "previous" for i in node.inputs):
        return _chained(found, zone)
    return IntervalMap.of(found)


def _chained(
    entries: Iterable[tuple[DataInterval, Contents]], zone: ZoneInfo
) -> IntervalMap[Contents]:
    """Of a node that reads its own day before: a day's contents follow from all days before."""
    found: list[tuple[DataInterval, Contents]] = []
    before = ""
    for interval, contents in entries:
        for day in days_of(interval, zone):
            own = DataInterval(local_midnight(day, zone), local_midnight(day + timedelta(1), zone))
            chained = salted(contents, before)
            found.append((own, chained))
            before = input_key(chained)
    return IntervalMap.of(found)


def salted(contents: Contents, salt: str) -> Contents:
    """Contents that also follow from something else."""
    columns = {name: digest(key, salt) for name, key in contents.columns.items()}
    return Contents(rows=digest(contents.rows, salt), columns=columns)


def domain_of(node: Node, states: Mapping[NodeId, State], zone: ZoneInfo) -> DataInterval | None:
    """The span on which an incremental node should exist.

    It reaches from the first to the last day of the inputs that the node reads day by day, or,
    where there is none, through windows or by periods; of these it holds only whole ones. A node
    that says when it begins has no earlier day.
    """
    for mode in ("same_day", "window", "period"):
        hulls = [
            hull
            for i in node.inputs
            if i.mode == mode
            and i.node in states
            and (hull := states[i.node].segments.hull) is not None
            and hull != ALL_TIME
        ]
        if hulls:
            start, end = min(h.start for h in hulls), max(h.end for h in hulls)
            if node.begins is not None:
                start = max(start, local_midnight(node.begins, zone))
            return in_whole_periods(node, DataInterval(start, end), zone) if start < end else None
    return None


def in_whole_periods(node: Node, interval: DataInterval, zone: ZoneInfo) -> DataInterval:
    """The interval, widened to whole periods if the node is built by periods."""
    for edge in node.inputs:
        if edge.periods is not None:
            interval = edge.periods.whole(interval, zone)
    return interval


def read_span(edge: Input, interval: DataInterval, zone: ZoneInfo) -> DataInterval:
    """How much of an input one interval of output reads."""
    match edge.mode:
        case "same_day":
            return interval
        case "window":
            return widen(interval, edge.before, edge.after, zone)
        case "period":
            assert edge.periods is not None
            return edge.periods.whole(interval, zone)
    return ALL_TIME


def evaluate(recipe: Recipe, tokens: Mapping[str, Token]) -> Contents:
    """The contents of one interval, given what each input contributes to it."""

    def key(ref: ColumnRef) -> tuple[str, str]:
        return str(ref), tokens.get(ref.relation, NOTHING).key(ref.column)

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
        there = ((i, c) for i, c in contents if c.rows != NO_ROWS)
        everything = Token.of(there, ALL_TIME)
        return IntervalMap(((ALL_TIME, everything),)) if contents else IntervalMap()
    if edge.mode == "same_day":
        return contents.map(lambda c: Token((("", "", c),)))
    if edge.periods is not None:
        return _period_tokens(contents, domain, edge.periods, zone)
    return _window_tokens(contents, domain, edge.before, edge.after, zone)


def _period_tokens(
    contents: IntervalMap[Contents], domain: DataInterval, periods: Periods, zone: ZoneInfo
) -> IntervalMap[Token]:
    """What lies in each period: one token for all of its days."""
    return IntervalMap.of(
        (period, Token.of(contents.within(period), period)) for period in periods.cut(domain, zone)
    )


def _window_tokens(
    contents: IntervalMap[Contents],
    domain: DataInterval,
    before: timedelta,
    after: timedelta,
    zone: ZoneInfo,
) -> IntervalMap[Token]:
    """What lies in the window of each local day.

    A bound that is only the window's edge is left out, so that a window sliding over equal contents
    stays one entry.
    """
    found: list[tuple[DataInterval, Token]] = []
    for day in days_of(domain, zone):
        own = DataInterval(local_midnight(day, zone), local_midnight(day + timedelta(1), zone))
        window = widen(own, before, after, zone)
        found.append((own, Token.of(contents.within(window), window)))
    return IntervalMap.of(found)


def _refine(domain: DataInterval, maps: list[IntervalMap[Token]]) -> list[DataInterval]:
    """The domain cut at every bound of every map."""
    cuts = {domain.start, domain.end}
    for tokens in maps:
        for interval, _ in tokens:
            cuts.update(c for c in (interval.start, interval.end) if domain.start < c < domain.end)
    ordered = sorted(cuts)
    return [DataInterval(a, b) for a, b in pairwise(ordered)]
