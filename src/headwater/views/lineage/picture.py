"""What of a graph is drawn: all of it, folders as one box, or what surrounds one node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from headwater.ids import NodeId
from headwater.views.lineage.layout import Layout, lay_out

Grouping = Literal["auto", "none", "folder", "kind"]

#: With more boxes than these, `auto` draws folders.
READABLE: Final = 60
ALL: Final = 99
_CHARACTER: Final = 7.1
_PADDING: Final = 30.0
_LONGEST: Final = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a picture needs to know of a node."""

    node: NodeId
    title: str = ""
    folder: str = ""
    parents: tuple[NodeId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a reader wants to see."""

    focus: NodeId | None = None
    depth: int = 2
    grouping: Grouping = "auto"
    opened: frozenset[str] = frozenset()  # groups of which the nodes are drawn
    hidden: frozenset[str] = frozenset()  # kinds that edges pass through


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One box: a node, or a group of them."""

    key: str
    label: str
    kind: str
    node: NodeId | None = None
    group: str = ""  # of the node, or the one that the box stands for
    count: int = 1
    reads: int = 0
    read_by: int = 0

    @property
    def is_cut(self) -> bool:
        """Whether the label does not fit."""
        return len(self.label) > _LONGEST

    @property
    def text(self) -> str:
        """The label as it fits."""
        return f"{self.label[: _LONGEST - 1]}…" if self.is_cut else self.label

    @property
    def width(self) -> float:
        """How wide its box is."""
        marks = len(f" {self.count}") + 1 if self.node is None else 0
        return (len(self.text) + marks) * _CHARACTER + _PADDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The boxes in the order in which they are read, and where they are."""

    items: Mapping[str, Item]
    layout: Layout
    nodes: int  # that it stands for, those in groups too
    grouping: Grouping


def draw(nodes: Sequence[Drawn], asked: Asked) -> Picture:
    """The picture of a graph; `nodes` are in topological order."""
    shown = _pass_through(nodes, asked)
    if asked.focus is not None:
        near = _around(shown, asked.focus, asked.depth)
        shown = {node: ups for node, ups in shown.items() if node in near}
    drawn = {each.node: each for each in nodes if each.node in shown}
    grouping = asked.grouping
    if grouping == "auto":
        grouping = "folder" if len(shown) > READABLE and asked.focus is None else "none"
    boxes = {node: _box_of(each, grouping, asked) for node, each in drawn.items()}
    edges = dict.fromkeys(
        (boxes[up], boxes[node])
        for node, ups in shown.items()
        for up in ups
        if up in boxes and boxes[up] != boxes[node]
    )
    items = _items(drawn, boxes, edges, grouping)
    layout = lay_out({key: item.width for key, item in items.items()}, edges)
    order = sorted(items, key=lambda key: (layout.boxes[key].x, layout.boxes[key].y))
    return Picture(
        items={key: items[key] for key in order},
        layout=layout,
        nodes=len(drawn),
        grouping=grouping,
    )


def _pass_through(nodes: Sequence[Drawn], asked: Asked) -> dict[NodeId, tuple[NodeId, ...]]:
    """The parents of each node; what a hidden one reads is read by whoever reads it."""
    through: dict[NodeId, tuple[NodeId, ...]] = {}
    shown: dict[NodeId, tuple[NodeId, ...]] = {}
    for each in nodes:
        ups = tuple(dict.fromkeys(up for p in each.parents for up in through.get(p, (p,))))
        if each.node.kind in asked.hidden and each.node != asked.focus:
            through[each.node] = ups
        else:
            shown[each.node] = ups
    return shown


def _around(
    parents: Mapping[NodeId, tuple[NodeId, ...]], focus: NodeId, depth: int
) -> frozenset[NodeId]:
    children: dict[NodeId, list[NodeId]] = {}
    for node, ups in parents.items():
        for up in ups:
            children.setdefault(up, []).append(node)
    return frozenset(_reach(focus, parents, depth) | _reach(focus, children, depth) | {focus})


def _reach(start: NodeId, joined: Mapping[NodeId, Iterable[NodeId]], depth: int) -> set[NodeId]:
    found: set[NodeId] = set()
    edge = {start}
    for _ in range(depth):
        edge = {other for node in edge for other in joined.get(node, ())} - found
        if not edge:
            break
        found |= edge
    return found


def group_of(drawn: Drawn, grouping: Grouping) -> str:
    """The folder or the kind of a node."""
    return drawn.node.kind if grouping == "kind" else drawn.folder


def _box_of(drawn: Drawn, grouping: Grouping, asked: Asked) -> str:
    group = group_of(drawn, grouping)
    alone = grouping == "none" or group in asked.opened or drawn.node == asked.focus
    return str(drawn.node) if alone else f"{group}/"


def _items(
    drawn: Mapping[NodeId, Drawn],
    boxes: Mapping[NodeId, str],
    edges: Iterable[tuple[str, str]],
    grouping: Grouping,
) -> dict[str, Item]:
    members: dict[str, list[Drawn]] = {}
    for node, key in boxes.items():
        members.setdefault(key, []).append(drawn[node])
    reads: dict[str, int] = {}
    read_by: dict[str, int] = {}
    for source, target in edges:
        reads[target] = reads.get(target, 0) + 1
        read_by[source] = read_by.get(source, 0) + 1
    found = {}
    for key, inside in members.items():
        first = inside[0]
        alone = key == str(first.node)
        kinds = {each.node.kind for each in inside}
        group = group_of(first, grouping)
        found[key] = Item(
            key=key,
            label=(first.title or first.node.name) if alone else group,
            kind=first.node.kind if len(kinds) == 1 else "mixed",
            node=first.node if alone else None,
            group=group,
            count=len(inside),
            reads=reads.get(key, 0),
            read_by=read_by.get(key, 0),
        )
    return found
