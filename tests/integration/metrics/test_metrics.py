"""Metrics of a small shop: bound, built, published, asked, held, and looked at beside."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.integration.metrics.measured import HEADER, METRICS, ROWS, ask, measured_shop, plain
from tests.integration.run.small import Small, touched

from headwater.errors import HeadwaterError, UsageError
from headwater.ids import NodeId
from headwater.project import recording
from headwater.project.limits import Limits
from headwater.project.metrics.reader import AskedPath
from headwater.semantics.asking import MetricQuery
from headwater.semantics.metric import Metric

DAY = date(2024, 2, 14)


@pytest.fixture
def shop(tmp_path: Path) -> Small:
    """Sales of two months with customers, and metrics of every type; nothing is run yet."""
    return measured_shop(Small(tmp_path / "small"))


def checked(shop: Small) -> list[str]:
    with shop.open() as project:
        return [
            f"{issue.code} {issue.place} {issue.what} · {issue.fix}" for issue in project.check()
        ]


def test_a_run_publishes_the_history_of_every_metric(shop: Small) -> None:
    assert checked(shop) == []
    report = shop.run()
    assert touched(report)["revenue"] == "built"
    with shop.open() as project:
        months = project.metrics.history("revenue", "month")
        assert [(p.period, p.value, p.complete) for p in months] == [
            (date(2024, 1, 1), Decimal("22.75"), True),
            (date(2024, 2, 1), Decimal("66.75"), True),
            (date(2024, 3, 1), Decimal("15.00"), False),
        ]
        (year,) = project.metrics.history("orders", "year")
        assert (year.value, year.complete) == (6, False)
        steps = project.metrics.history("retention", "month")
        assert {(p.period.month, p.step): p.value for p in steps if p.period.month == 1}[1, 1] == 1
    assert all(status == "identical" for status in touched(shop.run()).values()) or not touched(
        shop.run()
    )


def test_questions(shop: Small) -> None:
    shop.run()
    by_country = ask(shop, "revenue", by=("country",), period="2024-02", order=("-revenue",))
    assert plain(by_country) == [("Spain", "36.75"), ("France", "30.00")]
    assert (by_country.release, by_country.first, by_country.last) == (
        1,
        date(2024, 2, 1),
        date(2024, 2, 29),
    )
    joined = ask(shop, "revenue", by=("customers.segment",), grain="year")
    assert {row[1]: row[2] for row in joined.rows}["A"] == Decimal("45.50")
    months = ask(shop, "revenue", "orders", grain="month", compare=("previous",))
    assert [row[-1] for row in months.rows] == [True, True, False], "March goes on"
    assert months.data_until is not None


def test_a_period_beyond_the_data_says_where_they_are(shop: Small) -> None:
    shop.run()
    answer = ask(shop, "revenue", period="2025-07")
    assert answer.rows == ()
    assert answer.notes == ("there are data from 2024-01-30 to 2024-03-02",)


@pytest.mark.parametrize(
    ("words", "code", "near"),
    [
        ({"by": ("contry",)}, "E902", "country"),
        ({"grain": "mnth"}, "E903", "month"),
        ({"where": ("drop table sales",)}, "E904", ""),
        ({"period": "2024-02..2024-01"}, "E807", ""),
        ({"order": ("revenu",)}, "E909", "revenue"),
    ],
)
def test_wrong_questions_name_the_nearest(
    shop: Small, words: dict[str, Any], code: str, near: str
) -> None:
    shop.run()
    with pytest.raises(HeadwaterError) as caught:
        ask(shop, "revenue", **words)
    assert caught.value.issues[0].code == code
    assert near in caught.value.issues[0].fix
    with pytest.raises(UsageError) as caught:
        ask(shop, "revenu")
    assert "`revenue`" in caught.value.issues[0].fix


def test_mistakes_stand_at_the_very_place(shop: Small) -> None:
    shop.write("metrics/sales.yml", METRICS.replace("sum(amount)", "sum(ammount)", 1))
    assert checked(shop)[0].startswith("E902 metrics/sales.yml:8:15 unknown")
    assert "`amount`" in checked(shop)[0]
    shop.write("metrics/sales.yml", METRICS.replace("table: sales", "table: sale"))
    assert len([issue for issue in checked(shop) if issue.startswith("E201")]) == 1
    shop.write("metrics/sales.yml", METRICS.replace("[country,", "[contry,", 1))
    found = [issue for issue in checked(shop) if "metrics/sales.yml:4:14" in issue]
    assert found, checked(shop)
    assert "`country`" in found[0]
    shop.write("metrics/sales.yml", METRICS.replace("expr: median(amount)", "expr: sum(country)"))
    assert any("E901 metrics/sales.yml:24:11" in issue for issue in checked(shop)), checked(shop)


def test_metrics_over_time_need_one(shop: Small) -> None:
    shop.run()
    table = shop.root / "tables/sales.sql"
    table.write_text(table.read_text().replace("time: ordered_at\n", ""))
    found = [issue for issue in checked(shop) if "needs a time" in issue]
    assert found[0] == (
        "E911 metrics/sales.yml:31:19 `rolling` needs a time: `sales` has none"
        " · give `sales` a `time:`, the column that says when a row happened"
    )
    assert [issue.split("`")[1] for issue in found] == ["rolling", "to_date", "ever", "retention"]
    assert not any("E210" in issue for issue in checked(shop))


def test_two_metrics_of_one_meaning_are_refused(shop: Small) -> None:
    twin = (
        "table: sales\nowner: ann\nbetter: lower\ndescription: Again.\nexpr: sum( sales.amount )\n"
    )
    shop.write("metrics/turnover.yml", twin)
    (issue,) = checked(shop)
    assert issue.startswith("E920 metrics/turnover.yml:1 `turnover` means the same as `revenue`")
    with shop.open() as project:
        nodes = project.bound.graph.nodes
        assert nodes[NodeId("metric", "revenue")].meaning
        assert (
            nodes[NodeId("metric", "revenue")].meaning != nodes[NodeId("metric", "units")].meaning
        )


def test_the_old_values_stay_where_a_table_is_held(shop: Small) -> None:
    shop.run()
    shop.deliver("2024-03", [(7, "2024-03-03 08:00", "ann", "France", 5000, "1.00")],
                 HEADER)  # fmt: skip
    report = shop.run()
    assert touched(report)["sales"] == "held"
    assert touched(report)["revenue"] == "waiting"
    answer = ask(shop, "revenue", period="2024-03")
    assert plain(answer) == [("15.00",)], "as published"
    assert "revenue is stale: table.sales is held since 2024-03-10" in answer.notes[0]
    with shop.open() as project:
        assert "table.sales" in project.metrics.standing("revenue").stale_because
    (note,) = ask(shop, "revenue", "orders", "units", period="2024-03").notes
    assert note.startswith("revenue, orders and units are stale: table.sales is held"), "once"


def test_what_was_held_is_forgotten_when_nothing_waits(shop: Small) -> None:
    shop.run()
    shop.deliver("2024-04", [(7, "no day", "ann", "France", 5, "1.00")], HEADER)
    (status,) = (o.status for o in shop.run().outcomes if str(o.node) == "source.orders")
    with shop.open() as project:
        because = project.metrics.standing("revenue").stale_because
        assert because.startswith(f"source.orders is {status} since")
        only = frozenset({project.node_id("table.customers")})
    (shop.root / "data/orders/2024-04.csv").unlink()
    shop.run(selected=only)
    with shop.open() as project:
        assert project.metrics.standing("revenue").stale_because, "nobody looked"
    assert shop.run().outcomes == ()
    with shop.open() as project:
        assert not project.metrics.standing("revenue").stale_because
        assert not recording.trouble_of(project.ledger, "prod")


def test_an_environment_shows_its_own_numbers(shop: Small) -> None:
    shop.run()
    shop.write("metrics/sales.yml", METRICS.replace("sum(amount)", "sum(amount * 2)", 1))
    report = shop.run(env="fix")
    assert touched(report)["revenue"] == "built"
    assert "units" not in touched(report), "it is the same as in prod"
    assert plain(ask(shop, "revenue", period="2024-02", env="fix")) == [("133.50",)]
    assert plain(ask(shop, "revenue", period="2024-02")) == [("66.75",)]
    assert plain(ask(shop, "average_order_value", period="2024-02", env="fix"))[0][0] == "44.5"


def test_an_edited_metric_is_edited_alone(shop: Small) -> None:
    shop.run()
    shop.write("metrics/sales.yml", METRICS.replace("All orders.", "Every order."))
    with shop.open() as project:
        assert [str(node) for node in project.edited] == ["metric.orders"]


def test_a_traced_day_shows_the_tables_that_are_read_and_their_day(shop: Small) -> None:
    shop.run()
    with shop.open() as project:
        found = {str(n.node): n for n in project.trace("metric.revenue", at=DAY).nodes}
    assert list(found) == ["metric.revenue", "table.sales", "source.orders"], "no customers"
    assert (found["table.sales"].rows, found["source.orders"].rows) == (1, 1)


def test_lineage_goes_from_derived_metrics_to_what_they_are_made_of(shop: Small) -> None:
    with shop.open() as project:
        graph = project.bound.graph
        upstream = graph.upstream([NodeId("metric", "average_order_value")])
        assert {"metric.revenue", "metric.orders", "table.sales", "source.orders"} <= set(
            map(str, upstream)
        )


def test_late_rows_change_what_they_touch(shop: Small) -> None:
    shop.run()
    late = [r for r in ROWS if r[1].startswith("2024-02")]
    late.append((8, "2024-02-03 09:00", "ann", "France", 1, "1.00"))
    shop.deliver("2024-02", late, HEADER)
    shop.run()
    assert plain(ask(shop, "revenue", period="2024-02")) == [("67.75",)]
    assert plain(ask(shop, "orders", grain="month", period="2024-02")) == [("2024-02-01", 4, True)]


def test_many_readers_at_once_get_the_same(shop: Small) -> None:
    shop.run()
    questions: list[tuple[MetricQuery, AskedPath]] = [
        (MetricQuery(metrics=(name,), by=by, grain="month"), path)
        for name in ("revenue", "orders", "average_order_value", "median_line")
        for by in ((), ("country",), ("customers.segment",))
        for path in ("auto", "raw")
    ]
    with shop.open() as project:
        reader = project.metrics
        with ThreadPoolExecutor(8) as pool:
            many = list(
                pool.map(lambda asked: reader.query(asked[0], path=asked[1]), questions * 3)
            )
        for (query, path), answer in zip(questions * 3, many, strict=True):
            assert answer.rows == reader.query(query, path=path).rows


def test_metrics_known_to_one_question_alone(shop: Small) -> None:
    shop.run()
    with shop.open() as project:
        reader = project.metrics
        extra = {"lines": Metric(name="lines", table="sales", expr="count(*)")}
        query = MetricQuery(metrics=("lines", "revenue"), period="2024-02")
        assert plain(reader.query(query, extra=extra)) == [(3, "66.75")]
        with pytest.raises(UsageError):
            reader.query(query)


def test_limits_of_rows(shop: Small) -> None:
    shop.run()
    with shop.open() as project:
        query = MetricQuery(metrics=("revenue",), grain="day")
        for path in ("published", "raw"):
            answer = project.metrics.query(query, path=path, limits=Limits(rows=2))
            assert (len(answer.rows), answer.truncated) == (2, True)


def test_nothing_is_released_yet(shop: Small) -> None:
    with shop.open() as project:
        answer = project.metrics.query(MetricQuery(metrics=("revenue",)))
        assert answer.rows == ((None,),)
        assert "no published data" in answer.notes[0]
        assert project.metrics.history("revenue", "month") == ()


def test_a_metric_may_call_a_function_of_the_project(shop: Small) -> None:
    shop.write("functions/pennies.sql", "create function pennies(x) as (x * 100)::bigint")
    shop.write("metrics/sales.yml", METRICS.replace("sum(amount)", "sum(pennies(amount))", 1))
    assert checked(shop) == []
    shop.run()
    assert plain(ask(shop, "revenue", period="2024-02")) == [(6675,)]
    assert plain(ask(shop, "revenue", period="2024-02", path="raw")) == [(6675,)]
