"""Rows that wait: where they go, what is told of them, how they come out again."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from tests.integration.run.small import Small, reasons, touched

from headwater.errors import HeadwaterError, UsageError
from headwater.ids import NodeId
from headwater.project.quarantine import drop, list_quarantine, replay, show_quarantine
from headwater.project.quarantine.moving import DROPPED

ORDERS = NodeId("source", "orders")
SALES = NodeId("table", "sales")

SOURCE = """
    files: data/orders/*.csv
    time: ordered_at
    redelivery: {redelivery}
    {more}
"""
CONTRACT = """
    apiVersion: v3.1.0
    kind: DataContract
    id: orders
    version: {version}
    status: active
    schema:
    - name: orders
      properties:
      - {{name: id, logicalType: integer, required: true{unique}}}
      - {{name: ordered_at, logicalType: timestamp}}
      - {{name: customer, logicalType: string}}
      - {{name: amount, logicalType: number, physicalType: "{type}"{rule}}}
"""
MINIMUM = ", logicalTypeOptions: {minimum: 0}"
SALES_SQL = """
    /*
    time: ordered_at
    key: id
    {more}
    */
    select id, ordered_at, customer, amount::decimal(18,2) as amount from orders
"""


def promise(
    small: Small,
    *,
    version: str = "1.0.0",
    rule: str = MINIMUM,
    unique: str = "",
    type_: str = "decimal(12,2)",
    redelivery: str = "append",
    more: str = "",
) -> None:
    """The source and contract of `orders`."""
    small.write("sources/orders.yml", SOURCE.format(redelivery=redelivery, more=more))
    text = CONTRACT.format(version=version, rule=rule, unique=unique, type=type_)
    small.write("contracts/orders.odcs.yaml", text)


@pytest.fixture
def waiting(small: Small) -> Small:
    """Orders of two days, of which two have negative amounts and wait."""
    promise(small)
    small.write("tables/sales.sql", SALES_SQL.format(more=""))
    small.deliver(
        "day1",
        [
            (1, "2024-03-01 09:00", "ann", 10),
            (2, "2024-03-01 10:00", "bob", -20),
            (3, "2024-03-01 11:00", "bob", 20),
        ],
    )
    small.deliver("day2", [(4, "2024-03-02 09:00", "ann", -5), (5, "2024-03-02 10:00", "eve", 7)])
    small.run()
    return small


def parts(small: Small, node: NodeId = ORDERS, env: str = "prod") -> dict[str, int]:
    """Where the rows of a node are."""
    with small.open(env) as project:
        state = project.view.states[node]
        found = dict.fromkeys(("rows", "superseded", "quarantined", "dropped"), 0)
        for file in state.files:
            found[file.part] += file.rows
        if node == ORDERS:
            assert sum(d.delivered for d in state.deliveries) <= sum(found.values())
        return found


def ids(small: Small, table: str = "sales", env: str = "prod") -> set[object]:
    """The published ids."""
    return {row[0] for row in small.rows(table, "id", env)}


def rules(small: Small, env: str = "prod") -> dict[str, int]:
    """How many rows of `orders` wait because of each rule."""
    with small.open(env) as project:
        found = {each.node: each for each in list_quarantine(project)}
        return {r.rule: r.rows for r in found[ORDERS].rules} if ORDERS in found else {}


# --- list and show


def test_the_list_tells_rules_and_days(waiting: Small) -> None:
    with waiting.open() as project:
        (found,) = list_quarantine(project)
    assert (found.node, found.rows) == (ORDERS, 2)
    (rule,) = found.rules
    assert (rule.rule, rule.rows) == ("amount.minimum 0", 2)
    assert (str(rule.first), str(rule.last)) == ("2024-03-01", "2024-03-02")
    assert found.reckoning.adds_up
    assert (found.reckoning.published, found.reckoning.quarantined) == (3, 2)


def test_a_shown_row_has_its_file_and_number_and_the_rule_its_place(waiting: Small) -> None:
    with waiting.open() as project:
        view = show_quarantine(project, ORDERS)
    (group,) = view.rules
    assert str(group.place).startswith("contracts/orders.odcs.yaml:")
    assert group.place.line == 12
    first = group.shown[0]
    assert (first.file, first.row, first.amount) == ("data/orders/day1.csv", 2, Decimal(-20))
    assert first.values["customer"] == "bob"
    assert view.stake is not None
    assert (view.stake.expression, view.stake.total) == ("amount", Decimal(-25))


def test_rows_that_are_taken_back_by_waiting_ones_are_told(waiting: Small) -> None:
    with waiting.open() as project:
        view = show_quarantine(project, ORDERS)
    (entry,) = view.counter_entries
    assert (entry.value, entry.amount, entry.waiting) == (3, Decimal(20), (2,))
    assert view.split == ()


def test_a_group_of_which_half_waits_is_told(small: Small) -> None:
    promise(small)
    small.deliver(
        "day1",
        [
            (7, "2024-03-01 09:00", "ann", 10),
            (7, "2024-03-01 09:00", "ann", -3),
            (8, "2024-03-01 09:00", "bob", 1),
        ],
    )
    small.run()
    with small.open() as project:
        (split,) = show_quarantine(project, ORDERS).split
    assert (split.column, split.value, split.waiting, split.published) == ("id", 7, 1, 1)
    assert split.published_amount == Decimal(10)


def test_one_rule_is_shown_alone_and_a_limit_cuts(waiting: Small) -> None:
    with waiting.open() as project:
        (group,) = show_quarantine(project, ORDERS, "amount.minimum 0", limit=1).rules
        assert (group.rows, len(group.shown)) == (2, 1)
        with pytest.raises(UsageError, match=r"E716.*did you mean `amount.minimum 0`"):
            show_quarantine(project, ORDERS, "amount.minimum 1")
        with pytest.raises(UsageError, match="E715"):
            show_quarantine(project, SALES)


def test_unreadable_rows_wait_with_their_text(small: Small) -> None:
    promise(small)
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", "ten"), (2, "2024-03-01", "bob", 1)])
    small.run()
    with small.open() as project:
        (group,) = show_quarantine(project, ORDERS).rules
    assert group.rule == "amount: not a DECIMAL(12,2)"
    assert group.place.path == "contracts/orders.odcs.yaml"
    assert "ten" in str(group.shown[0].raw)
    assert parts(small) == {"rows": 1, "superseded": 0, "quarantined": 1, "dropped": 0}


# --- sources: what goes in


def test_a_group_waits_as_a_whole_also_over_days(small: Small) -> None:
    promise(small, more="on_breach: {quarantine: customer}")
    small.deliver(
        "day1",
        [
            (1, "2024-03-01 09:00", "ann", 10),
            (2, "2024-03-02 09:00", "ann", -1),
            (3, "2024-03-03 09:00", "bob", 5),
        ],
    )
    small.run()
    assert ids(small, "orders") == {3}
    assert rules(small) == {"amount.minimum 0": 1, "group: customer": 1}
    # A fix for a row of bob's day reopens that day alone; ann's rows still wait together.
    promise(small, version="2.0.0", more="on_breach: {quarantine: customer}", rule="")
    small.run()
    assert ids(small, "orders") == {1, 2, 3}


def test_a_group_waits_together_also_over_loads(small: Small) -> None:
    promise(small, more="on_breach: {quarantine: customer}")
    small.deliver("day1", [(1, "2024-03-01", "ann", 10), (2, "2024-03-01", "bob", 20)])
    small.run()
    assert ids(small, "orders") == {1, 2}
    small.deliver("day2", [(3, "2024-03-02", "ann", -1)])
    small.run()
    assert ids(small, "orders") == {2}, "what was published of the entry waits with it"
    small.deliver("day3", [(4, "2024-03-03", "ann", 5), (5, "2024-03-03", "eve", 5)])
    small.run()
    assert ids(small, "orders") == {2, 5}
    assert rules(small) == {"amount.minimum 0": 1, "group: customer": 2}
    assert small.run().outcomes == ()


def test_a_breach_may_hold(small: Small) -> None:
    promise(small, more="on_breach: hold")
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", -1)])
    report = small.run()
    assert touched(report) == {"orders": "held"}
    assert [i.code for o in report.outcomes for i in o.issues] == ["E610"]
    with small.open() as project:
        assert ORDERS not in project.view.states


def test_a_tightened_rule_holds_too(small: Small) -> None:
    promise(small, rule="", more="on_breach: hold")
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", -1)])
    small.run()
    promise(small, version="2.0.0", more="on_breach: hold")
    report = small.run("fix")
    assert touched(report)["orders"] == "held"
    assert ids(small, "orders") == {1}


def test_a_row_without_time_waits(small: Small) -> None:
    small.write("sources/orders.yml", SOURCE.format(redelivery="replace", more=""))
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", 1), (2, None, "bob", 2)])
    small.run()
    assert rules(small) == {"ordered_at.required": 1}
    assert ids(small, "orders") == {1}
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", 3), (2, None, "bob", 4)])
    small.run()
    assert rules(small) == {"ordered_at.required": 1}
    assert parts(small) == {"rows": 1, "superseded": 2, "quarantined": 1, "dropped": 0}


def test_uniqueness_holds_across_loads(small: Small) -> None:
    promise(small, unique=", unique: true", rule="")
    small.deliver("b", [(1, "2024-03-02 09:00", "ann", 1)])
    small.run()
    small.deliver("a", [(1, "2024-03-01 09:00", "eve", 2), (2, "2024-03-01 09:00", "eve", 2)])
    small.run()
    assert rules(small) == {"id.unique": 1}
    assert sorted(small.rows("orders", "id, customer")) == [(1, "ann"), (2, "eve")]
    # Judged again, the row that is published stays, though the other one's file comes first.
    with small.open() as project:
        replay(project, ORDERS)
    assert sorted(small.rows("orders", "id, customer")) == [(1, "ann"), (2, "eve")]


def test_a_redelivered_day_does_not_clash_with_itself(small: Small) -> None:
    promise(small, unique=", unique: true", rule="", redelivery="replace")
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", 1)])
    small.run()
    small.deliver("day1b", [(1, "2024-03-01 09:00", "ann", 2)])
    small.run()
    assert rules(small) == {}
    assert small.rows("orders", "id, amount") == [(1, Decimal(2))]


def add_quality(small: Small, text: str) -> None:
    """One more entry under the contract's `quality`."""
    path = small.root / "contracts/orders.odcs.yaml"
    start = "" if "  quality:" in path.read_text() else "  quality:\n"
    path.write_text(path.read_text() + f"{start}  - {text}\n")


