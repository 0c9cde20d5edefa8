"""How long a plan may take, from how long the same nodes took before."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from headwater.clock import count_days
from headwater.ids import ALL_TIME, DataInterval, NodeId
from headwater.plan.state import Build
from headwater.plan.steps import Plan, Query

if TYPE_CHECKING:
    from headwater.project.release_view import ReleaseView

_MOST_BUILDS = 50  # of one node; more say no more


def expected_seconds(plan: Plan, view: ReleaseView, zone: ZoneInfo) -> float | None:
    """Seconds by day of earlier builds; None where a step has none before, or is a load."""
    if not plan.steps:
        return None
    paces: dict[NodeId, float | None] = {}
    total = 0.0
    for step in plan.steps:
        if not isinstance(step, Query):
            return None
        if step.node not in paces:
            paces[step.node] = _pace(step.node, view, zone)
        pace = paces[step.node]
        if pace is None:
            return None
        total += pace * _days(step.interval, zone)
    return total


def _pace(node: NodeId, view: ReleaseView, zone: ZoneInfo) -> float | None:
    """Seconds a day of the builds that stand now."""
    state = view.states.get(node)
    if state is None:
        return None
    ids = list(dict.fromkeys(segment.build for _, segment in state.segments))[-_MOST_BUILDS:]
    builds: list[Build] = list(view.ledger.builds(ids).values())
    days = sum(_days(build.interval, zone) for build in builds)
    return sum(build.seconds for build in builds) / days if days else None


def _days(interval: DataInterval, zone: ZoneInfo) -> int:
    return 1 if interval == ALL_TIME else count_days(interval, zone)
