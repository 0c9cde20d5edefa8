"""How fresh the sources are, and which of their days are missing rather than merely empty."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from headwater.clock import Clock, days_of, local
from headwater.contracts.quoting import quote
from headwater.engines.protocol import InputRelation, Session
from headwater.graph.node import Schema
from headwater.ids import ALL_TIME, NodeId
from headwater.kinds.source.definition import InPlaceOrigin, SourceDefinition
from headwater.kinds.source.freshness import FreshnessResult, judge_freshness
from headwater.kinds.source.landing import day_sql
from headwater.kinds.source.watermark import Coverage, Watermark, days_in_name, find_watermark
from headwater.plan.state import State
from headwater.project.release_view import ReleaseView
from headwater.project.workspace import Workspace

_ROWS = "__headwater_rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFreshness:
    """One source: its verdict, the days it is complete through, missing and empty ones.

    `newest` is the newest event time, or, of a source without time, when it was last loaded.
    `stale` names deliveries that stand in for newer ones because their origin is down.
    """

    node: NodeId
    result: FreshnessResult
    watermark: Watermark
    newest: datetime | None = None
    stale: tuple[str, ...] = ()


def measure_freshness(
    workspace: Workspace, view: ReleaseView, sources: Iterable[SourceDefinition]
) -> tuple[SourceFreshness, ...]:
    """Judge each source by what is published of it, at the command's time."""
    with workspace.engine.session() as session:
        return tuple(_measure(workspace, view, source, session) for source in sources)


def _measure(
    workspace: Workspace, view: ReleaseView, source: SourceDefinition, session: Session
) -> SourceFreshness:
    clock, closed = workspace.clock, workspace.settings.closed_days
    state = view.states.get(source.id, State(node=source.id))
    if source.time is None or dict(state.schema).get(source.time) is None:
        newest, watermark = _last_load(view, state), Watermark(complete_through=None)
    else:
        rows = _Rows(workspace, source, state, session)
        newest = rows.newest()
        watermark = find_watermark(
            rows.days,
            rows.coverage(),
            source.complete,
            clock,
            closed=closed,
            marked=_marked(workspace, source, rows.days, clock),
        )
    result = judge_freshness(
        newest,
        watermark.complete_through,
        source.freshness,
        clock,
        closed,
        watermark.closed_weekdays,
    )
    return SourceFreshness(
        node=source.id,
        result=result,
        watermark=watermark,
        newest=newest,
        stale=tuple(d.name for d in state.deliveries if d.stale),
    )


class _Rows:
    """The delivered rows of a source with time, as far as its freshness needs them."""

    def __init__(
        self, workspace: Workspace, source: SourceDefinition, state: State, session: Session
    ) -> None:
        assert source.time is not None
        self.clock, self.state, self.session = workspace.clock, state, session
        self.time, self.in_place = source.time, isinstance(source.origin, InPlaceOrigin)
        kind = dict(state.schema)[source.time]
        self.schema: Schema = ((source.time, kind),)
        if not self.in_place:
            self.schema += (("_file", "VARCHAR"),)
        files = [f for f in state.files if f.part in ("rows", "quarantined", "superseded")]
        self.paths = tuple(workspace.lake.absolute(f.path) for f in files)
        whole = state.segments.hull in (None, ALL_TIME)  # a changelog is not kept by days
        self.days = (
            frozenset(self._days())
            if whole
            else frozenset(day for i, _ in state.segments for day in days_of(i, self.clock.zone))
        )
        newest = max((f.interval.end for f in files), default=None)
        self.last = tuple(
            workspace.lake.absolute(f.path) for f in files if f.interval.end == newest
        )

    def _show(self, paths: tuple[Path, ...]) -> None:
        shown = InputRelation(name=_ROWS, schema=self.schema, files=paths, uniform=False)
        self.session.bind_inputs([shown])

    def _days(self) -> Iterable[date]:
        self._show(self.paths)
        sql = f"SELECT DISTINCT {day_sql(self.time)} FROM {_ROWS}"
        return (row[0] for row in self.session.fetch(sql) if row[0] is not None)

    def newest(self) -> datetime | None:
        """The newest event time, aware; only the files of the last day are read."""
        self._show(self.last)
        (found,) = self.session.fetch(f"SELECT max({quote(self.time)}) FROM {_ROWS}")[0]
        if found is None:
            return None
        if not isinstance(found, datetime):
            found = datetime.combine(found, time())
        aware = found if found.tzinfo is not None else found.replace(tzinfo=self.clock.zone)
        return aware.astimezone(UTC)

    def coverage(self) -> list[Coverage]:
        """The days that each delivery speaks for: by its name, or else by its rows."""
        found: list[Coverage] = []
        nameless: set[str] = set()
        for delivery in self.state.deliveries:
            days = days_in_name(delivery.name)
            if days is None:
                nameless.add(delivery.name)
            else:
                found.append(Coverage(name=delivery.name, first=days[0], last=days[1]))
        return [*found, *self._covered(nameless)] if nameless else found

    def _covered(self, names: set[str]) -> list[Coverage]:
        if self.in_place:
            spans = {f.path: f.interval for f in self.state.files if f.interval != ALL_TIME}
            last = timedelta(microseconds=1)
            return [
                Coverage(
                    name=path,
                    first=local(span.start, self.clock.zone).date(),
                    last=local(span.end - last, self.clock.zone).date(),
                )
                for path, span in spans.items()
            ]
        self._show(self.paths)
        day = day_sql(self.time)
        sql = f"SELECT _file, min({day}), max({day}) FROM {_ROWS} GROUP BY _file"
        return [
            Coverage(name=name, first=first, last=last)
            for name, first, last in self.session.fetch(sql)
            if name in names and first is not None
        ]


def _last_load(view: ReleaseView, state: State) -> datetime | None:
    """When a source without time was last loaded."""
    builds = view.ledger.builds({segment.build for _, segment in state.segments})
    return max((build.started_at for build in builds.values()), default=None)


def _marked(
    workspace: Workspace, source: SourceDefinition, days: Iterable[date], clock: Clock
) -> list[date]:
    """The days for which the producer's marker lies in the project."""
    if source.complete.by != "marker" or not (known := sorted(days)):
        return []
    today = local(clock.now, clock.zone).date()
    span = (known[0] + timedelta(days=n) for n in range((today - known[0]).days + 1))
    pattern = source.complete.marker
    return [d for d in span if any(workspace.root.glob(pattern.replace("{date}", str(d))))]
