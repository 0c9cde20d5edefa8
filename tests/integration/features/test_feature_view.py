"""Feature views run for real: rows by period, late rows, contracts, and everything told."""
# ruff: noqa: DTZ001 - times on the wall

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.integration.features.world import VIEW, Event, Row, deliver, expected, project
from tests.integration.run.small import Small
from typer.testing import CliRunner

from headwater.cli.app import app
from headwater.errors import HeadwaterError, Issue
from headwater.ids import NodeId
from headwater.plan.steps import Query
from headwater.run.context import NodeOutcome

NODE = NodeId("feature_view", "customer")
FIRST = datetime(2024, 3, 4)


def drawn(seed: int, first: datetime, days: int, count: int, start: int = 0) -> list[Event]:
    """Orders at random times."""
    rng = random.Random(seed)
    return [
        (
            start + n,
            first + timedelta(minutes=rng.randrange(days * 24 * 60)),
            rng.choice(["ann", "bob", "cid", None]),
            rng.randrange(1, 50),
        )
        for n in range(count)
    ]


def span(events: list[Event]) -> tuple[date, date]:
    """The days on which there are orders."""
    days = [t.date() for _, t, *_ in events]
    return min(days), max(days) + timedelta(days=1)


def outcome(small: Small, **request: object) -> NodeOutcome:
    """What a run makes of the view."""
    report = small.run(**request)  # type: ignore[arg-type]
    return next(o for o in report.outcomes if o.node == NODE)


def built(small: Small) -> list[Row]:
    """The published rows of the view."""
    return small.rows("customer")


@pytest.mark.parametrize("zone", ["Europe/London", "America/Sao_Paulo", "Pacific/Auckland"])
def test_rows_of_every_period(small: Small, zone: str) -> None:
    events = drawn(1, FIRST, 70, 80)
    project(small, zone=zone)
    deliver(small, "all", events)
    found = outcome(small)
    assert found.status == "built"
    assert built(small) == expected(events, span(events))
    without = sum(1 for _, _, customer, _ in events if customer is None)
    assert found.notes == (f"{without:,} events without key left out",)
    assert small.run().outcomes == ()


