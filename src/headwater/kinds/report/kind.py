"""The kind `report`: a pack of metrics, made when it is due or asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol, cast, runtime_checkable

from headwater.errors import Issue, Place, did_you_mean
from headwater.graph.build import BindContext
from headwater.graph.node import Input, Node
from headwater.ids import digest
from headwater.kinds.kind import (
    Kind,
    never_executed,
    no_promises,
    no_query,
    nothing_to_validate,
    plain_sql_issue,
)
from headwater.kinds.report.definition import ReportDefinition
from headwater.kinds.report.read import REPORT_READER
from headwater.semantics.metric import Metric
from headwater.sql import QueryTemplate


@runtime_checkable
class OfMetric(Protocol):
    """A definition that defines a metric, whatever kind it has."""

    @property
    def metric(self) -> Metric:
        """The metric."""


def references(definition: ReportDefinition) -> tuple[str, ...]:
    """Its metrics."""
    return tuple(f"metric.{name}" for name in definition.metrics)


def mention(definition: ReportDefinition, name: str) -> Place:
    """Where a metric stands in its list."""
    return definition.place_of(name)


def bind(
    definition: ReportDefinition,
    upstream: Mapping[str, Node],
    template: QueryTemplate | None,
    context: BindContext,
) -> tuple[Node | None, list[Issue]]:
    """The report's node: a definition alone. Code E949 for a dimension that no metric declares."""
    del template, context
    meaning = replace(definition, place=Place(), places={}, files=(), deliver=())
    node = Node(
        id=definition.id,
        definition=definition,
        fingerprint=digest(repr(meaning), [str(each) for each in definition.deliver]),
        inputs=tuple(Input(node=each.id, name=name) for name, each in upstream.items()),
        is_built=False,
    )
    return node, _unknown_dimensions(definition, upstream)


def _unknown_dimensions(definition: ReportDefinition, upstream: Mapping[str, Node]) -> list[Issue]:
    of_metrics = (cast("object", node.definition) for node in upstream.values())
    known = dict.fromkeys(
        name for each in of_metrics if isinstance(each, OfMetric) for name in each.metric.dimensions
    )
    listed = f"they declare: {', '.join(known)}" if known else "they declare none"
    return [
        Issue(
            code="E949",
            what=f"none of its metrics has the dimension `{name}`",
            place=definition.place_of(f"by.{name}"),
            fix=did_you_mean(name, known, listed),
        )
        for name in definition.by
        if name not in known
    ]


REPORT = Kind(
    name="report",
    reader=REPORT_READER,
    is_relation=False,
    references=references,
    mention=mention,
    query=no_query,
    sql_issue=plain_sql_issue,
    bind=bind,
    execute=never_executed,
    promises=no_promises,
    validate=nothing_to_validate,
)
