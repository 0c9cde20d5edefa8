"""Layouts: layers, no overlaps, few crossings, the same each time, quick for 500 nodes."""

from __future__ import annotations

import random
import time
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from headwater.views.lineage.layout import HEIGHT, Layout, lay_out

Edges = list[tuple[str, str]]


def graph(nodes: int, seed: int = 1, parents: int = 3) -> tuple[dict[str, float], Edges]:
    """A random graph in which each node reads a few before it."""
    choose = random.Random(seed)
    names = [f"n{number:03}" for number in range(nodes)]
    edges = [
        (names[up], names[number])
        for number in range(1, nodes)
        for up in {max(0, number - 1 - int(choose.expovariate(0.03))) for _ in range(parents)}
        if number > 30 or up < number
    ]
    return dict.fromkeys(names, 90.0), edges


def overlaps(layout: Layout) -> list[tuple[str, str]]:
    found = []
    columns: dict[float, list[tuple[float, str]]] = {}
    for key, box in layout.boxes.items():
        columns.setdefault(box.x, []).append((box.y, key))
    for column in columns.values():
        found += [
            (a, b)
            for (y, a), (z, b) in pairwise(sorted(column, key=lambda e: e[0]))
            if z < y + HEIGHT
        ]
    return found


def test_every_edge_goes_to_the_right() -> None:
    widths, edges = graph(120)
    layout = lay_out(widths, edges)
    for source, target in edges:
        assert layout.boxes[source].x + layout.boxes[source].width < layout.boxes[target].x


def test_boxes_never_overlap_and_lie_inside() -> None:
    widths, edges = graph(200)
    layout = lay_out(widths, edges)
    assert overlaps(layout) == []
    assert all(box.x >= 0 and box.y >= 0 for box in layout.boxes.values())
    assert all(box.y + HEIGHT <= layout.height for box in layout.boxes.values())


def test_a_tree_is_drawn_without_crossings() -> None:
    edges = [("a", "c"), ("b", "d"), ("c", "e"), ("c", "f"), ("d", "g"), ("d", "h")]
    layout = lay_out(dict.fromkeys("habgcfed", 50.0), edges)
    heights = {key: box.y for key, box in layout.boxes.items()}
    lefts = sorted("ab", key=heights.__getitem__)
    assert sorted("cd", key=heights.__getitem__) == [{"a": "c", "b": "d"}[k] for k in lefts]
    assert {heights["e"] < heights["g"], heights["f"] < heights["h"]} == {lefts == ["a", "b"]}


def test_a_chain_is_straight() -> None:
    layout = lay_out(dict.fromkeys("abcd", 50.0), [("a", "b"), ("b", "c"), ("c", "d")])
    assert len({box.y for box in layout.boxes.values()}) == 1


def test_a_source_stands_beside_what_reads_it() -> None:
    edges = [("a", "b"), ("b", "c"), ("c", "d"), ("seed", "d")]
    layout = lay_out(dict.fromkeys(["a", "b", "c", "d", "seed"], 50.0), edges)
    assert layout.boxes["seed"].x == layout.boxes["c"].x


def test_a_circle_is_drawn() -> None:
    layout = lay_out(dict.fromkeys("abc", 50.0), [("a", "b"), ("b", "c"), ("c", "a"), ("a", "a")])
    assert {(route.source, route.target) for route in layout.routes} == {
        ("a", "b"),
        ("b", "c"),
        ("c", "a"),
    }
    assert overlaps(layout) == []


def test_nothing_and_one() -> None:
    assert lay_out({}, []).boxes == {}
    assert len(lay_out({"a": 50.0}, [("a", "b")]).boxes) == 1


def test_five_hundred_nodes_are_quick_and_always_the_same() -> None:
    widths, edges = graph(500)
    spent = []
    for _ in range(3):
        began = time.process_time()
        layout = lay_out(widths, edges)
        spent.append(time.process_time() - began)
    assert layout == lay_out(widths, edges)
    assert min(spent) < 0.3


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), max_size=20))
def test_any_graph_has_a_drawing(edges: Edges) -> None:
    layout = lay_out(dict.fromkeys("abcdefgh", 40.0), edges)
    assert overlaps(layout) == []
    assert {(r.source, r.target) for r in layout.routes} == {e for e in edges if e[0] != e[1]}
