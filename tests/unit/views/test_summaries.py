"""Plans in lines, figures, plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from headwater.clock import day_interval
from headwater.ids import ALL_TIME, DataInterval, IntervalMap, NodeId
from headwater.plan.steps import Load, Plan, Query, Reason
from headwater.views.catalogue.lineage import draw_lineage, place
from headwater.views.figures import count, seconds, span
from headwater.views.plain import plain
from headwater.views.summaries import plan_lines

ZONE = ZoneInfo("Europe/London")
SALES = NodeId("table", "sales")


def days(first: str, last: str) -> DataInterval:
    return day_interval(date.fromisoformat(first), date.fromisoformat(last), ZONE)


def query(interval: DataInterval, reason: str = "new") -> Query:
    sort: Reason = Reason(reason)  # type: ignore[arg-type]
    return Query(node=SALES, reason=sort, interval=interval, expected=IntervalMap())


def test_steps_of_one_node_and_reason_are_one_line() -> None:
    plan = Plan(
        environment="prod",
        release=None,
        now=datetime(2011, 12, 10, tzinfo=UTC),
        steps=(
            Load(node=NodeId("source", "invoices"), reason=Reason("new"), deliveries=("a", "b")),
            query(days("2011-11-01", "2011-11-30")),
            query(days("2011-12-01", "2011-12-09")),
            query(days("2011-01-05", "2011-01-05"), "late rows"),
        ),
    )
    assert [(e.action, e.what, e.reason, e.steps) for e in plan_lines(plan, ZONE)] == [
        ("load", "2 deliveries", "new", 1),
        ("build", "2011-11-01..2011-12-09, 39 days", "new", 2),
        ("build", "2011-01-05", "late rows", 1),
    ]


def test_days_as_people_write_them() -> None:
    assert span([ALL_TIME], ZONE) == "whole"
    assert span([days("2011-11-03", "2011-11-03")], ZONE) == "2011-11-03"
    three = [days(f"2011-11-0{n}", f"2011-11-0{n}") for n in (1, 3, 5)]
    assert span(three, ZONE) == "2011-11-01, 2011-11-03, 2011-11-05"
    many = [days(f"2011-11-{n:02}", f"2011-11-{n:02}") for n in range(1, 12, 2)]
    assert span(many, ZONE) == "6 days in 2011-11-01..2011-11-11"


def test_figures() -> None:
    assert count(0, "row") == "0 rows"
    assert seconds(7300) == "2 h 01 min"


@dataclass(frozen=True)
class Sample:
    node: NodeId
    when: datetime
    took: timedelta
    parts: frozenset[str]


def test_plain_data_of_anything() -> None:
    sample = Sample(SALES, datetime(2011, 12, 10, tzinfo=UTC), timedelta(seconds=2), frozenset("a"))
    assert plain({SALES: [sample]}) == {
        "table.sales": [
            {
                "node": "table.sales",
                "when": "2011-12-10T00:00:00+00:00",
                "took": 2.0,
                "parts": ["a"],
            }
        ]
    }


def test_a_long_edge_passes_beside_the_boxes_between() -> None:
    a, b, c = (NodeId("table", name) for name in "abc")
    boxes = place({a: (), b: (a,), c: (b, a)})
    passing = [box for box in boxes.values() if box.node is None]
    assert [(box.x, box.width) for box in passing] == [(boxes[b].x, boxes[b].width)]
    assert passing[0].y != boxes[b].y


def test_a_graph_too_large_for_a_page_is_not_drawn() -> None:
    nodes = {NodeId("table", f"t{n}"): () for n in range(100)}
    assert draw_lineage(nodes) == ""
    assert draw_lineage(dict(list(nodes.items())[:2])).startswith("<div")
