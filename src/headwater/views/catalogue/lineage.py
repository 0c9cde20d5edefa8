"""The graph of a project as an SVG: each node stands to the right of what it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headwater.ids import NodeId
from headwater.views.catalogue.markup import Html, tag

_HEIGHT = 30
_ROW = 46
_GAP = 74
_CHARACTER = 7.6
_MOST_NODES = 60


@dataclass(frozen=True, slots=True)
class Box:
    """Where a node is drawn, or where an edge to a farther column passes (`node` None)."""

    node: NodeId | None
    x: float
    y: float
    width: float


#: A node, or the place where the edge from a node to another passes a column.
Slot = NodeId | tuple[NodeId, NodeId, int]


def draw_lineage(parents: Mapping[NodeId, Sequence[NodeId]]) -> Html:
    """The drawing; nothing for a single node or for more than a page can show.

    `parents` has every node, upstream first.
    """
    if not 1 < len(parents) <= _MOST_NODES:
        return Html("")
    boxes = place(parents)
    width = max(box.x + box.width for box in boxes.values()) + 2
    height = max(box.y for box in boxes.values()) + _HEIGHT + 2
    edges = [
        _edge([boxes[slot] for slot in _path(parent, node, boxes)])
        for node, ups in parents.items()
        for parent in ups
        if parent in boxes
    ]
    drawing = tag(
        "svg",
        *edges,
        *(_box(box) for box in boxes.values()),
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        role="img",
        aria_label="Which node reads which; the sections of the nodes say the same in words.",
    )
    return tag("div", drawing, class_="lineage", tabindex="0")


def place(parents: Mapping[NodeId, Sequence[NodeId]]) -> dict[Slot, Box]:
    """Each node in the column after its farthest parent, near the middle of its parents."""
    columns, above = _columns(parents)
    tallest = max(map(len, columns))
    boxes: dict[Slot, Box] = {}
    x = 1.0
    for slots in columns:
        ordered = sorted(slots, key=lambda slot: _middle(above[slot], boxes))
        names = [len(slot.name) for slot in slots if isinstance(slot, NodeId)]
        width = max(names) * _CHARACTER + 26
        top = (tallest - len(ordered)) * _ROW / 2 + 1
        for index, slot in enumerate(ordered):
            node = slot if isinstance(slot, NodeId) else None
            boxes[slot] = Box(node, x, top + index * _ROW, width)
        x += width + _GAP
    return boxes


def _columns(
    parents: Mapping[NodeId, Sequence[NodeId]],
) -> tuple[list[list[Slot]], dict[Slot, list[Slot]]]:
    """The slots of each column, and the slots of the column before to which each is joined."""
    depth: dict[NodeId, int] = {}
    for node, ups in parents.items():
        depth[node] = max((depth[up] + 1 for up in ups if up in depth), default=0)
    columns: list[list[Slot]] = [[] for _ in range(max(depth.values()) + 1)]
    above: dict[Slot, list[Slot]] = {}
    for node, ups in parents.items():
        columns[depth[node]].append(node)
        above[node] = []
        for up in (up for up in ups if up in depth):
            last: Slot = up
            for column in range(depth[up] + 1, depth[node]):
                slot = (up, node, column)
                columns[column].append(slot)
                above[slot] = [last]
                last = slot
            above[node].append(last)
    return columns, above


def _middle(above: Sequence[Slot], boxes: Mapping[Slot, Box]) -> float:
    heights = [boxes[slot].y for slot in above]
    return sum(heights) / len(heights) if heights else 0.0


def _path(start: NodeId, end: NodeId, boxes: Mapping[Slot, Box]) -> list[Slot]:
    passed = [s for s in boxes if isinstance(s, tuple) and s[:2] == (start, end)]
    return [start, *passed, end]


def _edge(boxes: Sequence[Box]) -> Html:
    """A curve from box to box; straight through the slots that it passes."""
    x, y = boxes[0].x + boxes[0].width, boxes[0].y + _HEIGHT / 2
    path = f"M{x:.1f},{y:.1f}"
    for box in boxes[1:]:
        to_x, to_y = box.x, box.y + _HEIGHT / 2
        bend = (to_x - x) / 2
        path += f" C{x + bend:.1f},{y:.1f} {to_x - bend:.1f},{to_y:.1f} {to_x:.1f},{to_y:.1f}"
        x, y = to_x, to_y
        if box.node is None:
            x = box.x + box.width
            path += f" H{x:.1f}"
    return tag("path", d=path, class_="edge")


def _box(box: Box) -> Html | None:
    if box.node is None:
        return None
    shape = tag(
        "rect",
        x=f"{box.x:.1f}",
        y=f"{box.y:.1f}",
        width=f"{box.width:.1f}",
        height=str(_HEIGHT),
        rx="7",
        class_=f"box {box.node.kind}",
    )
    label = tag("text", box.node.name, x=f"{box.x + 13:.1f}", y=f"{box.y + 20:.1f}")
    return tag("a", shape, label, href=f"#{box.node}")
