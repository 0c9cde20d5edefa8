"""The one number that a run ends with: the first metric whose days add up, money before others."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from headwater.ids import NodeId
from headwater.project.metrics.values import Values, exact, read_values
from headwater.semantics.asking import Number
from headwater.semantics.formats import parse_format
from headwater.views.figures import count
from headwater.views.metric_values import manners_of

if TYPE_CHECKING:
    from headwater.graph.node import Node
    from headwater.project import Project


def headline(project: Project) -> str:
    """`revenue 19,068,420.26 GBP over 739 days`; empty where no metric adds up."""
    nodes = sorted(filter(_is_candidate, project.bound.graph.nodes.values()), key=_order)
    states = project.view.states
    if not any(node.id in states for node in nodes):
        return ""
    workspace = project.workspace
    with workspace.engine.session() as session:
        for node in nodes:
            found = _total(read_values(states.get(node.id), workspace.lake, session))
            if found is not None:
                value, days = found
                said = manners_of(project)(node.id.name).with_unit(value)
                return f"{node.id.name} {said} over {count(days, 'day')}"
    return ""


def _is_candidate(node: Node) -> bool:
    metric = getattr(node.definition, "metric", None)
    return node.id.kind == "metric" and metric is not None and metric.shape is None


def _order(node: Node) -> tuple[bool, str, int, NodeId]:
    place = node.definition.place
    metric = getattr(node.definition, "metric", None)
    is_money = metric is not None and parse_format(metric.format).sort == "currency"
    return not is_money, place.path, place.line, node.id


def _total(values: Values) -> tuple[Number, int] | None:
    """The sum over all days, and from the first to the last how many; None unless years agree.

    Averages and distinct counts of days make no sum; what adds up, adds up to its years too.
    """
    days = {slot.period: value for slot, value in values.items() if slot.grain == "day"}
    years = [exact(value) for slot, value in values.items() if slot.grain == "year"]
    if not days:
        return None
    first, *others = days.values()
    total = sum(others, first)
    whole = sum(years, Fraction(0))
    if abs(exact(total) - whole) > Fraction(1, 10**9) * abs(whole):
        return None
    return total, (max(days) - min(days)).days + 1