VOLUME = """{type: custom, engine: headwater, name: usual,
    implementation: {volume: 28d, mustBeBetween: [0.5, 2]}}"""
SUM = '{type: sql, name: whole, query: "select sum(amount) from {object}", mustBeLessThan: 9}'


@pytest.mark.parametrize(
    ("quality", "bad", "told"),
    [
        ("{metric: rowCount, mustBeGreaterThan: 1}", [(9, "2024-03-04", "a", 1)], "rowCount"),
        (
            VOLUME,
            [(n, "2024-03-04", "a", 1) for n in range(10, 19)],
            "usual",
        ),
        (
            SUM,
            [(9, "2024-03-04", "a", 5), (10, "2024-03-04", "b", 5)],
            "whole",
        ),
    ],
)
def test_dataset_rules_hold_the_load(
    small: Small, quality: str, bad: list[tuple[object, ...]], told: str
) -> None:
    promise(small, rule="")
    add_quality(small, quality)
    small.deliver(
        "march", [(d * 2 + n, f"2024-03-0{d}", "a", 1) for d in (1, 2, 3) for n in (0, 1)]
    )
    small.run()
    assert len(small.rows("orders")) == 6
    small.deliver("bad", bad)
    report = small.run()
    (issue,) = [issue for o in report.outcomes for issue in o.issues]
    assert issue.code == "E610"
    assert told in issue.what
    assert issue.place.path == "contracts/orders.odcs.yaml"
    assert len(small.rows("orders")) == 6


