"""The graph: nodes in topological order, with their parents and children."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from headwater.graph.node import Node
from headwater.ids import NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """All nodes of a project; `nodes` is in topological order, upstream first."""

    nodes: Mapping[NodeId, Node]
    children: Mapping[NodeId, tuple[NodeId, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, nodes: Iterable[Node]) -> Graph:
        """From nodes that already stand in topological order."""
        by_id = {node.id: node for node in nodes}
        children: dict[NodeId, list[NodeId]] = {}
        for node in by_id.values():
            for parent in dict.fromkeys(i.node for i in node.inputs):
                if parent != node.id:
                    children.setdefault(parent, []).append(node.id)
        return cls(nodes=by_id, children={k: tuple(v) for k, v in children.items()})

    def parents(self, node: NodeId) -> tuple[NodeId, ...]:
        """The nodes it reads, itself left out."""
        return tuple(dict.fromkeys(i.node for i in self.nodes[node].inputs if i.node != node))

    def upstream(self, start: Iterable[NodeId], depth: int | None = None) -> set[NodeId]:
        """All ancestors up to `depth` edges away, without the start."""
        return _reach(start, self.parents, depth)

    def downstream(self, start: Iterable[NodeId], depth: int | None = None) -> set[NodeId]:
        """All descendants up to `depth` edges away, without the start."""
        return _reach(start, lambda node: self.children.get(node, ()), depth)


def _reach(
    start: Iterable[NodeId],
    step: Callable[[NodeId], tuple[NodeId, ...]],
    depth: int | None,
) -> set[NodeId]:
    origin = set(start)
    seen: set[NodeId] = set()
    frontier = origin
    level = 0
    while frontier and (depth is None or level < depth):
        frontier = {n for node in frontier for n in step(node)} - seen - origin
        seen |= frontier
        level += 1
    return seen


def topological_order(
    parents: Mapping[NodeId, Sequence[NodeId]],
) -> tuple[list[NodeId], list[NodeId]]:
    """Upstream first, ties in the given order; and one cycle (first node repeated), or nothing."""
    waiting = {node: len(set(ups)) for node, ups in parents.items()}
    children: dict[NodeId, list[NodeId]] = {}
    for node, ups in parents.items():
        for parent in set(ups):
            children.setdefault(parent, []).append(node)
    ready = deque(node for node, count in waiting.items() if count == 0)
    order: list[NodeId] = []
    while ready:
        node = ready.popleft()
        order.append(node)
        for child in children.get(node, ()):
            waiting[child] -= 1
            if waiting[child] == 0:
                ready.append(child)
    if len(order) == len(parents):
        return order, []
    return order, _find_cycle(parents, set(parents) - set(order))


def _find_cycle(parents: Mapping[NodeId, Sequence[NodeId]], stuck: set[NodeId]) -> list[NodeId]:
    """Walk upstream inside the stuck nodes until one repeats."""
    node = min(stuck)
    path: list[NodeId] = []
    while node not in path:
        path.append(node)
        node = min(p for p in parents[node] if p in stuck)
    cycle = path[path.index(node) :]
    cycle.reverse()
    return [*cycle, cycle[0]]