@settings(
    max_examples=6, deadline=None, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(seed=st.integers(0, 10_000))
def test_incremental_equals_full(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Deliveries in any order, each of some days: late ones too."""
    parts = [
        drawn(seed + n, FIRST + timedelta(days=start), 12, 12, 1000 * n)
        for n, start in enumerate(random.Random(seed).sample([0, 12, 24, 36], 3))
    ]
    small = project(Small(tmp_path_factory.mktemp("project")))
    for n, events in enumerate(parts):
        deliver(small, f"part{n}", events)
        small.run()
    everything = [event for events in parts for event in events]
    assert built(small) == expected(everything, span(everything))


def test_late_rows_reopen_the_days_that_see_them(small: Small) -> None:
    events = drawn(2, FIRST, 70, 70)
    project(small)
    deliver(small, "all", events)
    small.run()
    late = (999, datetime(2024, 4, 3, 12), "ann", 1000)
    deliver(small, "late", [late])
    with small.open() as opened:
        plan = opened.plan(opened.request())
        (step,) = [step for step in plan.steps if step.node == NODE]
    assert isinstance(step, Query)
    local = [moment.date() for moment in (step.interval.start, step.interval.end)]
    assert local == [date(2024, 4, 2), date(2024, 4, 9)]  # until 23:00 UTC, London's midnight
    small.run()
    assert built(small) == expected([*events, late], span(events))


def test_all_time_reopens_all_that_follows(small: Small) -> None:
    view = VIEW.replace("windows: [7d]", "windows: [all]").replace("_7d", "")
    events = drawn(3, FIRST, 40, 40)
    project(small, view)
    deliver(small, "all", events)
    small.run()
    late = (999, datetime(2024, 3, 20, 12), "dan", 1000)
    deliver(small, "late", [late])
    small.run()
    assert built(small) == expected([*events, late], span(events), timedelta(days=36_500))


def test_one_entity_and_an_empty_history(small: Small) -> None:
    project(small)
    deliver(small, "one", [(1, datetime(2024, 3, 5), None, 1), (2, datetime(2024, 3, 12), None, 2)])
    assert outcome(small).rows == 0
    deliver(small, "two", [(3, datetime(2024, 3, 9), "ann", 5)])
    small.run()
    assert built(small) == [
        ("ann", datetime(2024, 3, 11), date(2024, 3, 10), 1, 5, 5.0),
    ]


def test_sql_reads_it_by_name(small: Small) -> None:
    project(small)
    small.write(
        "tables/big.sql",
        "/*\ntime: day\nkey: [customer, day]\n*/\n"
        "select c.day, c.customer, c.spend_7d from customer as c where c.spend_7d > 20",
    )
    events = drawn(4, FIRST, 30, 40)
    deliver(small, "all", events)
    small.run()
    rows = expected(events, span(events))
    wanted = sorted((day, key, spend) for key, _, day, _, spend, _ in rows if spend > 20)
    assert small.rows("big") == wanted


def test_two_views_of_one_source(small: Small) -> None:
    project(small)
    small.write("features/other.yml", VIEW.replace("orders", "lines"))
    deliver(small, "all", drawn(5, FIRST, 30, 30))
    small.run()
    assert small.rows("other") == small.rows("customer")


def test_a_changed_feature_rebuilds_and_a_word_does_not(small: Small) -> None:
    project(small)
    deliver(small, "all", drawn(6, FIRST, 30, 30))
    small.run()
    small.write("features/customer.yml", VIEW.replace("What we know", "All that we know"))
    with small.open() as opened:
        assert not opened.plan(opened.request()).steps
    small.write("features/customer.yml", VIEW.replace("sum(amount)", "sum(amount) * 2"))
    before = built(small)
    small.run()
    assert [row[4] for row in built(small)] == [2 * row[4] for row in before]


def test_a_range_sends_rows_to_quarantine(small: Small) -> None:
    project(small, VIEW + "    contract: {spend: {maximum: 30, required: true}}\n")
    events = drawn(7, FIRST, 30, 40)
    deliver(small, "all", events)
    found = outcome(small)
    rows = expected(events, span(events))
    kept = [row for row in rows if row[4] <= 30]
    assert 0 < len(kept) < len(rows)
    assert found.status == "built"
    assert built(small) == kept


def test_too_many_nulls_hold_the_view(small: Small) -> None:
    view = VIEW + "      big: max(amount) filter (where amount > 40)\n"
    project(small, f"{view}    contract: {{big: {{nulls: 10%}}}}\n")
    deliver(small, "all", drawn(8, FIRST, 30, 40))
    found = outcome(small)
    assert found.status == "held"
    assert [issue.code for issue in found.issues if issue.code.startswith("E")] == ["E720"]
    assert "big_7d.nulls" in found.issues[0].what


@pytest.mark.parametrize(("factor", "status"), [(1, "built"), (40, "held")])
def test_drift_of_the_newest_period_holds_the_view(small: Small, factor: int, status: str) -> None:
    """Three weeks of a hundred customers, and a fourth that is like them, or is not."""
    project(small, VIEW + "    contract: {spend: {drift: 0.2}}\n")
    rng = random.Random(9)

    def week(number: int, times: int) -> list[Event]:
        monday = FIRST + timedelta(days=7 * number)
        return [
            (1000 * number + n, monday + timedelta(days=n % 7), f"c{n}", times * rng.randrange(50))
            for n in range(100)
        ]

    deliver(small, "past", [event for number in range(3) for event in week(number, 1)])
    assert outcome(small).status == "built"
    deliver(small, "new", week(3, factor))
    found = outcome(small)
    assert found.status == status
    if status == "held":
        assert "spend_7d.drift" in found.issues[0].what
        assert len({row[2] for row in built(small)}) == 3


def test_a_window_longer_than_the_history_is_told(small: Small) -> None:
    project(small, VIEW.replace("[7d]", "[7d, 90d]"))
    deliver(small, "all", drawn(10, FIRST, 30, 30))
    (issue,) = outcome(small).issues
    assert issue.code == "W012"
    assert "the window 90d is longer than the history of `sales`" in issue.what


def test_a_value_that_cannot_be_cast_fails_the_view(small: Small) -> None:
    view = VIEW + "      label:\n        expr: last(customer)\n        type: integer\n"
    project(small, view)
    deliver(small, "all", drawn(11, FIRST, 30, 30))
    found = outcome(small)
    assert found.status == "failed"
    (issue,) = found.issues
    assert (issue.code, issue.place.path) == ("E010", "features/customer.yml")
    assert "Could not convert" in issue.what


def issues_of(small: Small) -> list[Issue]:
    """What `check` says."""
    with small.open() as opened:
        return list(opened.bound.issues)


def test_a_name_of_a_table_is_taken(small: Small) -> None:
    project(small)
    small.write("features/sales.yml", VIEW)
    deliver(small, "all", drawn(12, FIRST, 30, 30))
    (issue,) = issues_of(small)
    assert issue.code == "E121"
    assert {"features/sales.yml", "tables/sales.sql"} == {
        issue.place.path, issue.what.rpartition(" ")[2].partition(":")[0],
    }  # fmt: skip


def test_mistakes_are_told_at_their_places(small: Small) -> None:
    view = VIEW.replace("sum(amount)", "sum(ammount)").replace("orders_7d", "orders_70d")
    project(small, view + "    contract: {sped: {minimum: 0}}\n")
    deliver(small, "all", drawn(13, FIRST, 30, 30))
    assert [(i.code, i.place.line, i.place.column, i.fix) for i in issues_of(small)] == [
        ("E002", 8, 14, "did you mean `amount`?"),
        ("E002", 9, 25, "did you mean `orders_7d`?"),
    ]
    small.write("features/customer.yml", VIEW + "    contract: {sped: {minimum: 0}}\n")
    (issue,) = issues_of(small)
    assert (issue.code, issue.fix) == ("E011", "did you mean `spend`?")


def test_an_unknown_source_or_entity(small: Small) -> None:
    project(small, VIEW.replace("source: sales", "source: sale"))
    deliver(small, "all", drawn(14, FIRST, 30, 30))
    (issue,) = issues_of(small)
    assert (issue.code, issue.place.line, issue.fix) == ("E201", 3, "did you mean `sales`?")
    with small.open() as opened, pytest.raises(HeadwaterError):
        opened.run(replace(opened.request(), apply=True))


def test_instants_are_read_in_the_zone(small: Small) -> None:
    """The same rows, whether times are on the wall or instants; clocks change on March 31."""
    events = drawn(15, FIRST, 40, 60)
    project(small)
    deliver(small, "all", events)
    sql = (small.root / "tables/sales.sql").read_text()
    instants = "timezone('Europe/London', ordered_at) as ordered_at"
    sql = sql.replace("key: id", "key: id\nreads: {orders: 1d before and after}")
    small.write("tables/sales.sql", sql.replace("select id, ordered_at", f"select id, {instants}"))
    assert outcome(small).status == "built"
    assert built(small) == expected(events, span(events))


def test_show_tells_what_it_is(small: Small) -> None:
    project(small, VIEW + "    request: {basket: double}\n    online: {ttl: 36h}\n")
    view = (small.root / "features/customer.yml").read_text()
    ratio = "per_order: :basket / orders_7d"
    small.write("features/customer.yml", view.replace("per_order: spend_7d / orders_7d", ratio))
    deliver(small, "all", drawn(16, FIRST, 30, 30))
    small.run()
    asked = ["show", "feature_view.customer", "--project", str(small.root)]
    shown = " ".join(CliRunner().invoke(app, asked).output.split())
    for words in (
        "entity customers source sales every week request :basket double online good for 36 hours",
        "key customer, day reads table.sales, table.customers",
        "spend_7d BIGINT sum(amount) · 7d",
        "customer VARCHAR from table.sales.customer",
    ):
        assert words in shown
    assert "per_order" not in shown