def test_a_delivery_without_rows_is_taken_in(small: Small) -> None:
    promise(small, unique=", unique: true")
    add_quality(small, '{type: sql, query: "select avg(amount) from {object}", mustBeLessThan: 9}')
    small.deliver("day1", [(1, "2024-03-01", "ann", 1)])
    small.run()
    small.deliver("empty", [])
    report = small.run()
    assert not report.failed
    assert parts(small)["rows"] == 1
    assert small.run().outcomes == ()


def test_late_data_of_a_source_are_told(small: Small) -> None:
    promise(small, rule="")
    path = small.root / "contracts/orders.odcs.yaml"
    path.write_text(
        path.read_text()
        + "slaProperties:\n- {property: latency, value: 2, unit: d, element: orders.ordered_at}\n"
    )
    small.deliver("day1", [(1, "2024-03-01", "ann", 1)])
    report = small.run()
    assert ids(small, "orders") == {1}
    assert "W613" in {issue.code for o in report.outcomes for issue in o.issues}


def test_a_drop_waits_for_nobody_and_is_told_who_runs(waiting: Small) -> None:
    with waiting.open() as project, project.ledger.run_lock("prod", holder="ann") as held:
        assert held
        with waiting.open() as other, pytest.raises(HeadwaterError, match=r"E709.*ann"):
            drop(other, ORDERS, everything=True, reason="test orders")
    assert parts(waiting)["quarantined"] == 2


