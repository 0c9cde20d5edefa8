"""Where the boxes of a graph are drawn: in layers from left to right, with few crossings.

After Sugiyama: longest paths make the layers, edges over several layers pass each in a slot, and
edges of one box to farther layers share theirs. Sweeps order a layer by the middle of what its
boxes are joined to (barycentres), and give heights by isotonic regression: as near to that middle
as order and distance allow. The same graph is always drawn in the same way.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

Key = str
#: A box, or the slot in which the edges of a box (its key) pass a layer.
_Slot = tuple[Key, int]

HEIGHT: Final = 28.0
_ROW: Final = 38.0
_SLOT_ROW: Final = 14.0
_GAP: Final = 56.0
_SWEEPS: Final = 8


@dataclass(frozen=True, slots=True)
class Box:
    """Where a box is drawn."""

    x: float
    y: float
    width: float


@dataclass(frozen=True, slots=True)
class Route:
    """An edge: from the right of one box to the left of another, through points on its way.

    One that leads back goes from the bottom of one to the bottom of the other.
    """

    source: Key
    target: Key
    points: tuple[tuple[float, float], ...]
    is_back: bool = False  # it closes a circle, and is drawn below the boxes

    @property
    def path(self) -> str:
        """The edge as SVG draws it: curves between layers, straight lines through them.

        >>> Route("a", "b", ((0, 0), (40, 20))).path
        'M0,0C20,0 20,20 40,20'
        """
        if self.is_back:
            (x, y), (to_x, to_y) = self.points
            low = max(y, to_y) + _low(x, to_x)
            return f"M{x:.5g},{y:.5g}C{x:.5g},{low:.5g} {to_x:.5g},{low:.5g} {to_x:.5g},{to_y:.5g}"
        (x, y), *rest = self.points
        text = f"M{x:.5g},{y:.5g}"
        for number, (to_x, to_y) in enumerate(rest):
            if number % 2:
                text += f"H{to_x:.5g}"
            else:
                bend = abs(to_x - x) / 2
                text += (
                    f"C{x + bend:.5g},{y:.5g} {to_x - bend:.5g},{to_y:.5g} {to_x:.5g},{to_y:.5g}"
                )
            x, y = to_x, to_y
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A drawing: its size, its boxes and its edges."""

    width: float
    height: float
    boxes: Mapping[Key, Box]
    routes: tuple[Route, ...]


def lay_out(widths: Mapping[Key, float], edges: Iterable[tuple[Key, Key]]) -> Layout:
    """Place boxes of these widths, in the order in which they are given where nothing else tells.

    An edge that would close a circle does not make layers, and is drawn backwards.

    >>> drawn = lay_out({"a": 50, "b": 50, "c": 60}, [("a", "b"), ("b", "c"), ("a", "c")])
    >>> [round(drawn.boxes[key].x) for key in "abc"]
    [1, 107, 213]
    """
    known = dict.fromkeys(e for e in edges if e[0] in widths and e[1] in widths and e[0] != e[1])
    layer_of = _layers(list(widths), list(known))
    slots, links, paths = _slots(layer_of, list(known))
    ordered = _ordered(slots, links)
    heights = _heights(ordered, links, frozenset((key, n) for key, n in layer_of.items()))
    xs = _columns(ordered, layer_of, widths)
    boxes = {
        key: Box(xs[layer][0], heights[key, layer], widths[key]) for key, layer in layer_of.items()
    }
    routes = tuple(
        Route(source, target, _points(boxes[source], boxes[target], path, heights, xs))
        if layer_of[source] < layer_of[target]
        else _back(source, target, boxes)
        for (source, target), path in paths.items()
    )
    right = max((box.x + box.width for box in boxes.values()), default=0.0)
    bottom = max((y for y in heights.values()), default=0.0) + HEIGHT
    bottom = max([bottom, *(_lowest(route) for route in routes if route.is_back)])
    return Layout(width=right + 1, height=bottom + 1, boxes=boxes, routes=routes)


