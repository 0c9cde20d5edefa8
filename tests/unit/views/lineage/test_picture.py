"""What is drawn: folders as boxes, surroundings of a node, kinds that edges pass through."""

from __future__ import annotations

from headwater.ids import NodeId
from headwater.views.lineage.picture import READABLE, Asked, Drawn, Grouping, draw


def node(text: str, *parents: str, folder: str = "tables") -> Drawn:
    return Drawn(node=NodeId.parse(text), folder=folder, parents=tuple(map(NodeId.parse, parents)))


CHAIN = [
    node("source.raw", folder="sources"),
    node("table.a", "source.raw"),
    node("table.b", "table.a"),
    node("rollup.b_day", "table.b", folder="metrics"),
    node("metric.m", "rollup.b_day", folder="metrics"),
]


def keys(asked: Asked) -> list[str]:
    return list(draw(CHAIN, asked).items)


def test_a_small_graph_is_drawn_whole_from_left_to_right() -> None:
    picture = draw(CHAIN, Asked())
    assert list(picture.items) == [str(each.node) for each in CHAIN]
    assert (picture.grouping, picture.nodes) == ("none", 5)


def test_surroundings() -> None:
    focus = NodeId("table", "a")
    assert keys(Asked(focus=focus, depth=1)) == ["source.raw", "table.a", "table.b"]
    assert keys(Asked(focus=focus, depth=0)) == ["table.a"]


def test_edges_pass_through_hidden_kinds() -> None:
    picture = draw(CHAIN, Asked(hidden=frozenset(("rollup",))))
    edges = {(route.source, route.target) for route in picture.layout.routes}
    assert ("table.b", "metric.m") in edges
    assert "rollup.b_day" not in picture.items


def test_groups_count_and_open() -> None:
    grouping: Grouping = "folder"
    picture = draw(CHAIN, Asked(grouping=grouping))
    counts = {key: item.count for key, item in picture.items.items()}
    assert counts == {"sources/": 1, "tables/": 2, "metrics/": 2}
    opened = draw(CHAIN, Asked(grouping=grouping, opened=frozenset(("tables",))))
    assert list(opened.items) == ["sources/", "table.a", "table.b", "metrics/"]


def test_a_large_graph_is_drawn_by_folder() -> None:
    many = [node(f"table.t{n:03}", folder=f"tables/{n % 4}") for n in range(READABLE + 1)]
    picture = draw(many, Asked())
    assert (picture.grouping, len(picture.items), picture.nodes) == ("folder", 4, READABLE + 1)


def test_folders_that_read_each_other_are_drawn() -> None:
    circle = [
        node("table.a", folder="x"),
        node("table.b", "table.a", folder="y"),
        node("table.c", "table.b", folder="x"),
    ]
    picture = draw(circle, Asked(grouping="folder"))
    assert {(r.source, r.target) for r in picture.layout.routes} == {("x/", "y/"), ("y/", "x/")}


def test_long_names_are_cut() -> None:
    (item,) = draw([node(f"table.{'x' * 60}")], Asked()).items.values()
    assert item.is_cut
    assert item.text.endswith("…")
    assert len(item.text) == 28