def test_warnings_send_nothing_away(small: Small) -> None:
    promise(small, rule="")
    path = small.root / "contracts/orders.odcs.yaml"
    quality = (
        "  quality:\n  - {type: custom, engine: headwater, name: named, severity: warning, "
        "implementation: customer is not null}\n"
    )
    path.write_text(path.read_text() + quality)
    small.deliver("day1", [(1, "2024-03-01 09:00", None, 1)])
    report = small.run()
    assert [i.code for o in report.outcomes for i in o.issues] == ["W613"]
    assert ids(small, "orders") == {1}
    assert rules(small) == {}


# --- sources: what comes out again


def test_a_loosened_rule_releases_rows_and_reopens_their_days(waiting: Small) -> None:
    promise(waiting, version="1.1.0", rule=", logicalTypeOptions: {minimum: -5}")
    report = waiting.run()
    assert reasons(report)["orders"] == "contract changed"
    assert "1 rows replayed, 0 quarantined, 1 days reopened" in report.outcomes[0].notes
    assert ids(waiting) == {1, 3, 4, 5}
    assert rules(waiting) == {"amount.minimum -5": 1}


def test_replaying_by_hand_releases_what_has_become_good(small: Small) -> None:
    promise(small, unique=", unique: true", rule="", redelivery="replace")
    small.write("tables/sales.sql", SALES_SQL.format(more=""))
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", 1)])
    small.deliver("day2", [(1, "2024-03-02 09:00", "eve", 2)])
    small.run()
    assert rules(small) == {"id.unique": 1}
    small.deliver("day1c", [(9, "2024-03-01 09:00", "ann", 1)])  # corrected: 1 was a mistake
    small.run()
    assert ids(small) == {9}
    with small.open() as project:
        found = replay(project, ORDERS)
    assert (found.before, found.after) == (1, 0)
    assert [r.sort for r in found.report.releases] == ["data"]
    assert ids(small) == {1, 9}


def test_replaying_what_is_still_bad_changes_nothing(waiting: Small) -> None:
    with waiting.open() as project:
        found = replay(project, ORDERS)
        assert (found.before, found.after) == (2, 2)
        assert found.report.releases == ()
        with pytest.raises(UsageError, match="E715"):
            replay(project, SALES)


