"""The run loop: each node in turn is planned with its inputs as they really became, and executed.

A held or failed node keeps its descendants in their old state; the rest goes on. Nothing becomes
visible here: `publish` does that in one transaction.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from headwater.errors import HeadwaterError, Issue
from headwater.graph.node import Node
from headwater.ids import NodeId
from headwater.plan.planner import plan_load, plan_node
from headwater.plan.state import Build, State
from headwater.plan.steps import Arrivals, LedgerView, Remove, Request, Step
from headwater.run.context import Executors, NodeOutcome, RunContext, Status, StepResult
from headwater.run.references import check_references
from headwater.run.states import remove_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a run has built: outcomes in order, the changed states, and the builds behind them."""

    outcomes: tuple[NodeOutcome, ...]
    states: Mapping[NodeId, State]
    builds: tuple[Build, ...]
    barred: tuple[NodeId, ...] = ()

    @property
    def held(self) -> tuple[NodeOutcome, ...]:
        """Nodes that keep their old state."""
        return tuple(o for o in self.outcomes if o.status in ("held", "failed", "waiting"))


def prepare(
    view: LedgerView,
    arrivals: Mapping[NodeId, Arrivals],
    request: Request,
    context: RunContext,
    executors: Executors,
) -> Prepared:
    """Bring every selected node up to date, beside what is published."""
    outcomes: dict[NodeId, NodeOutcome] = {}
    builds: list[Build] = []
    barred: list[NodeId] = []
    for node in context.graph.nodes.values():
        if request.selected is not None and node.id not in request.selected:
            continue
        blocker = _blocker(node, outcomes)
        steps, rejected = _plan(node, view, arrivals, request, context)
        if rejected:
            barred.append(node.id)
        if blocker is not None:
            outcomes[node.id] = NodeOutcome(node=node.id, status="waiting", because=blocker)
        elif steps:
            outcome, made = _run_node(node, steps, context, executors)
            outcomes[node.id] = outcome
            builds += made
            _tell(context, outcome)
    broken = check_references(context, executors, frozenset(outcomes))
    outcomes |= _hold(broken, outcomes, context)
    changed = _changed(view, context, outcomes)
    return Prepared(
        outcomes=tuple(outcomes.values()),
        states=changed,
        builds=tuple(b for b in builds if b.node in changed),
        barred=tuple(barred),
    )


def _blocker(node: Node, outcomes: Mapping[NodeId, NodeOutcome]) -> NodeId | None:
    """The held node, if any, because of which this one has to wait."""
    for edge in node.inputs:
        outcome = outcomes.get(edge.node)
        if outcome is not None and outcome.status in ("held", "failed"):
            return edge.node
        if outcome is not None and outcome.status == "waiting":
            return outcome.because
    return None


def _plan(
    node: Node,
    view: LedgerView,
    arrivals: Mapping[NodeId, Arrivals],
    request: Request,
    context: RunContext,
) -> tuple[list[Step], bool]:
    if node.recipe is None:
        load = plan_load(node, view, arrivals.get(node.id, Arrivals()), request)
        return ([load] if load is not None else []), False
    return plan_node(node, view, context.states, context.clock, request)


def _run_node(
    node: Node, steps: Sequence[Step], context: RunContext, executors: Executors
) -> tuple[NodeOutcome, list[Build]]:
    began = time.perf_counter()
    before = context.states.get(node.id)
    results: list[StepResult] = []
    outcome = NodeOutcome(node=node.id, status="built", reason=str(steps[0].reason))
    if context.progress is not None:
        context.progress.started(node.id, outcome.reason)
    try:
        for number, step in enumerate(steps):
            if isinstance(step, Remove):
                result = StepResult(state=remove_interval(node, step.interval, context))
            else:
                result = executors[node.id.kind].execute(step, node, context)
            results.append(result)
            if result.held:
                break
            context.states[node.id] = result.state
            context.ledger.record_builds(result.builds)
            if context.progress is not None:
                context.progress.advanced(node.id, number + 1, len(steps))
    except HeadwaterError as error:
        _restore(context, node.id, before)
        outcome = replace(outcome, status="failed", issues=error.issues)
    except Exception as error:  # recorded as the node's failure, so that the others go on
        _restore(context, node.id, before)
        outcome = replace(outcome, status="failed", issues=(_unexpected(error, node),))
    else:
        outcome = _summary(outcome, node, results)
        if outcome.status == "held":
            _restore(context, node.id, before)
    seconds = time.perf_counter() - began
    kept = [] if outcome.status in ("failed", "held") else [b for r in results for b in r.builds]
    return replace(outcome, seconds=seconds, steps=len(steps)), kept


def _restore(context: RunContext, node: NodeId, state: State | None) -> None:
    if state is None:
        context.states.pop(node, None)
    else:
        context.states[node] = state


def _summary(outcome: NodeOutcome, node: Node, results: Sequence[StepResult]) -> NodeOutcome:
    status: Status = "loaded" if node.recipe is None else "built"
    if results[-1].held:
        status = "held"
    elif all(r.identical for r in results):
        status = "identical"
    return replace(
        outcome,
        status=status,
        rows=results[-1].state.row_count,
        issues=tuple(i for r in results for i in r.issues),
        outcomes=tuple(o for r in results for o in r.outcomes),
        reckoning=results[-1].reckoning,
        notes=tuple(n for r in results for n in r.notes),
    )


def _unexpected(error: Exception, node: Node) -> Issue:
    return Issue(
        code="E799",
        what=f"{node.id} failed unexpectedly: {type(error).__name__}: {error}",
        place=node.definition.place,
        fix="nothing of it was published; please report this with `headwater debug --json`",
    )


def _hold(
    broken: Mapping[NodeId, NodeOutcome],
    outcomes: Mapping[NodeId, NodeOutcome],
    context: RunContext,
) -> dict[NodeId, NodeOutcome]:
    """Nodes whose references broke are held after all, and what was built from them waits."""
    found = dict(broken)
    for node_id in broken:
        for child in context.graph.downstream([node_id]):
            if child in outcomes and child not in found:
                found[child] = replace(outcomes[child], status="waiting", because=node_id)
    for outcome in broken.values():
        _tell(context, outcome)
    return found


def _changed(
    view: LedgerView, context: RunContext, outcomes: Mapping[NodeId, NodeOutcome]
) -> dict[NodeId, State]:
    kept_back = {n for n, o in outcomes.items() if o.status in ("held", "failed", "waiting")}
    return {
        node: state
        for node, state in context.states.items()
        if node not in kept_back and state is not view.states.get(node)
    }


def _tell(context: RunContext, outcome: NodeOutcome) -> None:
    if context.progress is not None:
        context.progress.finished(outcome)
