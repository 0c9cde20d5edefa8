"""Retention: of the entities that start in a period, the share that returns in each later one.

An entity starts once, with its first row that matches; its group is that row's. Step 0 is the
cohort itself: 1. `where` of the question chooses by the starting row. A step that has not begun
when the table's last row happened is NULL.
"""

from __future__ import annotations

from headwater.clock import Grain
from headwater.contracts.quoting import quote
from headwater.semantics.calendar import STEPS, period_start
from headwater.semantics.events import entity_columns, event_time, key_columns, tie_order
from headwater.semantics.scope import Frame, Scope, midnight, select
from headwater.semantics.sources import Rows
from headwater.semantics.terms import Retained
from headwater.semantics.values import Names

_MONTHS = {"month": 1, "quarter": 3, "year": 12, "fiscal_quarter": 3, "fiscal_year": 12}


def steps_between(first: str, later: str, grain: Grain) -> str:
    """SQL: how many periods lie between the beginnings of two."""
    if grain in _MONTHS:
        months = f"date_diff('month', {first}, {later})"
        return months if _MONTHS[grain] == 1 else f"{months} // {_MONTHS[grain]}"
    if grain == "week":
        return f"date_diff('day', {first}, {later}) // 7"
    return f"date_diff('{grain}', {first}, {later})"


def retained(scope: Scope, frame: Frame, term: Retained, names: Names) -> str:
    """The shares by cohort, step and group; without grain those of all cohorts together."""
    steps = _Cohorts(scope, frame, term).steps()
    value = names[term]
    if scope.grain is not None:
        share = f"CASE WHEN {_begun(term)} THEN returned / entities END"
        listed = [(key, key) for key in scope.keys]
        return scope.add("retention", select([*listed, (share, value)], steps))
    over = f"(step = 0 OR period + (step + 1) * {STEPS[term.rule.period]} <= $complete_until)"
    scope.parameters.setdefault("complete_until", None)
    share = (
        f"CAST(sum(returned) FILTER (WHERE {over}) AS DOUBLE)"
        f" / nullif(sum(entities) FILTER (WHERE {over}), 0)"
    )
    listed = [(key, key) for key in scope.keys]
    return scope.add("retention", select([*listed, (share, value)], steps, (), len(listed)))


def _begun(term: Retained) -> str:
    return f"period + step * {STEPS[term.rule.period]} <= horizon"