def test_a_fix_is_tried_beside_prod(waiting: Small) -> None:
    promise(waiting, version="1.1.0", rule="")
    waiting.run("fix")
    assert rules(waiting, "fix") == {}
    assert ids(waiting, env="fix") == {1, 2, 3, 4, 5}
    assert rules(waiting) == {"amount.minimum 0": 2}
    with waiting.open() as project:
        project.promote("fix")
    assert ids(waiting) == {1, 2, 3, 4, 5}


# --- drop


def test_dropped_rows_are_counted_and_noted(waiting: Small) -> None:
    with waiting.open() as project:
        found = drop(project, ORDERS, rule="amount.minimum 0", reason="test orders")
        assert found.rows == 2
        assert found.release.sort == "data"
        assert "test orders" in found.release.reason
        (note,) = project.ledger.notes(sort=DROPPED, node=ORDERS)
        assert note.release == found.release.number
        assert found.hash in note.data
        assert list_quarantine(project) == ()
    assert parts(waiting) == {"rows": 3, "superseded": 0, "quarantined": 0, "dropped": 2}
    assert waiting.run().outcomes == (), "nothing downstream changes"


def test_one_row_is_dropped_by_its_id(waiting: Small) -> None:
    with waiting.open() as project:
        (group,) = show_quarantine(project, ORDERS).rules
        first = group.shown[0]
        drop(project, ORDERS, rows=[first.id[:6]], reason="twice")
        (left,) = show_quarantine(project, ORDERS).rules
    assert [row.values["id"] for row in left.shown] == [4]
    assert left.shown[0].id == group.shown[1].id


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ({"rule": "amount.minimum 0", "reason": " "}, "E717"),
        ({"reason": "why"}, "E717"),
        ({"everything": True, "rule": "amount.minimum 0", "reason": "why"}, "E717"),
        ({"rule": "no such", "reason": "why"}, "E716"),
        ({"rows": ["zzz"], "reason": "why"}, "E716"),
        ({"rows": [""], "reason": "why"}, "E717"),
    ],
)
def test_a_choice_has_to_be_made(waiting: Small, choice: dict[str, object], code: str) -> None:
    with waiting.open() as project, pytest.raises(UsageError, match=code):
        drop(project, ORDERS, **choice)  # type: ignore[arg-type]
    assert parts(waiting)["quarantined"] == 2


def test_groups_are_dropped_as_groups(small: Small) -> None:
    promise(small, more="on_breach: {quarantine: customer}")
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", 10), (2, "2024-03-02 09:00", "ann", -1)])
    small.run()
    with small.open() as project:
        assert drop(project, ORDERS, rule="amount.minimum 0", reason="no").rows == 2


def test_dropped_rows_stay_dropped_when_everything_is_read_again(waiting: Small) -> None:
    with waiting.open() as project:
        drop(project, ORDERS, rule="amount.minimum 0", reason="test orders")
    promise(waiting, version="2.0.0", rule="", type_="decimal(14,2)")
    waiting.deliver("day3", [(6, "2024-03-03 09:00", "eve", -9)])
    waiting.run()
    assert ids(waiting) == {1, 3, 5, 6}
    assert parts(waiting) == {"rows": 4, "superseded": 0, "quarantined": 0, "dropped": 2}
    assert waiting.run().outcomes == ()


def test_a_file_that_is_gone_holds_what_would_read_it_again(waiting: Small) -> None:
    (waiting.root / "data/orders/day1.csv").unlink()
    promise(waiting, version="2.0.0", type_="decimal(14,2)")
    report = waiting.run()
    assert [i.code for o in report.outcomes for i in o.issues] == ["E613"]
    assert ids(waiting) == {1, 3, 5}


