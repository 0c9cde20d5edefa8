"""What `show` says of a metric beside what it says of every node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headwater.project.metrics.valuing import formula_text
from headwater.semantics.formats import format_of
from headwater.semantics.metric import GRAINS
from headwater.views.figures import moment
from headwater.views.metric_values import calendar_of, slot_label

if TYPE_CHECKING:
    from headwater.project import Project
    from headwater.semantics.metric import Metric

#: The grain of the value that is shown: the first of these that has one.
_SHOWN = ("month", *reversed(GRAINS))


def metric_facts(project: Project, metric: Metric) -> Iterator[tuple[str, str]]:
    """Pairs of word and text: formula, newest value, target, good direction, approval."""
    shown = format_of(metric)
    where = f" where {metric.where}" if metric.where else ""
    table = f" of {metric.table}" if metric.table else ""
    yield "number", f"{formula_text(metric)}{table}{where}"
    known = project.view.release is not None and metric.name in project.metrics.catalog.metrics
    value = _newest(project, metric) if known else ""
    if value:
        yield "value", value
    targets = (f"{shown.text(v)} a {g.replace('_', ' ')}" for g, v in metric.target.items())
    yield "target", ", ".join(targets)
    yield "better", "" if metric.better == "neither" else metric.better
    if known:
        standing = project.metrics.standing(metric.name)
        approved = standing.approved_at
        yield (
            "approval",
            f"{standing.approved_by}, {moment(approved, project.workspace.zone)}"
            if approved is not None
            else "draft; `headwater approve --list` says who may",
        )
        yield "stale", standing.stale_because


def _newest(project: Project, metric: Metric) -> str:
    """`£1,461,756 in 2011-11`: the newest whole period."""
    from headwater.project.metrics.values import Slot

    for grain in _SHOWN:
        points = project.metrics.history(metric.name, grain)
        whole = (p for p in reversed(points) if p.complete and p.step is None)
        point = next((p for p in whole if p.value is not None), None)
        if point is not None:
            label = slot_label(Slot(grain, point.period), calendar_of(project))
            return f"{format_of(metric).text(point.value)} in {label}"
    return ""
