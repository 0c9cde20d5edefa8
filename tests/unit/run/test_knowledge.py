"""What was known when: the walk over releases equals a table of every day at every moment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.ids import MAX_TIME, MIN_TIME, DataInterval, IntervalMap, NodeId
from headwater.plan.state import Contents, DataFile, Segment, State
from headwater.run.knowledge import Cause, KnownHistory, Published, history_of

NODE = NodeId("table", "sales")
DAYS = 8
FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
BEGAN = datetime(2024, 3, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    """Where a day begins."""
    return FIRST_DAY + timedelta(days=number)


def moment(release: int) -> datetime:
    """When a release was made, counted from 0."""
    return BEGAN + timedelta(days=release)


def runs(days: set[int]) -> list[set[int]]:
    """Neighbours together."""
    found: list[set[int]] = []
    for d in sorted(days):
        if found and d - 1 in found[-1]:
            found[-1].add(d)
        else:
            found.append({d})
    return found


@dataclass
class World:
    """States as runs would make them, and a table of what was known of each day when.

    Row n of the table are moments from release n on; row -1 those before the first.
    """

    published: list[Published] = field(default_factory=list)
    content: dict[int, str] = field(default_factory=dict)  # day → what stands
    files: dict[str, dict[int, str]] = field(default_factory=dict)  # path → day → content
    of_days: dict[int, str] = field(default_factory=dict)  # day → path
    table: dict[int, dict[int, str]] = field(default_factory=dict)
    snapshots: list[tuple[State, dict[int, str], dict[int, str], dict[int, dict[int, str]]]] = (
        field(default_factory=list)
    )
    numbers: count[int] = field(default_factory=count)
    gone: frozenset[str] = frozenset()

    def release(
        self, wanted: dict[int, str], cause: Cause, span: tuple[int, int], returns: int | None
    ) -> None:
        """Publish days with contents; those of a span are written in one file."""
        number = len(self.published)
        before, paths = self.content, dict(self.of_days)
        if returns is not None:
            state = self.snapshots[returns][0]
            # Of releases with one state, the newest is meant.
            returns = max(n for n, each in enumerate(self.snapshots) if each[0] == state)
            _, self.content, self.of_days, _ = self.snapshots[returns]
        else:
            self.content = {
                d: before[d] if before.get(d, "").startswith(text) else f"{text}{number}"
                for d, text in wanted.items()
            }
            self._write(before, span)
            state = self._state()
        at = moment(number)
        self.published.append(
            Published(at=at, state=state, cause=cause, returns=returns is not None)
        )
        if returns is not None and cause == "definitions":
            self.table = {m: dict(row) for m, row in self.snapshots[returns][3].items()}
            newest = self.table[max(self.table)]
            for m in range(max(self.table) + 1, number + 1):
                self.table[m] = dict(newest)
        else:
            self._know(number, before, paths, cause)
        kept = {m: dict(row) for m, row in self.table.items()}
        self.snapshots.append((state, dict(self.content), dict(self.of_days), kept))

    def _know(
        self, number: int, before: dict[int, str], paths: dict[int, str], cause: Cause
    ) -> None:
        if number == 0:
            self.table = {-1: dict(self.content), 0: dict(self.content)}
            return
        self.table[number] = dict(self.table[number - 1])
        for d in range(DAYS):
            old, new = before.get(d), self.content.get(d)
            if old == new:
                continue
            lost = old is not None and paths[d] in self.gone
            first = bool(before) and d < min(before)
            first &= not any(d in row for row in self.table.values())
            for m, row in self.table.items():
                takes = cause == "definitions" and old is not None and d in row
                takes |= lost and row.get(d) == old
                takes |= m == -1 and first
                if m == number or takes:
                    row.pop(d, None)
                    if new is not None:
                        row[d] = new

    def _write(self, before: dict[int, str], span: tuple[int, int]) -> None:
        """The changed days and all of `span` in new files of neighbours; of old ones the rest."""
        changed = {d for d in range(DAYS) if before.get(d) != self.content.get(d)}
        changed |= set(range(*span))
        touched = {self.of_days[d] for d in changed if d in self.of_days}
        rest = {d for d, path in self.of_days.items() if path in touched} - changed
        self.of_days = {d: path for d, path in self.of_days.items() if d in self.content}
        for days in (*runs(changed & set(self.content)), *({d} for d in rest)):
            path = f"{next(self.numbers)}.parquet"
            self.files[path] = {d: self.content[d] for d in days}
            self.of_days |= dict.fromkeys(days, path)

    def _state(self) -> State:
        segments = IntervalMap.of(
            (DataInterval(day(d), day(d + 1)), Segment("b", f"key {text}", Contents(text, {})))
            for d, text in self.content.items()
        )
        files = []
        for path in dict.fromkeys(self.of_days.values()):
            days = self.files[path]
            interval = DataInterval(day(min(days)), day(max(days) + 1))
            files.append(
                DataFile(path=path, interval=interval, rows=1, bytes=1, build="b", schema="")
            )
        return State(node=NODE, time="at", segments=segments, files=tuple(files))

    def history(self) -> KnownHistory:
        """What the walk finds."""
        return history_of(NODE, self.published, lambda file: file.path in self.gone)

    def found(self) -> dict[int, dict[int, str]]:
        """The pieces of the walk as a table; a day known twice at one moment is an error."""
        rows: dict[int, dict[int, str]] = {}
        history = self.history()
        for m in range(-1, len(self.published)):
            at = moment(m) if m >= 0 else BEGAN - timedelta(days=999)
            row: dict[int, str] = {}
            for piece in history.pieces:
                if not piece.known.start <= at < piece.known.end:
                    continue
                for d, text in self.files[piece.file.path].items():
                    if piece.interval.start <= day(d) < piece.interval.end:
                        assert d not in row, f"day {d} is known twice at {at}"
                        row[d] = text
            rows[m] = row
        return rows


Step = tuple[dict[int, str], str, tuple[int, int], int, bool]

contents = st.dictionaries(st.integers(0, DAYS - 1), st.sampled_from("abc"), max_size=DAYS)
spans = st.tuples(st.integers(0, DAYS - 1), st.integers(0, DAYS - 1))
steps = st.tuples(
    contents,
    st.sampled_from(["data", "data", "definitions", "maintenance", "return"]),
    spans,
    st.integers(0, 9),
    st.booleans(),
)


def replay(taken: list[Step], gone: frozenset[str]) -> World:
    """The world after some releases."""
    world = World(gone=gone)
    for n, (wanted, sort, span, which, redefines) in enumerate(taken):
        if n and sort == "maintenance":
            same = {d: text[0] for d, text in world.content.items()}
            world.release(same, "maintenance", span, None)
        elif n and sort == "return":
            world.release({}, "definitions" if redefines else "data", span, which % n)
        else:
            world.release(wanted, "definitions" if sort == "definitions" else "data", span, None)
    return world


@settings(max_examples=100, deadline=None)
@given(taken=st.lists(steps, min_size=1, max_size=7), chosen=st.sets(st.integers(0, 30)))
def test_the_walk_equals_a_table_of_days_and_moments(taken: list[Step], chosen: set[int]) -> None:
    without = replay(taken, frozenset())
    assert without.found() == without.table
    standing = {file.path for file in without.published[-1].state.files}
    gone = frozenset(f"{n}.parquet" for n in chosen) & without.files.keys() - standing
    if any(step.returns for step in without.published):
        return  # a release is gone back to only while its files are there
    some_gone = replay(taken, gone)
    assert some_gone.found() == some_gone.table


def test_without_later_news_all_is_plain() -> None:
    world = World()
    world.release({0: "a", 1: "a"}, "data", (0, 2), None)
    assert world.history().is_plain
    world.release({0: "a", 1: "b"}, "definitions", (0, 2), None)
    assert world.history().is_plain
    assert world.history().corrections == 0


def test_a_new_day_is_known_from_its_release_and_a_correction_from_the_next() -> None:
    world = World()
    world.release({0: "a"}, "data", (0, 0), None)
    world.release({0: "a", 1: "b"}, "data", (0, 0), None)
    world.release({0: "a", 1: "c"}, "data", (0, 0), None)
    history = world.history()
    spans = {
        world.files[piece.file.path][1]: piece.known
        for piece in history.pieces
        if piece.interval.start >= day(1)
    }
    assert spans == {
        "b1": DataInterval(moment(1), moment(2)),
        "c2": DataInterval(moment(2), MAX_TIME),
    }
    assert (history.corrections, history.since) == (1, moment(0))


def test_history_put_before_the_first_day_counts_as_known_before_the_first_release() -> None:
    world = World()
    world.release({4: "a"}, "data", (0, 0), None)
    world.release({2: "b", 4: "a"}, "data", (0, 0), None)
    known = [p.known for p in world.history().pieces if p.interval.start == day(2)]
    assert known == [DataInterval(MIN_TIME, moment(0)), DataInterval(moment(1), MAX_TIME)]


def test_definitions_take_over_corrections_and_count_them() -> None:
    world = World()
    world.release({0: "a"}, "data", (0, 0), None)
    world.release({0: "b"}, "data", (0, 0), None)
    world.release({0: "c"}, "definitions", (0, 0), None)
    history = world.history()
    assert history.is_plain
    assert (history.corrections, history.merged_by_definition) == (1, 1)


def test_files_that_are_gone_leave_their_time_to_what_replaced_them() -> None:
    world = World()
    world.release({0: "a"}, "data", (0, 0), None)
    world.release({0: "b"}, "data", (0, 0), None)
    gone = replace(world, gone=frozenset({"0.parquet"})).history()
    assert (gone.is_plain, gone.missing_files) == (True, 1)


def test_nothing_published_is_nothing_known() -> None:
    assert history_of(NODE, [], lambda file: False) == KnownHistory(node=NODE)