def test_a_dropped_row_stays_dropped_in_a_corrected_file(waiting: Small) -> None:
    with waiting.open() as project:
        drop(project, ORDERS, everything=True, reason="test orders")
    waiting.deliver("day2", [(4, "2024-03-02 09:00", "ann", -5), (5, "2024-03-02 10:00", "eve", 8)])
    waiting.run()
    assert rules(waiting) == {}
    assert parts(waiting) == {"rows": 3, "superseded": 2, "quarantined": 0, "dropped": 2}
    waiting.deliver("day2", [(4, "2024-03-02 09:00", "ann", -6)])
    waiting.run()
    assert rules(waiting) == {"amount.minimum 0": 1}, "another row than the one dropped"


# --- late rows


def test_late_rows_of_a_source_wait(small: Small) -> None:
    promise(small, rule="", more="late_limit: 30d")
    small.write("tables/sales.sql", SALES_SQL.format(more=""))
    small.deliver("old", [(1, "2023-01-01 09:00", "ann", 1)])
    small.run()
    assert ids(small) == {1}, "a first load takes all history"
    small.deliver("more", [(2, "2023-01-01 10:00", "bob", 2), (3, "2024-02-20", "eve", 3)])
    report = small.run()
    assert ids(small) == {1, 3}
    assert rules(small) == {"late_limit 30d": 1}
    assert reasons(report)["sales"] == "new interval"
    # Judged again it is still late; with a longer limit it is not.
    with small.open() as project:
        assert replay(project, ORDERS).after == 1
    promise(small, rule="", more="late_limit: 600d")
    small.run()
    assert ids(small) == {1, 2, 3}


def test_late_rows_stay_late_when_everything_is_read_again(small: Small) -> None:
    promise(small, rule="", more="late_limit: 30d")
    small.deliver("old", [(1, "2023-01-01 09:00", "ann", 1)])
    small.run()
    small.deliver("more", [(2, "2023-01-01 10:00", "bob", 2)])
    small.run()
    promise(small, rule="", more="late_limit: 30d", version="2.0.0", type_="decimal(14,2)")
    small.run()
    assert ids(small, "orders") == {1}
    assert rules(small) == {"late_limit 30d": 1}


def test_what_stands_for_a_settled_day_stays(small: Small) -> None:
    promise(small, rule="", more="late_limit: 30d", redelivery="replace")
    small.deliver("old", [(1, "2023-01-01 09:00", "ann", 1)])
    small.run()
    small.deliver("again", [(2, "2023-01-01 10:00", "bob", 2), (3, "2024-03-01", "eve", 3)])
    small.run()
    assert ids(small, "orders") == {1, 3}
    assert parts(small) == {"rows": 2, "superseded": 1, "quarantined": 0, "dropped": 0}


def test_a_growing_file_is_not_late_with_what_it_had(small: Small) -> None:
    promise(small, rule="", more="late_limit: 30d")
    old = (1, "2023-01-01 09:00", "ann", 1)
    small.deliver("all", [old, (2, "2024-03-01 09:00", "bob", 2)])
    small.run()
    small.deliver("all", [old, (2, "2024-03-01 09:00", "bob", 5), (3, "2024-03-02", "eve", 3)])
    small.run()
    assert ids(small, "orders") == {1, 2, 3}
    assert parts(small)["superseded"] == 2


# --- tables


def test_rows_of_a_table_wait_and_are_dropped(small: Small) -> None:
    promise(small, rule="")
    small.write("tables/sales.sql", SALES_SQL.format(more="rules: [amount < 100]"))
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", 500), (2, "2024-03-01", "bob", 1)])
    small.run()
    assert ids(small) == {2}
    with small.open() as project:
        (group,) = show_quarantine(project, SALES).rules
        assert group.place.path == "tables/sales.sql"
        assert group.shown[0].file is None
        drop(project, SALES, rows=[group.shown[0].id], reason="a typing mistake")
        assert list_quarantine(project) == ()
    # The day is built anew: what was dropped stays dropped, what is new waits.
    small.deliver("day1b", [(3, "2024-03-01 09:00", "eve", 600)])
    small.run()
    assert ids(small) == {2}
    assert parts(small, SALES) == {"rows": 1, "superseded": 0, "quarantined": 1, "dropped": 1}