def _layers(keys: Sequence[Key], edges: Sequence[tuple[Key, Key]]) -> dict[Key, int]:
    """Each box after its farthest source; what has none, just before its nearest target."""
    waiting: dict[Key, int] = dict.fromkeys(keys, 0)
    targets: dict[Key, list[Key]] = {key: [] for key in keys}
    for source, target in edges:
        waiting[target] += 1
        targets[source].append(target)
    layer: dict[Key, int] = dict.fromkeys(keys, 0)
    done: dict[Key, None] = {}
    ready = [key for key in keys if not waiting[key]]
    while len(done) < len(keys):
        if not ready:  # a circle: its first box begins
            ready = [next(key for key in keys if key not in done)]
        for key in ready:
            done[key] = None
        after: list[Key] = []
        for key in ready:
            for target in targets[key]:
                waiting[target] -= 1
                if target not in done:
                    layer[target] = max(layer[target], layer[key] + 1)
                    if not waiting[target]:
                        after.append(target)
        ready = after
    sourceless = set(keys) - {target for _, target in edges}
    for key in sourceless:
        nearest = min((layer[target] for target in targets[key]), default=1)
        layer[key] = max(nearest - 1, 0)
    return layer


def _slots(
    layer_of: Mapping[Key, int], edges: Sequence[tuple[Key, Key]]
) -> tuple[list[list[_Slot]], dict[_Slot, list[_Slot]], dict[tuple[Key, Key], list[_Slot]]]:
    """The slots of each layer, what each is joined to in the layer before, each edge's path."""
    layers: list[list[_Slot]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for key, layer in layer_of.items():
        layers[layer].append((key, layer))
    links: dict[_Slot, list[_Slot]] = {}
    paths: dict[tuple[Key, Key], list[_Slot]] = {}
    passed: set[_Slot] = set()
    for source, target in edges:
        first, last = layer_of[source], layer_of[target]
        path = [(source, layer) for layer in range(first + 1, last)]
        for before, slot in pairwise([(source, first), *path]):
            if slot not in passed:
                passed.add(slot)
                layers[slot[1]].append(slot)
                links.setdefault(slot, []).append(before)
        if last > first:
            links.setdefault((target, last), []).append(path[-1] if path else (source, first))
        paths[source, target] = path
    return layers, links, paths


def _ordered(layers: list[list[_Slot]], links: Mapping[_Slot, list[_Slot]]) -> list[list[_Slot]]:
    """The order of least crossings among those that the sweeps come to."""
    back: dict[_Slot, list[_Slot]] = {}
    for slot, befores in links.items():
        for before in befores:
            back.setdefault(before, []).append(slot)
    best, fewest = layers, _crossings(layers, links)
    current = [list(layer) for layer in layers]
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        forward = sweep % 2 == 0
        joined = links if forward else back
        numbers = range(1, len(current)) if forward else range(len(current) - 2, -1, -1)
        for number in numbers:
            beside = current[number - 1 if forward else number + 1]
            place = {slot: index for index, slot in enumerate(beside)}
            current[number] = _by_middle(current[number], joined, place)
        crossings = _crossings(current, links)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in current], crossings
    return best


def _by_middle(
    layer: list[_Slot], joined: Mapping[_Slot, list[_Slot]], place: Mapping[_Slot, int]
) -> list[_Slot]:
    """By the middle of what each is joined to; what is joined to nothing stays where it is."""
    share = max(len(place) - 1, 1) / max(len(layer) - 1, 1)
    middles = {}
    for index, slot in enumerate(layer):
        at = [place[other] for other in joined.get(slot, ()) if other in place]
        middles[slot] = sum(at) / len(at) if at else index * share
    return sorted(layer, key=middles.__getitem__)


def _crossings(layers: Sequence[Sequence[_Slot]], links: Mapping[_Slot, list[_Slot]]) -> int:
    found = 0
    for before, layer in pairwise(layers):
        place = {slot: index for index, slot in enumerate(before)}
        passed: list[int] = []
        for slot in layer:
            ends = sorted(place[other] for other in links.get(slot, ()) if other in place)
            found += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
    return found


