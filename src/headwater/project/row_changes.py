"""The rows of two states of one node, compared on the days where their contents differ."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from headwater.contracts.quoting import quote
from headwater.engines.protocol import InputRelation, Session
from headwater.ids import ALL_TIME, DataInterval, IntervalMap, join_intervals
from headwater.lake import Lake
from headwater.plan.state import State, schema_digest
from headwater.run.states import input_files

OLD, NEW = "__headwater_old", "__headwater_new"
ALL_OLD, ALL_NEW = "__headwater_all_old", "__headwater_all_new"
NUMERIC = ("DECIMAL", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UBIGINT", "UINTEGER", "DOUBLE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The sum of one numeric column over all rows of each side."""

    column: str
    before: Decimal | float | int
    after: Decimal | float | int

    @property
    def difference(self) -> Decimal | float | int:
        """After minus before."""
        return self.after - self.before  # type: ignore[operator]


def changed_intervals(before: State, after: State) -> tuple[DataInterval, ...]:
    """Where the published contents of two states differ."""
    old = before.segments.map(lambda s: s.contents)
    new = after.segments.map(lambda s: s.contents)
    found: list[DataInterval] = []
    for mine, other in ((old, new), (new, old)):
        for interval, contents in mine:
            same = IntervalMap.of((i, True) for i, c in other.within(interval) if c == contents)
            found += IntervalMap(((interval, True),)).minus(same).intervals
    return join_intervals(found)


class RowComparison:
    """The rows of both sides on the intervals that differ, shown to a session."""

    def __init__(
        self,
        old: State,
        new: State,
        intervals: Sequence[DataInterval],
        lake: Lake,
        session: Session,
    ) -> None:
        self.session = session
        self.old, self.new = dict(old.schema), dict(new.schema)
        self.shared = [name for name in self.new if name in self.old]
        hull = DataInterval(intervals[0].start, intervals[-1].end)
        # Rows of files that both sides hold are equal, however many there are.
        both = {file.path for file in old.files} & {file.path for file in new.files}
        session.bind_inputs(
            [
                _shown(OLD, old, hull, lake, both),
                _shown(NEW, new, hull, lake, both),
                _shown(ALL_OLD, old, ALL_TIME, lake),
                _shown(ALL_NEW, new, ALL_TIME, lake),
            ]
        )

    def count_changes(self, key: Sequence[str]) -> tuple[int, int, int]:
        """Rows added, removed and changed."""
        if key and set(key) <= set(self.shared):
            return self._by_key(key)
        columns = ", ".join(map(quote, self.shared))
        one, two = f"SELECT {columns} FROM {OLD}", f"SELECT {columns} FROM {NEW}"
        sql = f"SELECT (SELECT count(*) FROM ({two} EXCEPT ALL {one})), "
        sql += f"(SELECT count(*) FROM ({one} EXCEPT ALL {two}))"
        added, removed = self.session.fetch(sql)[0]
        return int(added), int(removed), 0

    def _by_key(self, key: Sequence[str]) -> tuple[int, int, int]:
        on = " AND ".join(f"o.{quote(k)} IS NOT DISTINCT FROM n.{quote(k)}" for k in key)
        values = [name for name in self.shared if name not in key]
        differs = " OR ".join(f"o.{quote(v)} IS DISTINCT FROM n.{quote(v)}" for v in values)
        sql = (
            "SELECT count(*) FILTER (WHERE o._there IS NULL), "
            "count(*) FILTER (WHERE n._there IS NULL), "
            f"count(*) FILTER (WHERE o._there AND n._there AND ({differs or 'FALSE'})) "
            f"FROM (SELECT *, TRUE AS _there FROM {OLD}) o "
            f"FULL JOIN (SELECT *, TRUE AS _there FROM {NEW}) n ON {on}"
        )
        added, removed, changed = self.session.fetch(sql)[0]
        return int(added), int(removed), int(changed)

    def totals(self, key: Sequence[str]) -> tuple[Total, ...]:
        """The sums of numeric columns over the whole node, where the two sides differ."""
        names = [
            name
            for name in self.shared
            if name not in key
            and self.old[name].startswith(NUMERIC)
            and self.new[name].startswith(NUMERIC)
        ]
        if not names:
            return ()
        sums = ", ".join(f"coalesce(sum({quote(name)}), 0)" for name in names)
        sides = (ALL_OLD, ALL_NEW)
        before, after = (self.session.fetch(f"SELECT {sums} FROM {side}")[0] for side in sides)
        return tuple(
            Total(column=name, before=b, after=a)
            for name, b, a in zip(names, before, after, strict=True)
            if b != a
        )


def _shown(
    name: str, state: State, span: DataInterval, lake: Lake, left_out: Collection[str] = ()
) -> InputRelation:
    files = [file for file in input_files(state, span) if file.path not in left_out]
    schema = schema_digest(state.schema)
    return InputRelation(
        name=name,
        schema=state.schema,
        files=tuple(lake.absolute(f.path) for f in files),
        spans=tuple(f.interval for f in files),
        uniform=all(f.schema == schema for f in files),
        time=state.time,
        cut=span if state.time and span != ALL_TIME else None,
    )
