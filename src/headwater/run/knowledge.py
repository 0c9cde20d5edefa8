"""When the rows of a node were known: load times out of the releases of an environment.

Rows carry no load time, releases do. Walking the releases oldest first, the contents of each state
say which days came or changed with it:

- what came with a node's first release counts as known when it happened, and so does, for moments
  before that release, history that is put before it later;
- what a release of data adds or replaces is known from that release on, and what it replaced until
  then;
- a release that changes definitions takes over the spans of what it replaces: nobody knew the old
  definition's numbers, and corrections from before it can no longer be told apart;
- so does content that replaced files which are gone (vacuum);
- going back to old definitions brings back what was known under them.

Compaction and upgrades change no row, and nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from headwater.ids import MAX_TIME, MIN_TIME, DataInterval, IntervalMap, NodeId, join_intervals
from headwater.plan.state import DataFile, Segment, State

Cause = Literal["data", "definitions", "maintenance"]

#: Disjoint spans of time, in order, in which a content was the one that readers saw. The first may
#: begin at `MIN_TIME` (since it happened), the last end at `MAX_TIME` (still).
Spans = tuple[DataInterval, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The state of a node in one release. `returns`: the release goes back to an earlier one."""

    at: datetime
    state: State
    cause: Cause = "data"
    returns: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """The rows of one data file in an interval, and when they were known."""

    file: DataFile
    interval: DataInterval
    known: DataInterval

    @property
    def is_always_known(self) -> bool:
        """Whether its rows are known since they happened, and still."""
        return self.known.start == MIN_TIME and self.known.end == MAX_TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHistory:
    """All that was ever known of a node, as far as it can be told.

    `corrections` counts stretches of days that a release of data replaced, `merged_by_definition`
    those of them that a change of definitions took over, `missing_files` files that vacuum took.
    `since` is the node's first release. Where nothing `is_told`, rows are as they are now.
    """

    node: NodeId
    pieces: tuple[Piece, ...] = ()
    corrections: int = 0
    merged_by_definition: int = 0
    missing_files: int = 0
    since: datetime | None = None
    is_told: bool = True

    @property
    def is_plain(self) -> bool:
        """Whether everything counts as known when it happened: nothing came or changed later."""
        return all(piece.is_always_known for piece in self.pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Replaced:
    """Content that stands no more: the files that held it, and when it was known."""

    interval: DataInterval
    files: tuple[DataFile, ...]
    spans: Spans


@dataclass(frozen=True, slots=True)
class _Knowledge:
    """What is known after a release: of the content that stands, and of what stood before."""

    state: State
    stands: IntervalMap[Spans]
    replaced: tuple[_Replaced, ...] = ()


def history_of(
    node: NodeId, published: Sequence[Published], is_gone: Callable[[DataFile], bool]
) -> KnownHistory:
    """When all rows of a node were known, from its states, oldest first. Pure but for `is_gone`."""
    if not published:
        return KnownHistory(node=node)
    walk = _Walk(published[0], is_gone)
    for each in published[1:]:
        walk.follow(each)
    return KnownHistory(
        node=node,
        pieces=tuple(_pieces(walk.now)),
        corrections=walk.corrections,
        merged_by_definition=walk.merged,
        missing_files=len(walk.missing),
        since=walk.first,
    )


class _Walk:
    """From release to release; what was known under each state is remembered for going back."""

    def __init__(self, first: Published, is_gone: Callable[[DataFile], bool]) -> None:
        self.first = first.at
        self.is_gone = is_gone
        self.now = _Knowledge(first.state, _everywhere(first.state.segments, _ALWAYS))
        self.past = [self.now]
        self.corrections = 0
        self.merged = 0
        self.missing: set[str] = set()

    def follow(self, to: Published) -> None:
        """Take in the next release."""
        earlier = self._earlier(to) if to.returns and to.cause == "definitions" else None
        if earlier is not None:
            self.now = replace(earlier, state=to.state)
        elif to.cause == "maintenance":
            self.now = replace(self.now, state=to.state)
        else:
            self._change(to)
        self.past.append(self.now)

    def _earlier(self, to: Published) -> _Knowledge | None:
        return next((k for k in reversed(self.past) if k.state == to.state), None)

    def _change(self, to: Published) -> None:
        old, new = self.now.state.segments, to.state.segments
        left, came = _differences(old, new)
        new_spans = _everywhere(came, (DataInterval(to.at, MAX_TIME),))
        if old.hull is not None:
            before = DataInterval(MIN_TIME, old.hull.start)
            both: Spans = (DataInterval(MIN_TIME, self.first), DataInterval(to.at, MAX_TIME))
            again = join_intervals(each.interval for each in self.now.replaced)
            first = came.minus(IntervalMap.of((i, True) for i in again))
            new_spans = new_spans.overlay(
                IntervalMap.of((i, both) for i, _ in first.within(before))
            )
        take = self._take_over if to.cause == "definitions" else self._replace
        replaced, taken_over = take(left, to.at)
        stands = self.now.stands.minus(left).overlay(new_spans)
        taken = [
            (both, spans) for interval, spans in taken_over for both, _ in came.within(interval)
        ]
        self.now = _Knowledge(to.state, stands.overlay(IntervalMap.of(taken)), replaced)

    def _replace(
        self, left: IntervalMap[Segment], at: datetime
    ) -> tuple[tuple[_Replaced, ...], list[tuple[DataInterval, Spans]]]:
        """What stands in `left` was known until now; where its files are gone it never was."""
        replaced = list(self.now.replaced)
        taken_over: list[tuple[DataInterval, Spans]] = []
        for interval, spans in _within_all(self.now.stands, left.intervals):
            self.corrections += 1
            files = _files(self.now.state, interval)
            gone = [file for file in files if self.is_gone(file)]
            self.missing.update(file.path for file in gone)
            lost = IntervalMap.of((i, True) for i in join_intervals(f.interval for f in gone))
            taken_over += [(both, spans) for both, _ in lost.within(interval)]
            ended = _until(spans, at)
            kept = IntervalMap(((interval, ended),)).minus(lost).intervals
            replaced += [_Replaced(interval=i, files=files, spans=ended) for i in kept]
        return tuple(replaced), taken_over

    def _take_over(
        self, left: IntervalMap[Segment], at: datetime
    ) -> tuple[tuple[_Replaced, ...], list[tuple[DataInterval, Spans]]]:
        """What stands in `left`, and all that stood there before, gives its spans to what comes."""
        del at
        replaced: list[_Replaced] = []
        taken = IntervalMap.of(_within_all(self.now.stands, left.intervals))
        hidden = join_intervals(left.intervals)
        for each in self.now.replaced:
            covered = [both for i in hidden if (both := i.intersect(each.interval)) is not None]
            if not covered:
                replaced.append(each)
                continue
            self.merged += 1
            for both in covered:
                widened = [(i, _joined(spans, each.spans)) for i, spans in taken.within(both)]
                taken = taken.overlay(IntervalMap.of(widened))
            rest = IntervalMap(((each.interval, True),)).minus(
                IntervalMap.of((i, True) for i in covered)
            )
            replaced += [replace(each, interval=interval) for interval in rest.intervals]
        return tuple(replaced), list(taken)


_ALWAYS: Spans = (DataInterval(MIN_TIME, MAX_TIME),)


def _everywhere(segments: IntervalMap[Segment], spans: Spans) -> IntervalMap[Spans]:
    return segments.map(lambda _: spans)


def _within_all(
    stands: IntervalMap[Spans], intervals: Iterable[DataInterval]
) -> Iterator[tuple[DataInterval, Spans]]:
    for interval in join_intervals(intervals):
        yield from stands.within(interval)


def _until(spans: Spans, at: datetime) -> Spans:
    """The spans as far as they lie before a moment."""
    before = DataInterval(MIN_TIME, at)
    return tuple(both for span in spans if (both := span.intersect(before)) is not None)


def _joined(one: Spans, other: Spans) -> Spans:
    return join_intervals((*one, *other))


def _differences(
    old: IntervalMap[Segment], new: IntervalMap[Segment]
) -> tuple[IntervalMap[Segment], IntervalMap[Segment]]:
    """What of the old contents stands no more, and what came. Most entries are mostly equal."""
    ours, theirs = old.entries, new.entries
    head = _alike(ours, theirs)
    ours, theirs = ours[head:], theirs[head:]
    tail = _alike(ours[::-1], theirs[::-1])
    before = IntervalMap(ours[: len(ours) - tail])
    after = IntervalMap(theirs[: len(theirs) - tail])
    equal = IntervalMap.of(
        (both, True)
        for interval, segment in after
        for both, earlier in before.within(interval)
        if earlier.contents == segment.contents
    )
    return before.minus(equal), after.minus(equal)


def _alike(one: Sequence[object], other: Sequence[object]) -> int:
    """How many entries are equal before the first that differ."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def _files(state: State, interval: DataInterval) -> tuple[DataFile, ...]:
    return tuple(f for f in state.files if f.part == "rows" and f.interval.overlaps(interval))


def _pieces(knowledge: _Knowledge) -> Iterator[Piece]:
    """All content with all of its spans, file by file."""
    for file in knowledge.state.part("rows"):
        for interval, spans in knowledge.stands.within(file.interval):
            for known in spans:
                yield Piece(file=file, interval=interval, known=known)
    for each in knowledge.replaced:
        for file in each.files:
            both = file.interval.intersect(each.interval)
            if both is not None:
                for known in each.spans:
                    yield Piece(file=file, interval=both, known=known)
