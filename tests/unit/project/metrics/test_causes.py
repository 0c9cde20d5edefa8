"""The cause of a change, from what differs beneath the metric."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from headwater.ids import DataInterval, IntervalMap, NodeId
from headwater.ledger import DefinitionRecord
from headwater.plan.state import Contents, DeliveryRecord, Segment, State
from headwater.project.metrics.causes import (
    Cause,
    Differences,
    RowChange,
    cause_of_change,
    find_cause,
    find_differences,
)
from headwater.project.metrics.sides import Side
from headwater.project.metrics.values import Slot, ValueChange

ORDERS = NodeId("source", "orders")
SALES = NodeId("table", "sales")
ROLLUP = NodeId("rollup", "sales_day")
REVENUE = NodeId("metric", "revenue")
DERIVED = NodeId("metric", "average")
UTC_ZONE = ZoneInfo("UTC")
NO_ROWS = RowChange()
READS = {
    ORDERS: [],
    SALES: [ORDERS],
    ROLLUP: [SALES],
    REVENUE: [ROLLUP],
    DERIVED: [ROLLUP, REVENUE],
}


def record(node: NodeId, version: str = "") -> DefinitionRecord:
    body: dict[str, object] = {"inputs": [[str(up), up.name, "whole", 0, 0] for up in READS[node]]}
    if node.kind == "metric":
        body["meaning"] = f"meaning {node} {version}"
    return DefinitionRecord(
        node=node,
        hash=f"{node} {version}",
        path="",
        kind=node.kind,
        body=json.dumps(body),
        fingerprint=f"{node.kind} {version}",
    )


def days(contents: Mapping[int, str], node: NodeId, deliveries: str = "") -> State:
    first = datetime(2011, 6, 1, tzinfo=UTC)

    def segment(content: str) -> Segment:
        return Segment(build="b", input_key="k", contents=Contents(content, {}))

    return State(
        node=node,
        time="at",
        segments=IntervalMap.of(
            (DataInterval(first + timedelta(n), first + timedelta(n + 1)), segment(content))
            for n, content in contents.items()
        ),
        deliveries=tuple(
            DeliveryRecord(name=name, sha256=name, load_id="1", delivered=1) for name in deliveries
        ),
    )


def side(source: Mapping[int, str], deliveries: str = "ab", **versions: str) -> Side:
    return Side(
        states={ORDERS: days(source, ORDERS, deliveries), SALES: days(source, SALES)},
        records={node: record(node, versions.get(node.name, "")) for node in READS},
    )


BEFORE = side({0: "a", 1: "b"})


def found(after: Side, rows: RowChange = NO_ROWS, metric: NodeId = REVENUE) -> tuple[Cause, str]:
    return find_cause(find_differences(metric, BEFORE, after, UTC_ZONE, lambda *_: rows))


def test_the_metrics_own_meaning() -> None:
    assert found(side({0: "a", 1: "b"}, revenue="2")) == ("definition", "its meaning")


def test_a_rollup_follows_from_its_metrics_and_is_no_cause() -> None:
    after = side({0: "a", 1: "b"}, revenue="2", sales_day="2")
    assert found(after) == ("definition", "its meaning")


def test_a_table_above() -> None:
    assert found(side({0: "a", 1: "b"}, sales="2")) == ("upstream logic", "table.sales")


def test_a_metric_that_another_is_made_of() -> None:
    after = side({0: "a", 1: "b"}, revenue="2")
    assert found(after, metric=DERIVED) == ("upstream logic", "metric.revenue")


def test_another_contract_over_the_same_deliveries_is_logic() -> None:
    after = side({0: "a", 1: "changed"}, orders="2")
    assert found(after, RowChange(added=5)) == ("upstream logic", "source.orders")


def test_another_contract_and_new_deliveries_are_mixed() -> None:
    after = side({0: "a", 1: "changed"}, "abc", orders="2")
    cause, detail = found(after, RowChange(added=5))
    assert cause == "mixed"
    assert detail == "source.orders; source.orders: 5 rows added in 2011-06-02"


def test_only_added_rows_are_late() -> None:
    after = side({0: "a", 1: "b and more"}, "abc")
    assert found(after, RowChange(added=12)) == (
        "late arrivals",
        "source.orders: 12 rows added in 2011-06-02",
    )


def test_rows_that_changed_or_went_away() -> None:
    after = side({0: "other", 1: "b and more"}, "abc")
    assert found(after, RowChange(added=12, gone=3)) == (
        "source data changed",
        "source.orders: 3 rows changed or gone, 12 rows added in 2011-06-01..2011-06-02",
    )


def test_new_days_that_reach_back() -> None:
    """As where a customer's newest country decides what was sold to it before."""
    after = side({0: "a", 1: "b", 2: "c"}, "abc")
    assert found(after) == ("source data changed", "new days of source.orders reach back")


def test_new_days_beside_a_changed_definition_are_no_second_cause() -> None:
    after = side({0: "a", 1: "b", 2: "c"}, "abc", revenue="2")
    assert found(after) == ("definition", "its meaning")


def test_nothing_differs() -> None:
    assert found(BEFORE)[0] == "recomputed"


def test_going_back_has_its_own_cause() -> None:
    differences = find_differences(
        REVENUE, BEFORE, side({0: "x"}, revenue="2"), UTC_ZONE, lambda *_: RowChange(gone=1),
        is_rollback=True,
    )  # fmt: skip
    assert find_cause(differences)[0] == "rollback"


def test_many_names_are_cut() -> None:
    logic = tuple(f"table.t{n}" for n in range(9))
    assert find_cause(Differences(logic=logic))[1] == "table.t0, table.t1, table.t2, 6 more"


NEW_DAYS = Differences(new_days=("source.orders",))


@pytest.mark.parametrize(
    ("before", "complete", "differences", "cause"),
    [
        (None, True, NEW_DAYS, "first value"),
        (1, False, NEW_DAYS, "new data"),
        (1, False, Differences(late=("late",)), "new data"),
        (1, True, Differences(late=("late",)), "late arrivals"),
        (1, False, Differences(meaning=True), "definition"),
        (1, False, Differences(meaning=True, new_days=("source.orders",)), "mixed"),
        (1, True, Differences(meaning=True, new_days=("source.orders",)), "definition"),
        (1, False, Differences(is_rollback=True), "rollback"),
    ],
)
def test_any_change_has_a_cause(
    before: int | None, complete: bool, differences: Differences, cause: Cause
) -> None:
    slot = Slot("month", date(2011, 6, 1))
    change = ValueChange(slot=slot, before=before, after=2)
    assert cause_of_change(change, differences, was_complete=complete)[0] == cause


def test_data_end_where_the_earliest_table_ends() -> None:
    assert BEFORE.data_until(DERIVED) == datetime(2011, 6, 3, tzinfo=UTC)
    assert Side(states={}, records=BEFORE.records).data_until(DERIVED) is None
