"""Whether scores were there when they were promised: 99.5 % of them by 07:00."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from headwater.clock import Clock, days_of, local
from headwater.contracts.quoting import literal
from headwater.features.observing import period_ends
from headwater.ids import ALL_TIME, NodeId
from headwater.kinds.model.definition import ScoresDefinition
from headwater.ledger import Ledger
from headwater.project.recording import PROD
from headwater.project.release_view import ReleaseView
from headwater.project.workspace import Workspace

#: What share of the scores has to be there by the hour that `by` says.
OBJECTIVE: Final = 0.995
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredDay:
    """One day that was to be scored, and when readers first saw that it was; None: not yet."""

    day: date
    due: datetime
    seen: datetime | None
    rows: int = 0

    @property
    def is_on_time(self) -> bool:
        """Whether its scores were there in time."""
        return self.seen is not None and self.seen <= self.due


@dataclass(frozen=True, slots=True, kw_only=True)
class Punctuality:
    """All days that were due since the scores were first published.

    A day that was due before that was scored later on purpose, and does not count.
    """

    by: time
    days: tuple[ScoredDay, ...] = ()

    @property
    def on_time(self) -> int:
        """How many days had their scores in time."""
        return sum(day.is_on_time for day in self.days)

    @property
    def share(self) -> float | None:
        """The share of scores that were there in time; None while nothing was due.

        A day without scores counts as the average of the others.
        """
        if not self.days:
            return None
        counted = [day.rows for day in self.days if day.rows]
        usual = sum(counted) / len(counted) if counted else 1.0
        weights = [(day.rows or usual, day.is_on_time) for day in self.days]
        return sum(w for w, is_on_time in weights if is_on_time) / sum(w for w, _ in weights)

    @property
    def is_met(self) -> bool:
        """Whether that is what was promised."""
        return self.share is None or self.share >= OBJECTIVE


def measure_punctuality(
    workspace: Workspace, view: ReleaseView, definition: ScoresDefinition
) -> Punctuality | None:
    """How punctual the scores of a project have been in `prod`; None where no hour is declared."""
    by = definition.scores.by
    if by is None:
        return None
    clock, ledger = workspace.clock, workspace.ledger
    seen = _first_seen(ledger, definition.id, clock)
    if not seen:
        return Punctuality(by=by)
    rows = _rows_by_day(workspace, view, definition.id)
    since = min(seen.values())
    today = local(clock.now, clock.zone).date()
    found: list[ScoredDay] = []
    for day in period_ends(definition.scores.every, definition.begins, today):
        due = _due(day, by, clock)
        if since <= due and (due <= clock.now or day in seen):
            found.append(ScoredDay(day=day, due=due, seen=seen.get(day), rows=rows.get(day, 0)))
    return Punctuality(by=by, days=tuple(found))


def _due(day: date, by: time, clock: Clock) -> datetime:
    """When the scores of a day have to be there: that hour of the day after."""
    return datetime.combine(day + _DAY, by, tzinfo=clock.zone).astimezone(clock.now.tzinfo)


def _first_seen(ledger: Ledger, node: NodeId, clock: Clock) -> Mapping[date, datetime]:
    """Day → when a release of `prod` first showed it."""
    found: dict[date, datetime] = {}
    for release, state_id in _shown(ledger, node):
        state = ledger.states([state_id])[state_id]
        for interval in state.segments.intervals:
            if interval != ALL_TIME:
                for day in days_of(interval, clock.zone):
                    found.setdefault(day, release)
    return found


def _shown(ledger: Ledger, node: NodeId) -> Iterator[tuple[datetime, str]]:
    """When `prod` came to show another state of a node, oldest first."""
    last = ""
    for release in reversed(ledger.releases(PROD, limit=None)):
        state = ledger.resolve(release.number).states.get(node, "")
        if state and state != last:
            yield release.created_at, state
        last = state


def _rows_by_day(workspace: Workspace, view: ReleaseView, node: NodeId) -> Mapping[date, int]:
    state = view.states.get(node)
    files = [workspace.lake.absolute(f.path) for f in state.part("rows")] if state else []
    if not files:
        return {}
    listed = ", ".join(literal(str(path)) for path in files)
    with workspace.engine.session() as session:
        sql = f"SELECT day, count(*) FROM read_parquet([{listed}]) GROUP BY day"
        return dict(session.fetch(sql))