def test_a_changed_rule_judges_the_rows_of_a_table_again(small: Small) -> None:
    promise(small, rule="")
    small.write("tables/sales.sql", SALES_SQL.format(more="rules: [amount < 100]"))
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", 500), (2, "2024-03-01", "bob", 1)])
    small.run()
    small.write("tables/sales.sql", SALES_SQL.format(more="rules: [amount < 1000]"))
    small.run()
    assert ids(small) == {1, 2}
    with small.open() as project:
        assert list_quarantine(project) == ()


def test_a_new_waiting_row_is_seen_where_the_published_ones_are_equal(small: Small) -> None:
    promise(small, rule="")
    small.write("tables/sales.sql", SALES_SQL.format(more="rules: [amount < 100]"))
    small.deliver("day1", [(2, "2024-03-01", "bob", 1)])
    small.run()
    small.deliver("day1b", [(1, "2024-03-01 09:00", "ann", 500)])
    small.run()
    assert parts(small, SALES) == {"rows": 1, "superseded": 0, "quarantined": 1, "dropped": 0}
    with small.open() as project:
        (found,) = list_quarantine(project)
    assert [r.rule for r in found.rules] == ["amount < 100"]


def test_duplicates_across_intervals_wait(small: Small) -> None:
    promise(small, rule="")
    rule = "rules: [{duplicateValues: {columns: [customer], mustBe: 0}}]"
    small.write("tables/sales.sql", SALES_SQL.format(more=rule))
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", 1)])
    small.run()
    small.deliver("day2", [(2, "2024-03-02 09:00", "ann", 2), (3, "2024-03-02", "bob", 3)])
    small.run()
    assert ids(small) == {1, 3}
    # The first of them goes: by hand the other one is let in.
    (small.root / "data/orders/day1.csv").write_text("id,ordered_at,customer,amount\n")
    small.deliver("day1", [(8, "2024-03-01 09:00", "zoe", 1)])
    small.run()
    assert ids(small) == {8, 3}
    with small.open() as project:
        found = replay(project, SALES)
    assert (found.before, found.after) == (1, 0)
    assert ids(small) == {2, 3, 8}


def test_quarantined_rows_keep_their_rules_when_a_file_is_cut(small: Small) -> None:
    promise(small, rule="")
    small.write("tables/sales.sql", SALES_SQL.format(more="rules: [amount < 100]"))
    small.deliver(
        "march", [(n, f"2024-03-0{n} 09:00", "ann", 500 if n % 2 else 1) for n in range(1, 6)]
    )
    small.run()
    small.deliver("more", [(9, "2024-03-03 09:00", "bob", 700)])
    small.run()
    with small.open() as project:
        (found,) = list_quarantine(project)
    assert found.rows == 4
    assert [(r.rule, r.rows) for r in found.rules] == [("amount < 100", 4)]


def test_late_rows_of_a_table_wait_by_its_key(small: Small) -> None:
    promise(small, rule="")
    small.write("tables/sales.sql", SALES_SQL.format(more="late_limit: 30d"))
    small.deliver("old", [(1, "2023-01-01 09:00", "ann", 1), (4, "2024-03-01", "ann", 1)])
    small.run()
    assert ids(small) == {1, 4}
    small.deliver("late", [(2, "2023-01-01 10:00", "bob", 2), (5, "2024-03-01", "eve", 5)])
    report = small.run()
    assert ids(small) == {1, 4, 5}
    assert reasons(report)["sales"].startswith("late rows")
    with small.open() as project:
        (found,) = list_quarantine(project)
        assert (found.node, [r.rule for r in found.rules]) == (SALES, ["late_limit 30d"])


def test_a_changed_definition_makes_no_row_late(small: Small) -> None:
    promise(small, rule="")
    small.write("tables/sales.sql", SALES_SQL.format(more="late_limit: 30d") + "where id <> 2\n")
    small.deliver("old", [(1, "2023-01-01 09:00", "ann", 1), (2, "2023-01-01", "ann", 1)])
    small.run()
    small.write("tables/sales.sql", SALES_SQL.format(more="late_limit: 30d"))
    small.run()
    assert ids(small) == {1, 2}