class _Cohorts:
    """The cohorts of one retention."""

    def __init__(self, scope: Scope, frame: Frame, term: Retained) -> None:
        self.scope, self.frame, self.term = scope, frame, term
        self.grain = term.rule.period
        self.source = Rows.of(scope, term.table, term.time, term.columns)
        self.entity = entity_columns(scope.catalog, term.table, term.rule.entity)
        self.names = [f"e{number}" for number in range(1, len(self.entity) + 1)]

    def _events(self, *extra: tuple[str, str], where: str) -> str:
        """The rows of known entities."""
        who = [(quote(column), name) for column, name in zip(self.entity, self.names, strict=True)]
        known = [f"{sql} IS NOT NULL" for sql, _ in who]
        known += [] if self.source.is_sure else [f"{self.source.time} IS NOT NULL"]
        moment = (event_time(self.source), "moment")
        return select([*who, moment, *extra], self.source.rows, [self.term.where, where, *known])

    def starts(self) -> str:
        """Each entity's starting row: its period and its group."""
        scope, frame = self.scope, self.frame
        bounds = ((frame.first, ">="), (frame.end, "<"))
        asked = [f"moment {sign} {scope.bind(midnight(day))}" for day, sign in bounds if day]
        first = self._first_rows() if scope.by or scope.conditions else self._first_moments()
        period = period_start("moment", self.grain, scope.catalog.calendar)
        columns = [(name, name) for name in (*self.names, *scope.dimensions)]
        if scope.conditions:
            asked.append("is_asked")
        return scope.add("starts", select([(period, "period"), *columns], f"({first})", asked))

    def _first_moments(self) -> str:
        """When each entity starts; all that is needed where nothing is asked of its group."""
        entity = [(name, name) for name in self.names]
        columns = [*entity, ("min(moment)", "moment")]
        return select(columns, f"({self._events(where=self.term.starts)})", (), len(entity))

    def _first_rows(self) -> str:
        """Each entity's first row; the key decides between rows of one moment."""
        scope, source = self.scope, self.source
        asked = " AND ".join(source.where(scope)) or "TRUE"
        groups = list(zip(source.dimensions(scope), scope.dimensions, strict=True))
        inner = self._events(
            *groups,
            (asked, "is_asked"),
            *key_columns(scope.catalog, source),
            where=self.term.starts,
        )
        order = ", ".join(["moment", *tie_order(scope.catalog, source), *scope.dimensions])
        shown = ("moment", "is_asked", *scope.dimensions)
        # One pass that keeps a row an entity; a window would sort all rows.
        row = ", ".join(f"{name} := {name}" for name in shown)
        who = [(name, name) for name in self.names]
        first = [*who, (f"arg_min(struct_pack({row}), row({order}))", "first_row")]
        chosen = select(first, f"({inner})", (), len(who))
        columns = [*who, *((f"first_row.{name}", name) for name in shown)]
        return select(columns, f"({chosen})")

    def returns(self, starts: str) -> str:
        """Each entity once for each step at which it returned; for unbounded ones its last step."""
        scope = self.scope
        period = period_start("moment", self.grain, scope.catalog.calendar)
        entity = ", ".join(self.names)
        rows = f"({self._events(where=self.term.returns)})"
        if scope.conditions:  # few entities: the others need not be told apart
            rows += f" SEMI JOIN {starts} USING ({entity})"
        each = f"SELECT DISTINCT {entity}, {period} AS returned_in FROM {rows}"
        step = steps_between("period", "returned_in", self.grain)
        columns = [("period", "period"), *((k, k) for k in scope.dimensions)]
        joined = f"{starts} JOIN ({each}) USING ({entity})"
        if self.term.rule.count == "on":
            listed = [*columns, (step, "step"), ("count(*)", "returned")]
            return scope.add(
                "returns", select(listed, joined, ["returned_in > period"], len(columns) + 1)
            )
        last = [(f"max({step})", "last_step")]
        names = [(name, name) for name in self.names]
        sql = select(
            [*names, *columns, *last], joined, ["returned_in > period"], len(names) + len(columns)
        )
        return scope.add(
            "returns",
            select(
                [*columns, ("last_step", "step"), ("count(*)", "returned")],
                f"({sql})",
                (),
                len(columns) + 1,
            ),
        )

    def steps(self) -> str:
        """Every cohort with every step up to the last: how many entities, how many returned."""
        scope = self.scope
        starts = self.starts()
        returns = self.returns(starts)
        keys = ["period", *scope.dimensions]
        cohorts = scope.add(
            "cohorts",
            select([*((k, k) for k in keys), ("count(*)", "entities")], starts, (), len(keys)),
        )
        last = period_start(f"max({event_time(self.source)})", self.grain, scope.catalog.calendar)
        horizon = f"(SELECT {last} AS horizon FROM {self.source.all_rows})"
        most = steps_between(f"(SELECT min(period) FROM {cohorts})", "horizon", self.grain)
        every = f"(SELECT horizon, unnest(generate_series(0, {most})) AS step FROM {horizon})"
        grid = scope.add("grid", f"SELECT * FROM {cohorts} CROSS JOIN {every}")
        matches = " AND ".join(f"r.{k} IS NOT DISTINCT FROM g.{k}" for k in keys)
        compare = "=" if self.term.rule.count == "on" else ">="
        columns = ", ".join(f"g.{k}" for k in keys)
        sql = (
            f"SELECT {columns}, g.step, g.horizon, g.entities,\n"
            "CASE WHEN g.step = 0 THEN g.entities ELSE coalesce(sum(r.returned), 0) END"
            " AS returned\n"
            f"FROM {grid} AS g LEFT JOIN {returns} AS r ON {matches} AND r.step {compare} g.step\n"
            f"GROUP BY {columns}, g.step, g.horizon, g.entities"
        )
        return scope.add("steps", sql)
