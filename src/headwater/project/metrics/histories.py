"""Published histories: what a release says of each period, read once and kept in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from headwater.clock import Grain
from headwater.engines.protocol import InputRelation, Session
from headwater.semantics.asking import MetricQuery, Point
from headwater.semantics.calendar import is_period, start_of, step_from
from headwater.semantics.catalog import Catalog
from headwater.semantics.compiling import history_grains
from headwater.semantics.completeness import settled_from, windows_of
from headwater.semantics.formulas import formula_of
from headwater.semantics.metric import Window
from headwater.semantics.rollups import same_grain
from headwater.semantics.scope import Frame
from headwater.semantics.terms import Retained

Rows = tuple[tuple[object, ...], ...]


class Histories:
    """The published values of metrics, by grain; safe in many threads."""

    def __init__(
        self, catalog: Catalog, read: Callable[[str], Mapping[Grain, tuple[Point, ...]]]
    ) -> None:
        self._catalog, self._read = catalog, read
        self._lock = threading.Lock()
        self._known: dict[str, Mapping[Grain, tuple[Point, ...]]] = {}

    def points(self, metric: str, grain: Grain, until: date) -> tuple[Point, ...]:
        """The values of all periods of a grain; those that end by `until` are complete."""
        found = self._of(metric).get(same_grain(grain, self._catalog.calendar), ())
        windows = windows_of(formula_of(self._catalog, metric).terms)
        return tuple(
            replace(point, complete=_settled(point, grain, windows) <= until) for point in found
        )

    def answer(self, query: MetricQuery, asked: Frame, until: date) -> Rows | None:
        """The rows that answer a question; None where what was published does not say it.

        It does for one metric by whole periods, neither filtered nor grouped, compared or sorted.
        """
        if query.by or query.where or query.compare or query.order or query.limit:
            return None
        if len(query.metrics) != 1 or any(
            isinstance(term, Retained) for term in formula_of(self._catalog, query.metrics[0]).terms
        ):
            return None
        (metric,) = query.metrics
        if query.grain is None:
            return self._value(metric, asked, until)
        calendar = self._catalog.calendar
        bounds = [day for day in (asked.first, asked.end) if day is not None]
        whole = all(start_of(day, query.grain, calendar) == day for day in bounds)
        kept = history_grains(self._catalog.metrics[metric], self._catalog)
        if not whole or same_grain(query.grain, calendar) not in kept:
            return None
        return tuple(
            (point.period, point.value, point.complete)
            for point in self.points(metric, query.grain, until)
            if (asked.first is None or asked.first <= point.period)
            and (asked.end is None or point.period < asked.end)
        )

    def _value(self, metric: str, asked: Frame, until: date) -> Rows | None:
        """The one value of a period that is one of the calendar's."""
        if asked.first is None or asked.end is None:
            return None
        calendar = self._catalog.calendar
        for grain in history_grains(self._catalog.metrics[metric], self._catalog):
            if is_period(asked.first, asked.end, grain, calendar):
                points = self.points(metric, grain, until)
                found = [point.value for point in points if point.period == asked.first]
                return ((found[0],),) if found else None
        return None

    def _of(self, metric: str) -> Mapping[Grain, tuple[Point, ...]]:
        with self._lock:
            known = self._known.get(metric)
            if known is None:
                known = self._known[metric] = self._read(metric)
            return known


def read_points(session: Session, shown: InputRelation) -> dict[Grain, tuple[Point, ...]]:
    """The rows of a metric's node, oldest first."""
    session.bind_inputs([shown])
    found: dict[Grain, list[Point]] = {}
    for grain, period, step, value in session.fetch(
        f"SELECT grain, period, step, value FROM {shown.name} ORDER BY 1, 2, 3 NULLS FIRST"
    ):
        found.setdefault(grain, []).append(Point(period=period, value=value, step=step))
    return {grain: tuple(points) for grain, points in found.items()}


def _settled(point: Point, grain: Grain, windows: tuple[Window, ...]) -> date:
    """The first day after which a period's value no longer moves; of a cohort, of its step."""
    end = step_from(point.period, grain)
    for _ in range(point.step or 0):
        end = step_from(end, grain)
    return settled_from(end, windows)