def test_row_counts_are_promises_about_each_day(small: Small) -> None:
    promise(small, rule="")
    rule = "rules: [{rowCount: {mustBeGreaterThan: 1}}]"
    small.write("tables/sales.sql", SALES_SQL.format(more=rule))
    small.deliver(
        "march",
        [(1, "2024-03-01", "a", 1), (2, "2024-03-01", "a", 1), (3, "2024-03-02", "a", 1)],
    )
    report = small.run()
    assert touched(report)["sales"] == "held"
    issue = next(i for o in report.outcomes for i in o.issues)
    assert issue.code == "E720"
    assert "1" in issue.what


def test_late_data_are_told_not_held(small: Small) -> None:
    promise(small, rule="")
    small.write("tables/sales.sql", SALES_SQL.format(more="rules: [{latency: {within: 2d}}]"))
    small.deliver("old", [(1, "2024-03-01", "a", 1)])
    report = small.run()
    assert touched(report)["sales"] == "built"
    assert [i.code for o in report.outcomes for i in o.issues] == ["W724"]


def test_references_of_a_header_are_enforced(small: Small) -> None:
    promise(small, rule="")
    small.write("seeds/people.csv", "name,town\nann,Leeds\n")
    small.write("tables/towns.sql", "/*\nkey: name\n*/\nselect name, town from people")
    small.write("tables/sales.sql", SALES_SQL.format(more="references: {customer: towns}"))
    small.deliver("day1", [(1, "2024-03-01", "ann", 1), (2, "2024-03-01", None, 1)])
    assert touched(small.run())["sales"] == "built"
    small.deliver("day2", [(3, "2024-03-02", "bob", 1)])
    report = small.run()
    assert touched(report)["sales"] == "held"
    assert "E725" in {i.code for o in report.outcomes for i in o.issues}
    small.write("seeds/people.csv", "name,town\nann,Leeds\nbob,York\n")
    small.run()
    assert ids(small) == {1, 2, 3}
    small.write("seeds/people.csv", "name,town\nbob,York\n")
    report = small.run()
    assert touched(report)["sales"] == "held", "rows of old days lose what they refer to"


def test_a_new_reference_is_judged_over_all_rows(small: Small) -> None:
    promise(small, rule="")
    small.write("seeds/people.csv", "name,town\nann,Leeds\n")
    small.write("tables/towns.sql", "/*\nkey: name\n*/\nselect name, town from people")
    small.write("tables/sales.sql", SALES_SQL.format(more=""))
    small.deliver("day1", [(1, "2024-03-01", "bob", 1)])
    small.run()
    small.write("tables/sales.sql", SALES_SQL.format(more="references: {customer: towns}"))
    report = small.run()
    assert "E725" in {i.code for o in report.outcomes for i in o.issues}


@pytest.mark.parametrize(("target", "code"), [("towms", "E201"), ("towns", "E304")])
def test_references_have_to_lead_somewhere(small: Small, target: str, code: str) -> None:
    promise(small, rule="")
    small.write("seeds/people.csv", "name,town\nann,Leeds\n")
    small.write("tables/towns.sql", "select name, town from people")
    small.write("tables/sales.sql", SALES_SQL.format(more=f"references: {{customer: {target}}}"))
    small.deliver("day1", [(1, "2024-03-01", "ann", 1)])
    with small.open() as project:
        assert [issue.code for issue in project.check()] == [code]
    with pytest.raises(HeadwaterError, match=code):
        small.run()


def test_no_stray_file_is_left(waiting: Small) -> None:
    """Every file of the lake belongs to a state, or to one that was replaced."""
    with waiting.open() as project:
        drop(project, ORDERS, everything=True, reason="test orders")
        known = {f.path for s in project.view.states.values() for f in s.files}
        lake = Path(str(project.workspace.lake.absolute("")))
        for path in known:
            assert (lake / path).exists()
