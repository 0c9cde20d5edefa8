"""The rows of a training set: labels with features as they could be known then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final, cast

from headwater.clock import day_interval, days_of
from headwater.contracts.quoting import literal, quote, quote_all
from headwater.engines.protocol import Session, Written
from headwater.features.training import NO_LAG, BoundView, add_training_rows
from headwater.graph.node import Node
from headwater.ids import ALL_TIME, DataInterval, IntervalMap
from headwater.kinds.model.definition import Inputs, TrainingSetDefinition
from headwater.learning.model import AS_OF
from headwater.plan.should import read_span
from headwater.plan.state import NO_ROWS, Contents, Segment, State
from headwater.plan.steps import Load, Query
from headwater.run.context import Promises, RunContext, StepResult
from headwater.run.known import bind_known
from headwater.run.query import execute_query, relation_of
from headwater.run.states import absolute, input_files

LABELS: Final = "#labels"
_PUBLISHED, _ROWS = "#published labels", "#rows"


def execute(step: Load | Query, node: Node, context: RunContext) -> StepResult:
    """Build one interval of a training set.

    Days without rows are marked: labels come by the month, and the days between train nothing.
    """
    assert isinstance(step, Query)
    result = execute_query(step, node, context, Promises(), produce)
    segments = result.state.segments.overlay(_marked(step, result.state, context))
    return replace(result, state=replace(result.state, segments=segments))


def _marked(step: Query, state: State, context: RunContext) -> IntervalMap[Segment]:
    """The segments of the days of a step that have no rows, with contents that say so."""
    zone = context.clock.zone
    files = absolute(input_files(state, step.interval), context)
    there: set[date] = set()
    if files:
        listed = ", ".join(literal(str(path)) for path in files)
        with context.engine.session() as session:
            sql = f"SELECT DISTINCT day FROM read_parquet([{listed}])"
            there = {day for (day,) in session.fetch(sql)}
    return IntervalMap.of(
        (part, replace(segment, contents=Contents(NO_ROWS, {})))
        for day in days_of(step.interval, zone)
        if day not in there
        for part, segment in state.segments.within(day_interval(day, day, zone))
    )


def produce(
    step: Query, node: Node, build: str, session: Session, context: RunContext
) -> tuple[Written, ...]:
    """Write the rows as data files."""
    definition = cast("TrainingSetDefinition", node.definition)
    bind_labels(node, session, context, step.interval)
    views = bind_views(definition.inputs, node, session, context, step.interval)
    make_rows(session, views, context, into=_ROWS)
    columns = quote_all(name for name, _ in node.schema)
    return session.write_query(
        f"SELECT {columns} FROM {quote(_ROWS)}",
        schema=node.schema,
        time=node.time,
        keep=step.interval,
        target=context.target(node.id, build),
        place=definition.place,
    )


def bind_labels(
    node: Node,
    session: Session,
    context: RunContext,
    interval: DataInterval = ALL_TIME,
    *,
    latest: int | None = None,
) -> None:
    """Show the label rows of a training set as `LABELS`; of many only the latest, always the same.

    Rows beyond the test span are left out: they would train nothing.
    """
    definition = cast("TrainingSetDefinition", node.definition)
    edge = node.inputs[0]
    upstream = context.graph.nodes[edge.node]
    span = read_span(edge, interval, context.clock.zone)
    session.bind_inputs([relation_of(_PUBLISHED, upstream, context, span)])
    select = f"SELECT * FROM {quote(_PUBLISHED)}"
    if definition.until is not None:
        end = datetime.combine(definition.until, time())
        select += f" WHERE {quote(AS_OF)} < TIMESTAMP {literal(str(end))}"
    if latest is not None:
        keys = quote_all(definition.inputs.sets[0].keys)
        select += f" ORDER BY {quote(AS_OF)} DESC, hash({keys}), {keys} LIMIT {latest:d}"
    session.fetch(f"CREATE OR REPLACE TEMP VIEW {quote(LABELS)} AS {select}")


def bind_views(
    inputs: Inputs,
    node: Node,
    session: Session,
    context: RunContext,
    interval: DataInterval = ALL_TIME,
) -> tuple[BoundView, ...]:
    """Show each source with its load times, as far as the interval of the node reads it."""
    edges = {edge.name: edge for edge in node.inputs}
    known: dict[str, tuple[str, str | None] | None] = {}
    for each in inputs.sets:
        if each.source not in known:
            edge = edges[each.source]
            span = ALL_TIME
            if interval != ALL_TIME:
                span = read_span(edge, interval, context.clock.zone)
            upstream = context.graph.nodes[edge.node]
            known[each.source] = bind_known(session, each.source, upstream, context, span=span)
    return tuple(
        BoundView(features=each, events=each.source, known=known[each.source])
        for each in inputs.sets
    )


def make_rows(
    session: Session,
    views: Sequence[BoundView],
    context: RunContext,
    *,
    into: str,
    lag: timedelta = NO_LAG,
    until: datetime | None = None,
) -> None:
    """Make the temporary table `into`: `LABELS` with the features of the views."""
    add_training_rows(
        session, LABELS, views, into=into, zone=context.clock.zone, lag=lag, until=until
    )
