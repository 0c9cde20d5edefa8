"""Replaying: what definitions and data each did to a number that changed with both.

The metric is built twice more, from the old definitions over the new data and from the new ones
over the old data, beside everything that is published. The effect of each is the mean of its effect
when it comes first and when it comes second (Shapley's value of a game of two), so that the two add
up exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from headwater.clock import Grain
from headwater.errors import HeadwaterError, Issue, raise_errors
from headwater.ids import NodeId
from headwater.plan.state import State
from headwater.plan.steps import Request
from headwater.project.metrics.effects import Total, releases_between, require_metric
from headwater.project.metrics.values import ValueChange, Values, compare_values, exact, read_values
from headwater.project.recording import exclusive, recorded
from headwater.project.release_view import ReleaseView
from headwater.project.releasing import Phase, bind_released, prepare_phase
from headwater.project.workspace import Workspace

#: Under this name replays are locked and recorded; nothing is ever published in it.
REPLAY = "replay"


def share_out(metric: str, change: ValueChange, new_logic: Fraction, new_data: Fraction) -> Total:
    """The two effects, given the number under (new definitions, old data) and the reverse.

    >>> from datetime import date
    >>> from headwater.project.metrics.values import Slot
    >>> change = ValueChange(slot=Slot("month", date(2011, 1, 1)), before=100, after=150)
    >>> found = share_out("revenue", change, Fraction(110), Fraction(130))
    >>> {cause: int(effect) for cause, effect in found.parts}
    {'definitions': 15, 'data': 35}
    """
    before, after = exact(change.before), exact(change.after)
    logic = ((new_logic - before) + (after - new_data)) / 2
    data = ((new_data - before) + (after - new_logic)) / 2
    return Total(metric=metric, change=change, parts=(("definitions", logic), ("data", data)))


def replay(
    workspace: Workspace, metric: str, first: int, last: int, grain: Grain
) -> tuple[Total, ...]:
    """The numbers of a grain that differ between two releases, by definition and data.

    Nothing is published; what is built lies in the lake until vacuum takes it, and is taken again
    if the same is asked meanwhile. Codes E939, E940, E942 (cannot be built).
    """
    ends = releases_between(workspace.ledger, first, last)
    older, newer = (ReleaseView.of(workspace.ledger, ends[i]) for i in (0, -1))
    node = NodeId("metric", metric)
    for view in (older, newer):
        require_metric(view, node)
    with exclusive(workspace, REPLAY), recorded(workspace, Request(environment=REPLAY)) as run:
        new_logic = _build(workspace, node, newer, older, run.report.run)
        new_data = _build(workspace, node, older, newer, run.report.run)
    with workspace.engine.session() as session:
        read: Sequence[Values] = [
            read_values(state, workspace.lake, session)
            for state in (older.states[node], newer.states[node], new_logic, new_data)
        ]
    before, after, logic, data = read
    return tuple(
        share_out(metric, change, exact(logic.get(change.slot)), exact(data.get(change.slot)))
        for change in compare_values(before, after)
        if change.slot.grain == grain
    )


def _build(
    workspace: Workspace, node: NodeId, logic: ReleaseView, data: ReleaseView, run: str
) -> State:
    """The metric under the definitions of one release over the data of another. Code E942."""
    bound = bind_released(workspace, logic)
    raise_errors(bound.errors)
    graph = bound.graph
    chosen = frozenset({node, *graph.upstream([node])})
    request = Request(environment=REPLAY, selected=chosen, load=False, apply=True)
    phase = Phase(
        bound=bound, view=data, expected=None, request=request, sort="promotion", unbar=True
    )
    prepared = prepare_phase(workspace, phase, run)
    if prepared.held:
        held = ", ".join(str(outcome.node) for outcome in prepared.held)
        what = f"the definitions of {_named(logic)} hold {held} over the data of {_named(data)}"
        issues = [issue for outcome in prepared.held for issue in outcome.issues]
        fix = "the two cannot be told apart; the change stays `mixed`"
        raise HeadwaterError(Issue(code="E942", what=what, fix=fix), *issues)
    return prepared.states.get(node, data.states[node])


def _named(view: ReleaseView) -> str:
    return f"#{view.release.number}" if view.release is not None else "nothing"
