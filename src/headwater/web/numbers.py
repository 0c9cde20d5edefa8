"""A metric at a glance: its newest whole period, what it was before, and the way there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from headwater.charts.calendar import period_text, short_text
from headwater.charts.model import Sparkline
from headwater.charts.render import svg
from headwater.clock import Grain
from headwater.ids import NodeId
from headwater.semantics.asking import Point, Standing
from headwater.semantics.calendar import step_from
from headwater.semantics.formats import Change, NumberFormat, format_change, format_of
from headwater.semantics.metric import Metric
from headwater.web.context import Snapshot
from headwater.web.drawing import Drawn, drawn

#: Periods of a sparkline.
_TREND = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What a card or a line of a list says of a metric."""

    node: NodeId
    metric: Metric
    standing: Standing
    value: str
    full: str
    period: str  # of the value: `Nov 2011`
    change: Change | None
    base: str  # what the change is against: `vs Oct 2011`
    trend: Drawn
    target: str = ""

    @property
    def title(self) -> str:
        """What people call it."""
        return self.metric.title or self.metric.name

    @property
    def sentence(self) -> str:
        """The change in words, for those who do not see its mark and colour."""
        if self.change is None or self.change.word in ("unknown", "new", "gone"):
            return "no earlier period to compare with"
        judged = {"good": ", which is good", "bad": ", which is bad"}.get(self.change.judged, "")
        return f"{self.change.word}{judged}"


def glance(snapshot: Snapshot, name: str, grain: Grain) -> Glance:
    """A metric in its newest whole period; of cohorts, who came back in the next one."""
    metric = snapshot.reader.metric(name)
    numbers = format_of(metric)
    series = whole_series(snapshot.reader.history(name, grain), grain)
    whole = [point for point in series if point.complete and point.value is not None]
    newest = whole[-1] if whole else None
    before = _before(series, newest)
    change = None
    if newest is not None and before is not None and before.value is not None:
        change = format_change(before.value, newest.value, numbers, metric.better)
    shown = [point for point in series if point.complete][-_TREND:]
    return Glance(
        node=NodeId("metric", name),
        metric=metric,
        standing=snapshot.standings[name],
        value=numbers.compact(newest.value if newest is not None else None),
        full=numbers.full(newest.value if newest is not None else None),
        period=short_text(newest.period, grain) if newest is not None else "",
        change=change,
        base=f"vs {short_text(before.period, grain)}" if before is not None else "",
        trend=_trend(metric, numbers, shown, grain),
        target=_target(metric, numbers, grain, newest),
    )


def _before(series: Sequence[Point], point: Point | None) -> Point | None:
    """The period right before a point."""
    if point is None:
        return None
    at = series.index(point)
    return series[at - 1] if at else None


def _target(metric: Metric, numbers: NumberFormat, grain: Grain, newest: Point | None) -> str:
    """Where a value stands beside its target, in words."""
    target = metric.target.get(grain)
    if target is None or newest is None or newest.value is None:
        return ""
    side = "above" if newest.value > target else "below" if newest.value < target else "on"
    return f"{side} target {numbers.compact(target)}"


def _trend(metric: Metric, numbers: NumberFormat, shown: Sequence[Point], grain: Grain) -> Drawn:
    """The sparkline; nothing where there is no way to show."""
    if len(shown) < 2:
        return Drawn("")
    first, last = (period_text(shown[at].period, grain) for at in (0, -1))
    title = f"{metric.title or metric.name} from {first} to {last}"
    chart = Sparkline(title=title, numbers=numbers, values=tuple(p.value for p in shown))
    return drawn(svg(chart, width=120, height=32))


def whole_series(points: Sequence[Point], grain: Grain) -> tuple[Point, ...]:
    """Each period from the first to the last; those without a value have none.

    Of cohorts only the first step: who came back in the period after their first one.
    """
    if any(point.step is not None for point in points):
        points = [point for point in points if point.step == 1]
    if not points:
        return ()
    known = {point.period: point for point in points}
    last = max(known)
    found: list[Point] = []
    period = min(known)
    while period <= last:
        empty = Point(period=period, value=None, complete=known[last].complete or period < last)
        found.append(known.get(period, empty))
        period = _next(period, grain)
    return tuple(found)


def _next(period: date, grain: Grain) -> date:
    if grain == "hour" and isinstance(period, datetime):
        return period + timedelta(hours=1)
    return step_from(period, grain)