def _heights(
    layers: Sequence[Sequence[_Slot]],
    links: Mapping[_Slot, list[_Slot]],
    boxes: frozenset[_Slot],
) -> dict[_Slot, float]:
    """The top of each slot: near the middle of its neighbours, in order, and apart."""
    neighbours: dict[_Slot, list[_Slot]] = {}
    for slot, befores in links.items():
        for before in befores:
            neighbours.setdefault(slot, []).append(before)
            neighbours.setdefault(before, []).append(slot)
    offsets = [_offsets(layer, boxes) for layer in layers]
    tallest = max((each[-1] for each in offsets if each), default=0.0)
    tops: dict[_Slot, float] = {}
    for layer, distances in zip(layers, offsets, strict=True):
        first = (tallest - distances[-1]) / 2 if distances else 0.0
        tops |= {slot: first + d for slot, d in zip(layer, distances, strict=True)}
    for sweep in range(_SWEEPS):
        pairs = list(zip(layers, offsets, strict=True))
        for layer, distances in pairs if sweep % 2 == 0 else reversed(pairs):
            wished = [
                sum(tops[n] for n in near) / len(near)
                if (near := neighbours.get(slot))
                else tops[slot]
                for slot in layer
            ]
            fitted = _isotonic([w - d for w, d in zip(wished, distances, strict=True)])
            tops |= {s: f + d for s, f, d in zip(layer, fitted, distances, strict=True)}
    highest = min(tops.values(), default=0.0) - 1
    return {slot: top - highest for slot, top in tops.items()}


def _offsets(layer: Sequence[_Slot], boxes: frozenset[_Slot]) -> list[float]:
    """How far below the first each slot is at least."""
    found = [0.0] if layer else []
    for one, other in pairwise(layer):
        row = _ROW if one in boxes or other in boxes else _SLOT_ROW
        found.append(found[-1] + row)
    return found


def _isotonic(values: Sequence[float]) -> list[float]:
    """The rising sequence nearest to the values (pool adjacent violators).

    >>> _isotonic([1.0, 3.0, 2.0, 4.0])
    [1.0, 2.5, 2.5, 4.0]
    """
    pools: list[tuple[float, int]] = []
    for value in values:
        total, count = value, 1
        while pools and pools[-1][0] * count > total * pools[-1][1]:
            before, number = pools.pop()
            total, count = total + before, count + number
        pools.append((total, count))
    return [total / count for total, count in pools for _ in range(count)]


def _columns(
    layers: Sequence[Sequence[_Slot]], layer_of: Mapping[Key, int], widths: Mapping[Key, float]
) -> list[tuple[float, float]]:
    """Left edge and width of each layer."""
    found: list[tuple[float, float]] = []
    x = 1.0
    for number, layer in enumerate(layers):
        width = max((widths[key] for key, _ in layer if layer_of[key] == number), default=0.0)
        found.append((x, width))
        x += width + _GAP
    return found


def _back(source: Key, target: Key, boxes: Mapping[Key, Box]) -> Route:
    ends = (boxes[source], boxes[target])
    bottoms = tuple((box.x + box.width / 2, box.y + HEIGHT) for box in ends)
    return Route(source, target, bottoms, is_back=True)


def _low(x: float, to_x: float) -> float:
    """How far below its ends an edge that leads back is pulled; the farther, the lower."""
    return 24 + abs(to_x - x) * 0.06


def _lowest(route: Route) -> float:
    """The lowest point of an edge that leads back; a curve gets to 3/4 of where it is pulled."""
    (x, y), (to_x, to_y) = route.points
    return max(y, to_y) + _low(x, to_x) * 0.75


def _points(
    source: Box,
    target: Box,
    path: Sequence[_Slot],
    heights: Mapping[_Slot, float],
    xs: Sequence[tuple[float, float]],
) -> tuple[tuple[float, float], ...]:
    points = [(source.x + source.width, source.y + HEIGHT / 2)]
    for slot in path:
        left, width = xs[slot[1]]
        y = heights[slot] + HEIGHT / 2
        points += [(left, y), (left + width, y)]
    return (*points, (target.x, target.y + HEIGHT / 2))
