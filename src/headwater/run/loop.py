"""The run loop: each node in turn is planned with its inputs as they really became, and executed.

A held or failed node keeps its descendants in their old state; the rest goes on. Nothing becomes
visible here: `publish` does that in one transaction.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

from headwater.graph.node import Node
from headwater.ids import NodeId
from headwater.plan.planner import plan_load, plan_node
from headwater.plan.state import Build, State
from headwater.plan.steps import Arrivals, LedgerView, Request, Step
from headwater.run.context import Executors, NodeOutcome, RunContext
from headwater.run.executing import run_node
from headwater.run.references import check_references

#: How many nodes run side by side. DuckDB shares its threads among them: a second one fills the
#: gaps of small tables (2.9 ms a table become 2.3), more only take memory.
WORKERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a run has built: outcomes in order, the changed states, and the builds behind them."""

    outcomes: tuple[NodeOutcome, ...]
    states: Mapping[NodeId, State]
    builds: tuple[Build, ...]
    new_files: tuple[str, ...] = ()  # written by this run, also rests of older builds
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
    wave = _Wave(view, arrivals, request, context, executors)
    wave.run()
    order = [node for node in context.graph.nodes if node in wave.outcomes]
    outcomes = {node: wave.outcomes[node] for node in order}
    broken = check_references(context, executors, frozenset(outcomes), view)
    outcomes |= _hold(broken, outcomes, context)
    changed = _changed(view, context, outcomes)
    return Prepared(
        outcomes=tuple(outcomes.values()),
        states=changed,
        builds=tuple(b for b in wave.builds if b.node in changed),
        new_files=_new_files(view, changed),
        barred=tuple(wave.barred),
    )


class _Wave:
    """Nodes go through as soon as their inputs are through, a few side by side.

    Planning and bookkeeping stay in the calling thread; only the steps themselves run in others.
    """

    def __init__(
        self,
        view: LedgerView,
        arrivals: Mapping[NodeId, Arrivals],
        request: Request,
        context: RunContext,
        executors: Executors,
    ) -> None:
        self.view, self.arrivals, self.request = view, arrivals, request
        self.context, self.executors = context, executors
        self.outcomes: dict[NodeId, NodeOutcome] = {}
        self.builds: list[Build] = []
        self.barred: list[NodeId] = []
        graph = context.graph
        chosen = request.selected if request.selected is not None else frozenset(graph.nodes)
        self._inputs_left = {
            node: sum(up in chosen for up in graph.parents(node))
            for node in graph.nodes
            if node in chosen
        }
        self._ready = deque(node for node, left in self._inputs_left.items() if not left)

    def run(self) -> None:
        """Until every node is through."""
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="headwater-run") as pool:
            try:
                self._drain(pool)
            except BaseException:
                self.context.stop()
                raise

    def _drain(self, pool: ThreadPoolExecutor) -> None:
        running: dict[Future[tuple[NodeOutcome, list[Build]]], NodeId] = {}
        while self._ready or running:
            while self._ready:
                node = self.context.graph.nodes[self._ready.popleft()]
                steps = self._plan(node)
                if steps:
                    job = pool.submit(run_node, node, steps, self.context, self.executors)
                    running[job] = node.id
                else:
                    self._pass(node.id)
            if running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for job in done:
                    self._finish(running.pop(job), *job.result())

    def _plan(self, node: Node) -> list[Step]:
        """The node's steps now; none where it is up to date or has to wait."""
        if not node.is_built:
            return []
        blocker = _blocker(node, self.outcomes, self.context.states)
        if blocker is not None:
            waiting = NodeOutcome(node=node.id, status="waiting", because=blocker)
            self.outcomes[node.id] = waiting
            return []
        if node.recipe is None:
            load = plan_load(node, self.view, self.arrivals.get(node.id, Arrivals()), self.request)
            steps: list[Step] = [load] if load is not None else []
        else:
            context = self.context
            steps, rejected = plan_node(
                node, self.view, context.states, context.clock, self.request
            )
            if rejected:
                self.barred.append(node.id)
        if steps and self.context.progress is not None:
            self.context.progress.started(node.id, str(steps[0].reason))
        return steps

    def _finish(self, node: NodeId, outcome: NodeOutcome, made: list[Build]) -> None:
        self.outcomes[node] = outcome
        self.builds += made
        _tell(self.context, outcome)
        self._pass(node)

    def _pass(self, node: NodeId) -> None:
        """Let the nodes go whose last open input this was."""
        for child in self.context.graph.children.get(node, ()):
            if child in self._inputs_left:
                self._inputs_left[child] -= 1
                if not self._inputs_left[child]:
                    self._ready.append(child)


def _blocker(
    node: Node, outcomes: Mapping[NodeId, NodeOutcome], states: Mapping[NodeId, State]
) -> NodeId | None:
    """The held node, if any, because of which this one has to wait."""
    for edge in node.inputs:
        if edge.last_good and edge.node in states:
            continue
        outcome = outcomes.get(edge.node)
        if outcome is not None and outcome.status in ("held", "failed"):
            return edge.node
        if outcome is not None and outcome.status == "waiting":
            return outcome.because
    return None


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
        if node not in kept_back and _differs(state, view.states.get(node))
    }


def _differs(state: State, old: State | None) -> bool:
    return state is not old and state != old


def _new_files(view: LedgerView, changed: Mapping[NodeId, State]) -> tuple[str, ...]:
    """The files that the changed states hold and the old ones do not."""
    found: set[str] = set()
    for node, state in changed.items():
        old = view.states.get(node)
        known = {file.path for file in old.files} if old is not None else set()
        found |= {file.path for file in state.files} - known
    return tuple(sorted(path for path in found if not Path(path).is_absolute()))


def _tell(context: RunContext, outcome: NodeOutcome) -> None:
    if context.progress is not None:
        context.progress.finished(outcome)
