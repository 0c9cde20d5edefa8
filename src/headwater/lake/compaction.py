"""Which small data files are merged: those of one node within one local month."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from headwater.clock import local
from headwater.ids import ALL_TIME, MAX_TIME, MIN_TIME, DataInterval, NodeId
from headwater.plan.state import DataFile, State

SMALL_BYTES = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactionGroup:
    """Files to be merged into one; `month` is None for a node without time."""

    node: NodeId
    month: str | None
    files: tuple[DataFile, ...]
    interval: DataInterval  # covers the files' intervals

    @property
    def bytes(self) -> int:
        """How much is rewritten."""
        return sum(file.bytes for file in self.files)


def compaction_plan(
    state: State, zone: ZoneInfo, *, small: int = SMALL_BYTES, fewest: int = 4
) -> tuple[CompactionGroup, ...]:
    """Groups of at least `fewest` published files below `small` bytes, in order of time. Pure.

    Fewer files stay as they are: a month that gets a file a day is rewritten every few days, not
    every day.
    """
    by_month: dict[str | None, list[DataFile]] = defaultdict(list)
    for file in state.part("rows"):
        if file.bytes < small and _has_one_month(file.interval, zone):
            by_month[_month(file.interval, zone)].append(file)
    groups = [
        CompactionGroup(
            node=state.node,
            month=month,
            files=tuple(sorted(files, key=lambda file: (file.interval, file.path))),
            interval=DataInterval(
                min(file.interval.start for file in files), max(file.interval.end for file in files)
            ),
        )
        for month, files in by_month.items()
        if len(files) >= fewest
    ]
    return tuple(sorted(groups, key=lambda group: group.interval))


def _month(interval: DataInterval, zone: ZoneInfo) -> str | None:
    return None if interval == ALL_TIME else f"{local(interval.start, zone):%Y-%m}"


def _has_one_month(interval: DataInterval, zone: ZoneInfo) -> bool:
    if interval == ALL_TIME:
        return True
    if interval.start == MIN_TIME or interval.end == MAX_TIME:
        return False
    start, end = local(interval.start, zone), local(interval.end, zone)
    months = (end.year - start.year) * 12 + end.month - start.month
    at_midnight_of_first = end.day == 1 and end.time() == end.min.time()
    return months == 0 or (months == 1 and at_midnight_of_first)
