"""The one number that a run ends with: the project's headline, or what most metrics read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from headwater.ids import NodeId
from headwater.project.metrics.defined import defined_metrics
from headwater.project.metrics.values import Values, exact, read_values
from headwater.semantics.asking import Number
from headwater.semantics.formulas import metrics_read
from headwater.semantics.metric import Metric
from headwater.views.figures import count
from headwater.views.metric_values import manner_of

if TYPE_CHECKING:
    from headwater.project import Project


def headline(project: Project) -> str:
    """`revenue 19,068,420.26 GBP over 739 days`; empty where no metric adds up."""
    workspace, states = project.workspace, project.view.states
    metrics = defined_metrics(workspace, project.view).values()
    plain = [metric for metric in metrics if metric.shape is None]
    with workspace.engine.session() as session:
        for metric in sorted(plain, key=order_of(project.settings.headline, metrics)):
            state = states.get(NodeId("metric", metric.name))
            found = _total(read_values(state, workspace.lake, session))
            if found is not None:
                value, days = found
                said = manner_of(metric).with_unit(value)
                return f"{metric.name} {said} over {count(days, 'day')}"
    return ""


def order_of(headline: str, metrics: Iterable[Metric]) -> Callable[[Metric], tuple[bool, int, str]]:
    """The headline first, then the metrics that most others read, then by name."""
    readers = Counter(name for metric in metrics for name in metrics_read(metric))
    return lambda metric: (metric.name != headline, -readers[metric.name], metric.name)


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
