"""What is kept of definitions, as SQL: rollups, the published history of a metric, its meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from headwater.clock import Grain
from headwater.contracts.quoting import literal, quote
from headwater.semantics.asking import AnswerColumn, Compiled, MetricQuery
from headwater.semantics.calendar import period_start
from headwater.semantics.catalog import Catalog
from headwater.semantics.compile import compile_question
from headwater.semantics.formulas import formula_of
from headwater.semantics.metric import Metric
from headwater.semantics.question import Question, is_timeless, require_time
from headwater.semantics.rollup import Rollup
from headwater.semantics.rollups import GROUPING, PERIOD, kept_grains, leaf_column, rollup_columns
from headwater.semantics.scope import Scope, select
from headwater.semantics.sources import Rows
from headwater.semantics.terms import Retained
from headwater.semantics.types import metric_types

#: The keys that say what a metric over time is made of.
_OVER_TIME: Final = ("expr", "input_metric", "base_metric", "entity")


def rollup_sql(rollup: Rollup, catalog: Catalog) -> str:
    """The rows of a rollup: `period`, `grouping`, the dimensions, and a column a leaf.

    `grouping` counts the rollup's groupings from 0; dimensions that are not of it are NULL.
    """
    dimensions = rollup_columns(rollup)
    scope = Scope(catalog=catalog, by=tuple(dimensions))
    columns = [name for leaf in rollup.leaves for name in leaf.columns]
    source = Rows.of(scope, rollup.table, rollup.time, columns)
    period = "CAST(NULL AS DATE)"
    if source.time:
        period = period_start(source.moment, rollup.grain, catalog.calendar)
    flat = {name: source.column(name) for name in dimensions}
    listed = [(flat[name], quote(column)) for name, column in dimensions.items()]
    values = [(source.value(leaf), quote(leaf_column(leaf))) for leaf in rollup.leaves]
    known = source.between(scope, None, None)
    if len(rollup.groupings) == 1:
        keys = [(period, PERIOD), ("CAST(0 AS INTEGER)", quote(GROUPING)), *listed]
        return select([*keys, *values], source.rows, known, len(keys))
    inner = select([("*", "*"), (period, "rollup_period")], source.rows, known)
    sets = ", ".join(
        f"({', '.join(['rollup_period', *(flat[name] for name in names)])})"
        for names in rollup.groupings
    )
    keys = [("rollup_period", PERIOD), (_numbered(rollup, flat), quote(GROUPING)), *listed]
    return f"{select([*keys, *values], f'({inner})')}\nGROUP BY GROUPING SETS ({sets})"


def _numbered(rollup: Rollup, flat: dict[str, str]) -> str:
    """Which grouping a row is of, from the bits of the dimensions that it leaves out."""
    names = list(flat)
    if not names:
        return "CAST(0 AS INTEGER)"
    cases = []
    for number, grouping in enumerate(rollup.groupings):
        bits = "".join("0" if name in grouping else "1" for name in names)
        cases.append(f"WHEN {int(bits, 2)} THEN {number}")
    return f"CAST(CASE GROUPING({', '.join(flat.values())}) {' '.join(cases)} END AS INTEGER)"


def history_query(metric: Metric, catalog: Catalog) -> Compiled:
    """All values of a metric: rows of `grain`, `period`, `step` and `value`.

    `step` counts the periods of a cohort, and is NULL elsewhere. A metric of tables without time
    has no history: no rows. Raises E911 where it needs a time and its table has none.
    """
    given = (metric.places[key] for key in _OVER_TIME if key in metric.places)
    require_time(catalog, metric.name, next(given, metric.place))
    return _History(metric, catalog).compiled()


def history_grains(metric: Metric, catalog: Catalog) -> tuple[Grain, ...]:
    """The grains that a metric's history has."""
    terms = formula_of(catalog, metric.name).terms
    if isinstance(terms[0], Retained):
        return (terms[0].rule.period,)
    return () if is_timeless(catalog, terms) else kept_grains(catalog.calendar)


def meaning_sql(metric: Metric, catalog: Catalog) -> str:
    """What a metric means, over its tables: equal once bound, where two metrics mean the same."""
    grains = history_grains(metric, catalog)
    grain = None if not grains else "month" if "month" in grains else grains[0]
    return _compile(metric, catalog, grain, "raw").sql


def _compile(
    metric: Metric, catalog: Catalog, grain: Grain | None, path: Literal["auto", "raw"]
) -> Compiled:
    question = Question(
        query=MetricQuery(metrics=(metric.name,), grain=grain),
        formulas={metric.name: formula_of(catalog, metric.name)},
        by=(),
        conditions=(),
        period=None,
        calendar=catalog.calendar,
    )
    return compile_question(catalog, question, path, is_kept=True)


@dataclass(frozen=True, slots=True)
class _History:
    metric: Metric
    catalog: Catalog

    def compiled(self) -> Compiled:
        """The values of all grains, laid on each other."""
        kind, _ = metric_types(self.catalog, self.metric.name)
        grains = history_grains(self.metric, self.catalog)
        found = [_compile(self.metric, self.catalog, grain, "auto") for grain in grains]
        selects = [self._select(g, c) for g, c in zip(grains, found, strict=True)]
        if not found:
            found = [_compile(self.metric, self.catalog, None, "raw")]
            selects = [self._nothing(found[0])]
        return Compiled(
            sql="\nUNION ALL\n".join(selects),
            parameters={},
            columns=(
                AnswerColumn(name="grain", sort="dimension", type="VARCHAR"),
                AnswerColumn(name="period", sort="period", type="DATE"),
                AnswerColumn(name="step", sort="step", type="BIGINT"),
                AnswerColumn(name="value", sort="metric", type=kind, metric=self.metric.name),
            ),
            relations={name: node for c in found for name, node in c.relations.items()},
            path="rollup" if all(c.path == "rollup" for c in found) else "raw",
        )

    def _select(self, grain: Grain, compiled: Compiled) -> str:
        has_steps = any(column.sort == "step" for column in compiled.columns)
        step = "CAST(step AS BIGINT)" if has_steps else "CAST(NULL AS BIGINT)"
        value = quote(self.metric.name)
        columns = [
            (literal(grain), "grain"),
            ("period", "period"),
            (step, "step"),
            (value, '"value"'),
        ]
        return select(columns, f"(\n{compiled.sql}\n)")

    def _nothing(self, compiled: Compiled) -> str:
        columns = [
            ("CAST(NULL AS VARCHAR)", "grain"),
            ("CAST(NULL AS DATE)", "period"),
            ("CAST(NULL AS BIGINT)", "step"),
            (quote(self.metric.name), '"value"'),
        ]
        return select(columns, f"(\n{compiled.sql}\n)", ["FALSE"])
