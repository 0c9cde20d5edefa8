"""A reader over one DuckDB table: sums, counts, minima and ratios of them, by dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb

from headwater.contracts.quoting import quote
from headwater.semantics.asking import Answer, AnswerColumn, MetricQuery
from headwater.semantics.catalog import Catalog
from headwater.semantics.metric import Cumulative, Metric
from headwater.semantics.periods import read_period
from headwater.semantics.spans import period_text

NO_METRICS: Mapping[str, Metric] = {}


class SmallReader:
    """Answers from a table with the column `day`."""

    def __init__(self, rows: Sequence[tuple[Any, ...]], schema: str, *metrics: Metric) -> None:
        self.catalog = Catalog(metrics={m.name: m for m in metrics}, datasets={})
        self.connection = duckdb.connect()
        self.connection.execute(f"create table sales ({schema})")
        marks = ", ".join("?" * len(rows[0]))
        self.connection.executemany(f"insert into sales values ({marks})", rows)
        self.asked: list[MetricQuery] = []

    def query(self, query: MetricQuery, *, extra: Mapping[str, Metric] = NO_METRICS) -> Answer:
        self.asked.append(query)
        if query.compare:
            return self._compared(query, extra)
        known = {**self.catalog.metrics, **extra}
        period = read_period(query.period, date(2012, 1, 1))
        select = [quote(name) for name in query.by]
        select += [f"{self._expression(known, known[name])} as {name}" for name in query.metrics]
        sql = f"select {', '.join(select)} from sales where day between $first and $last"
        if query.by:
            sql += " group by all order by all"
        if query.limit:
            sql += f" limit {query.limit}"
        values = {"first": period.first, "last": period.last}
        rows = self.connection.execute(sql, values).fetchall()
        begin, end = self.connection.execute("select min(day), max(day) from sales").fetchall()[0]
        columns = [AnswerColumn(name=n, sort="dimension", type="") for n in query.by]
        columns += [AnswerColumn(name=n, sort="metric", type="", metric=n) for n in query.metrics]
        return Answer(
            query=query,
            columns=tuple(columns),
            rows=tuple(rows),
            sql=sql,
            parameters=values,
            data_from=datetime(begin.year, begin.month, begin.day, tzinfo=UTC),
            data_until=datetime(end.year, end.month, end.day, tzinfo=UTC) + timedelta(days=1),
        )

    def _compared(self, query: MetricQuery, extra: Mapping[str, Metric]) -> Answer:
        """Both periods side by side, whichever has a group."""
        (comparison,) = query.compare
        period = read_period(query.period, date(2012, 1, 1))
        base = period.year_ago() if comparison == "year_ago" else period.previous()
        plain = replace(query, compare=())
        now = self.query(plain, extra=extra)
        then = self.query(replace(plain, period=period_text(base)), extra=extra)
        width = len(query.by)
        new, old = ({row[:width]: row[width:] for row in each.rows} for each in (now, then))
        nothing = (None,) * len(query.metrics)
        keys = dict.fromkeys((*new, *old))
        columns = [
            AnswerColumn(
                name=f"{n}_{comparison}", sort="compared", type="", metric=n, comparison=comparison
            )
            for n in query.metrics
        ]
        return replace(
            now,
            query=query,
            columns=(*now.columns, *columns),
            rows=tuple((*key, *new.get(key, nothing), *old.get(key, nothing)) for key in keys),
        )

    def _expression(self, known: Mapping[str, Metric], metric: Metric) -> str:
        """Formulas of metrics written out; a cumulative one looks back from the last day."""
        if isinstance(metric.shape, Cumulative):
            assert metric.shape.window is not None
            of = known[metric.shape.input_metric]
            back = metric.shape.window.count
            days = f"day > $last::date - {back} and day <= $last"
            return f"(select {of.expr} from sales where {days} and $first is not null)"
        text = metric.expr
        if "(" in text:
            return f"{text} filter (where {metric.where})" if metric.where else text
        for name in sorted(known, key=len, reverse=True):
            if name in text.replace("/", " ").replace("*", " ").split():
                text = text.replace(name, f"({self._expression(known, known[name])})")
        return text
