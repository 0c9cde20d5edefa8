"""How one published number came about: its formula, the rows it counts, and its parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from headwater.clock import Grain
from headwater.contracts.quoting import quote
from headwater.semantics.asking import MetricQuery, Number
from headwater.semantics.formulas import metrics_read
from headwater.semantics.metric import Cumulative, Metric

if TYPE_CHECKING:
    from headwater.project.metrics.reader import MetricReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """So many rows, or so many different values of one column."""

    what: str  # `line`, `invoice`; of a table whose key is one column, `row`
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedValue:
    """A metric's published value on one day, and what it was computed from."""

    metric: str
    day: date
    value: Number | None
    formula: str  # `sum(amount)`
    where: str = ""
    counted: tuple[Counted, ...] = ()  # rows first; nothing where it reads other metrics
    parts: tuple[TracedValue, ...] = ()  # the metrics that it is made of


def trace_value(reader: MetricReader, name: str, day: date) -> TracedValue:
    """The value of a day. Code E925 for an unknown metric."""
    metric = reader.metric(name)
    return TracedValue(
        metric=name,
        day=day,
        value=published(reader, name, "day", day),
        formula=formula_text(metric),
        where=metric.where,
        counted=_counted(reader, metric, day),
        parts=tuple(trace_value(reader, part, day) for part in _parts(reader, metric)),
    )


def _parts(reader: MetricReader, metric: Metric) -> tuple[str, ...]:
    """The metrics of the project that it reads; those made for it alone have no history."""
    known = reader.catalog.metrics
    return tuple(name for name in sorted(metrics_read(metric)) if known[name].is_listed)


def reads_the_same_day(reader: MetricReader, name: str) -> bool:
    """Whether a day's value comes from rows of that day alone."""
    metric = reader.catalog.metrics.get(name)
    if metric is None or metric.shape is not None:
        return False
    return all(reads_the_same_day(reader, part) for part in metrics_read(metric))


def published(reader: MetricReader, name: str, grain: Grain, period: date) -> Number | None:
    """What is published of one period; None where that is nothing."""
    points = reader.history(name, grain)
    return next((p.value for p in points if p.period == period and p.step is None), None)


def formula_text(metric: Metric) -> str:
    """What a metric is computed from, as its file says it.

    >>> formula_text(Metric(name="aov", expr="revenue / orders"))
    'revenue / orders'
    """
    shape = metric.shape
    if shape is None:
        return metric.expr
    if not isinstance(shape, Cumulative):
        return type(shape).__name__.casefold()
    if shape.window is not None:
        unit = f"{shape.window.unit}{'s' * (shape.window.count != 1)}"
        return f"{shape.input_metric} of {shape.window.count} {unit}"
    if shape.grain_to_date is not None:
        return f"{shape.input_metric} since the {shape.grain_to_date.replace('_', ' ')} began"
    return f"{shape.input_metric} of all time"


def _counted(reader: MetricReader, metric: Metric, day: date) -> tuple[Counted, ...]:
    """The rows of the day that the metric counts, and the things that they are rows of."""
    dataset = reader.catalog.datasets.get(metric.table)
    if dataset is None or metric.shape is not None or metrics_read(metric):
        return ()
    *groups, last = dataset.key or ("",)
    names = {last if groups else "row": "count(*)"}
    names |= {column: f"count(DISTINCT {quote(column)})" for column in groups}
    asked = {
        f"counted_{number}": replace(metric, name=f"counted_{number}", expr=expr)
        for number, expr in enumerate(names.values())
    }
    query = MetricQuery(metrics=tuple(asked), period=str(day))
    answer = reader.query(query, path="raw", extra=asked)
    row = answer.rows[0] if answer.rows else ()
    numbers = (row[answer.index(name)] if row else 0 for name in asked)
    return tuple(
        Counted(what=what, number=int(str(number or 0)))
        for what, number in zip(names, numbers, strict=True)
    )
