"""The numbers of one release: questions answered, published histories, standing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal, Self, cast

from headwater.clock import Grain, local, local_midnight
from headwater.errors import Issue, UsageError, did_you_mean
from headwater.graph.node import Node
from headwater.ids import DataInterval, NodeId
from headwater.ledger.marks import Mark
from headwater.project.binding import Bound
from headwater.project.limits import Limits, deadline
from headwater.project.metrics.arrow import TableRows, can_stay_arrow
from headwater.project.metrics.catalog import metric_nodes, release_catalog
from headwater.project.metrics.histories import Histories, read_points
from headwater.project.metrics.inputs import KEPT_ROWS, cut_tables, data_interval, published_input
from headwater.project.metrics.masking import Personal
from headwater.project.metrics.standing import Standings, stale_notes
from headwater.project.release_view import ReleaseView
from headwater.project.workspace import Workspace
from headwater.semantics.asking import Answer, Compiled, MetricQuery, Point, Standing
from headwater.semantics.catalog import Catalog
from headwater.semantics.compile import compile_query
from headwater.semantics.completeness import settled_from, windows_of
from headwater.semantics.formulas import formula_of, metrics_read
from headwater.semantics.metric import Metric
from headwater.semantics.question import look_up
from headwater.semantics.scope import Frame

if TYPE_CHECKING:
    from headwater.project.reading import ReadingSession

AskedPath = Literal["auto", "published", "rollup", "raw"]
#: What a question gets that says nothing of rows and time.
DEFAULT = Limits()
_DAY = timedelta(days=1)


class MetricReader:
    """Answers from the definitions and data of one release; safe in many threads at once."""

    def __init__(
        self,
        workspace: Workspace,
        view: ReleaseView,
        bound: Bound,
        environment: str,
        personal: Personal | None = None,
        newest: Callable[[], Mark] | None = None,
    ) -> None:
        self.catalog = release_catalog(bound, view)
        self._workspace, self._view, self._bound = workspace, view, bound
        self._environment, self._personal = environment, personal
        self._shelf = workspace.engine.shelf()
        self._lock = threading.Lock()
        self._extended: dict[str, Catalog] = {}
        self._histories = Histories(self.catalog, self._read_history)
        self._standings = Standings(view, bound.graph, environment, self._data_until, newest)

    @classmethod
    def of(
        cls,
        workspace: Workspace,
        view: ReleaseView,
        bound: Bound,
        environment: str = "prod",
        *,
        personal: Personal | None = None,
        newest: Callable[[], Mark] | None = None,
    ) -> Self:
        """The reader of a release; `bound` are the definitions that it keeps.

        `personal` columns become pseudonyms in answers; without it, all is shown. `newest` tells
        the ledger's mark to whoever looks at it anyway.
        """
        return cls(workspace, view, bound, environment, personal, newest)

    def close(self) -> None:
        """Forget what is kept in memory."""
        self._shelf.close()

    @property
    def release(self) -> int | None:
        """The number of the release."""
        return self._view.release.number if self._view.release is not None else None

    def metric(self, name: str) -> Metric:
        """A metric of the release. Code E910 for an unknown one."""
        found = self.catalog.metrics.get(name)
        if found is not None and found.is_listed:
            return found
        listed = [n for n, metric in self.catalog.metrics.items() if metric.is_listed]
        otherwise = "`headwater ls kind:metric` lists all" if listed else "no metric is released"
        fix = did_you_mean(name, listed, otherwise)
        raise UsageError(Issue(code="E910", what=f"unknown metric `{name}`", fix=fix))

    # --- questions

    def query(
        self,
        query: MetricQuery,
        *,
        path: AskedPath = "auto",
        limits: Limits = DEFAULT,
        extra: Mapping[str, Metric] | None = None,
    ) -> Answer:
        """The answer to a question; `extra` metrics are known to it alone.

        The paths give the same rows; `auto` takes the quickest. Raises what `compile_query` does,
        E910 for an unknown metric, and E983 for a question that is too slow.
        """
        catalog = self._with(extra or {})
        for name in query.metrics:
            if name not in (extra or {}):
                self.metric(name)
        data = self.data_interval(query.metrics, extra)
        compiled = compile_query(
            query,
            catalog,
            clock=self._workspace.clock,
            data_from=data.start if data is not None else None,
            data_until=data.end if data is not None else None,
            path="auto" if path == "published" else path,
        )
        frames = self._frames(query, catalog)
        published = None
        if path in ("auto", "published") and not extra:
            published = self._histories.answer(query, frames[0], self._known_until(data))
        rows: Sequence[tuple[object, ...]] | None = published
        if rows is None:
            rows = self._ask(query, compiled, self._spans(query, frames, catalog), limits)
        first, end = frames[0].first, frames[0].end
        answer = Answer(
            query=query,
            columns=compiled.columns,
            rows=() if self._is_beyond(frames[0], data) else rows[: limits.rows],
            sql=compiled.sql,
            parameters=compiled.parameters,
            path=compiled.path if published is None else "published",
            release=self.release,
            first=first,
            last=end - _DAY if end is not None else None,
            data_from=data.start if data is not None else None,
            data_until=data.end if data is not None else None,
            open_until=self._open_until(query, end, data, catalog),
            truncated=len(rows) > limits.rows,
            notes=tuple(self._notes(query, frames[0], data)),
        )
        return self._without_personal(answer, catalog, extra or {})

    def _without_personal(
        self, answer: Answer, catalog: Catalog, extra: Mapping[str, Metric]
    ) -> Answer:
        if self._personal is None or not answer.query.by:
            return answer
        tables = tuple(self._tables_of(answer.query.metrics, extra))
        hidden = (n for n in answer.query.by if self._personal.hides(catalog, tables, n))
        return self._personal.without(answer, frozenset(hidden))

    def _ask(
        self,
        query: MetricQuery,
        compiled: Compiled,
        spans: Mapping[NodeId, Sequence[DataInterval]],
        limits: Limits,
    ) -> Sequence[tuple[object, ...]]:
        """The rows of the SQL; one more than the limit, where there are more.

        Groups over time are many rows, and stay in Arrow.
        """
        is_wide = bool(query.by and query.grain) and can_stay_arrow(compiled.columns)
        sql = f"SELECT * FROM (\n{compiled.sql}\n) LIMIT {limits.rows + 1:d}"
        with self._session(compiled, spans) as session, deadline(session, limits.seconds):
            if is_wide:
                return TableRows(session.fetch_arrow(sql, compiled.parameters))
            return tuple(session.fetch(sql, compiled.parameters))

    def compile(
        self, query: MetricQuery, path: Literal["auto", "rollup", "raw"] = "auto"
    ) -> Compiled:
        """The SQL of a question, without asking it."""
        for name in query.metrics:
            self.metric(name)
        data = self.data_interval(query.metrics)
        return compile_query(
            query,
            self.catalog,
            clock=self._workspace.clock,
            data_from=data.start if data is not None else None,
            data_until=data.end if data is not None else None,
            path=path,
        )

    def data_interval(
        self, metrics: Iterable[str], extra: Mapping[str, Metric] | None = None
    ) -> DataInterval | None:
        """From where to where the data of all tables that some metrics count reach."""
        tables: dict[NodeId, Node] = {}
        for table in self._tables_of(metrics, extra or {}):
            for node in self._timed(table):
                tables[node.id] = node
        states = [self._view.states.get(node) for node in tables]
        return data_interval(tables.values(), states)

    def _tables_of(self, metrics: Iterable[str], extra: Mapping[str, Metric]) -> Iterator[str]:
        """The tables whose rows the metrics count, directly or through others."""
        seen: set[str] = set()
        queue = list(metrics)
        while queue:
            name = queue.pop()
            metric = extra.get(name) or self.catalog.metrics.get(name)
            if name in seen or metric is None:
                continue
            seen.add(name)
            if metric.table:
                yield metric.table
            queue += metrics_read(metric)

    def _timed(self, table: str) -> Iterator[Node]:
        """The table, or those with a time that it is made of."""
        graph = self._bound.graph
        queue = [n for n in graph.nodes if n.name == table and graph.nodes[n].is_relation]
        seen: set[NodeId] = set()
        while queue:
            node = graph.nodes[queue.pop()]
            if node.id in seen:
                continue
            seen.add(node.id)
            if node.time is not None:
                yield node
            else:
                queue += graph.parents(node.id)

    def _with(self, extra: Mapping[str, Metric]) -> Catalog:
        if not extra:
            return self.catalog
        key = repr(sorted(extra.items()))
        with self._lock:
            if len(self._extended) > 100:
                self._extended.clear()
            found = self._extended.get(key)
            if found is None:
                metrics = {**self.catalog.metrics, **extra}
                found = self._extended[key] = replace(self.catalog, metrics=metrics)
        return found

    def _frames(self, query: MetricQuery, catalog: Catalog) -> tuple[Frame, ...]:
        """The days asked for, and those compared with."""
        clock = self._workspace.clock
        question = look_up(catalog, query, local(clock.now, clock.zone).date())
        return question.asked, *map(question.compared, query.compare)

    def _spans(
        self, query: MetricQuery, frames: Sequence[Frame], catalog: Catalog
    ) -> Mapping[NodeId, Sequence[DataInterval]]:
        """The days of which rows can matter, by relation; a relation that is not there is whole."""
        zone = self._workspace.zone
        spans = [
            DataInterval(local_midnight(f.first, zone), local_midnight(f.end, zone))
            for f in frames
            if f.first is not None and f.end is not None
        ]
        cut = cut_tables(catalog, query.metrics)
        tables = {catalog.datasets[name].node or NodeId("table", name) for name in cut}
        kept = {NodeId("rollup", each.name) for each in catalog.rollups if each.table in cut}
        return dict.fromkeys(tables | kept, spans)

    @contextmanager
    def _session(
        self, compiled: Compiled, spans: Mapping[NodeId, Sequence[DataInterval]]
    ) -> Iterator[ReadingSession]:
        """A session in which every relation of the query is there."""
        bound = []
        for name, node_id in compiled.relations.items():
            node = self._bound.graph.nodes[node_id]
            state = self._view.states.get(node_id)
            rows = state.row_count if state is not None else 0
            if rows <= KEPT_ROWS and (node_id.kind == "rollup" or node.time is None):
                self._shelf.keep(published_input(name, node, state, self._workspace.lake))
            else:
                near = spans.get(node_id, ())
                bound.append(published_input(name, node, state, self._workspace.lake, near))
        with self._shelf.session() as opened:
            session = cast("ReadingSession", opened)
            session.bind_inputs(bound, self._bound.functions)
            yield session

    def _open_until(
        self, query: MetricQuery, end: date | None, data: DataInterval | None, catalog: Catalog
    ) -> dict[str, date]:
        """The metrics whose numbers of a whole period can still move, and until which day."""
        if query.grain is not None or end is None:
            return {}
        settled = {
            name: settled_from(end, windows_of(formula_of(catalog, name).terms))
            for name in query.metrics
        }
        until = self._known_until(data)
        return {name: day for name, day in settled.items() if day > until}

    def _notes(self, query: MetricQuery, asked: Frame, data: DataInterval | None) -> Iterator[str]:
        if data is None:
            yield "its tables have no published data with a time"
        elif self._is_beyond(asked, data):
            first, last = self._days(data)
            yield f"there are data from {first} to {last}"
        yield from stale_notes(query.metrics, self.standings)

    def _is_beyond(self, asked: Frame, data: DataInterval | None) -> bool:
        """Whether no day that was asked for is one of the data's."""
        if data is None or asked.first is None or asked.end is None:
            return False
        first, last = self._days(data)
        return asked.end <= first or asked.first > last

    def _days(self, data: DataInterval) -> tuple[date, date]:
        """The first and the last day of the data."""
        zone = self._workspace.zone
        last = local(data.end - timedelta(microseconds=1), zone).date()
        return local(data.start, zone).date(), last

    # --- what was published

    def history(self, metric: str, grain: Grain) -> tuple[Point, ...]:
        """The published values of a metric in every period of a grain, oldest first."""
        self.metric(metric)
        return self._histories.points(
            metric, grain, self._known_until(self.data_interval((metric,)))
        )

    def _read_history(self, metric: str) -> Mapping[Grain, tuple[Point, ...]]:
        node = metric_nodes(self._bound).get(metric)
        state = self._view.states.get(node) if node is not None else None
        if node is None or state is None:
            return {}
        known = self._bound.graph.nodes[node]
        with self._workspace.engine.session() as session:
            shown = published_input("history", known, state, self._workspace.lake)
            return read_points(session, shown)

    def _known_until(self, data: DataInterval | None) -> date:
        clock = self._workspace.clock
        until = clock.now if data is None else min(clock.now, data.end)
        return local(until, clock.zone).date()

    # --- standing

    def standing(self, metric: str) -> Standing:
        """Whether a metric is approved, up to date, restated."""
        self.metric(metric)
        return self.standings[metric]

    @property
    def standings(self) -> Mapping[str, Standing]:
        """The standing of every metric, as the ledger says now."""
        return self._standings.now()

    def _data_until(self) -> Mapping[str, datetime | None]:
        return {
            name: data.end if (data := self.data_interval((name,))) is not None else None
            for name in metric_nodes(self._bound)
        }
