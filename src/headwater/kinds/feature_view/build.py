"""How a feature view's rows of one interval are made: moments of entities, and what was known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import cast

from headwater.clock import local
from headwater.contracts.quoting import quote, quote_all
from headwater.engines.codes import ENGINE_FAILED
from headwater.engines.protocol import Session, Written
from headwater.errors import HeadwaterError, Issue
from headwater.features.compiling import compile_view
from headwater.features.computing import add_features, showing_events
from headwater.features.model import AS_OF, FeatureSet
from headwater.features.observing import observe_periods
from headwater.graph.node import Node
from headwater.ids import DataInterval
from headwater.kinds.feature_view.contract import contract_rules
from headwater.kinds.feature_view.definition import FeatureViewDefinition
from headwater.plan.steps import Load, Query
from headwater.run.context import Promises, RunContext, StepResult
from headwater.run.query import execute_query, input_relations
from headwater.windows.model import Probes

_PROBES, _ROWS = "__headwater_probes", "__headwater_features"


def promises(node: Node) -> Promises:
    """What the contract enforces."""
    definition = cast("FeatureViewDefinition", node.definition)
    return Promises(rules=contract_rules(definition, node.schema), key=node.key)


def execute(step: Load | Query, node: Node, context: RunContext) -> StepResult:
    """Build the periods that end in one interval."""
    assert isinstance(step, Query)
    left_out = 0

    def produce(
        step: Query, node: Node, build: str, session: Session, context: RunContext
    ) -> tuple[Written, ...]:
        nonlocal left_out
        written, left_out = write_rows(step, node, build, session, context)
        return written

    result = execute_query(step, node, context, promises(node), produce)
    notes = (f"{left_out:,} events without key left out",) if left_out else ()
    issues = _short_history(step, node, context) if not result.reused else ()
    return replace(result, notes=(*result.notes, *notes), issues=(*result.issues, *issues))


def write_rows(
    step: Query, node: Node, build: str, session: Session, context: RunContext
) -> tuple[tuple[Written, ...], int]:
    """Write the rows as data files; how many events had no key comes with them."""
    definition = cast("FeatureViewDefinition", node.definition)
    spec, zone = definition.spec, context.clock.zone
    features = feature_set(node, context)
    read = frozenset(features.reads)
    shown = input_relations(step, node, context, read)
    session.bind_inputs([r for r in shown if r.name == spec.source], context.functions)
    with showing_events(session, _PROBES, features, spec.source) as events:
        left_out = observe_periods(
            session,
            events=events,
            keys=tuple(zip(features.keys, features.source_keys, strict=True)),
            time=features.time,
            every=spec.every,
            days=_days(step.interval, context),
            into=_PROBES,
            zone=zone,
            within=features.span,
        )
    probes = Probes(relation=_PROBES, keys=features.keys, at=AS_OF)
    with _user_mistakes(definition):
        add_features(session, features, probes, events=spec.source, into=_ROWS, zone=zone)
    written = session.write_query(
        f"SELECT {quote_all(node.column_names)} FROM {quote(_ROWS)}",
        schema=node.schema,
        time=node.time,
        keep=step.interval,
        target=context.target(node.id, build),
        place=definition.place,
    )
    for name in (_PROBES, _ROWS):
        session.fetch(f"DROP TABLE {quote(name)}")
    return written, left_out


@contextmanager
def _user_mistakes(definition: FeatureViewDefinition) -> Iterator[None]:
    """What DuckDB says of values, such as one that is not of its `type`, is of the view: E010."""
    try:
        yield
    except HeadwaterError as error:
        (issue,) = error.issues
        if issue.code != ENGINE_FAILED:
            raise
        what = f"{definition.id}: {issue.what}"
        told = replace(issue, code="E010", what=what, place=definition.place)
        raise HeadwaterError(told) from error


def feature_set(node: Node, context: RunContext) -> FeatureSet:
    """The view over the nodes of the run's graph."""
    spec = cast("FeatureViewDefinition", node.definition).spec
    named = {edge.name: context.graph.nodes[edge.node] for edge in node.inputs}
    return compile_view(spec, named[spec.entity], named[spec.source], context.functions)


def _days(interval: DataInterval, context: RunContext) -> tuple[date, date]:
    """The local days of an interval, as `[first, end)`."""
    zone = context.clock.zone
    last = local(interval.end - timedelta(microseconds=1), zone).date()
    return local(interval.start, zone).date(), last + timedelta(days=1)


def _short_history(step: Query, node: Node, context: RunContext) -> tuple[Issue, ...]:
    """W012: a window that reaches back before the first event, even at the end of the interval."""
    spec = cast("FeatureViewDefinition", node.definition).spec
    state = context.states.get(next(e.node for e in node.inputs if e.name == spec.source))
    hull = state.segments.hull if state is not None else None
    if hull is None:
        return ()
    span = step.interval.end - hull.start
    long = {
        window.text: feature
        for feature in spec.features
        for window in feature.windows or spec.windows
        if window.window.is_bounded and window.window.longest > span + timedelta(days=2)
    }
    return tuple(
        Issue(
            code="W012",
            what=f"{node.id}: the window {text} is longer than the history of `{spec.source}`,"
            f" {span.days:,} days",
            place=feature.place_of("windows"),
            fix="values of it are those of a shorter window until then",
        )
        for text, feature in long.items()
    )
