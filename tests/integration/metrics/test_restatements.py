"""What a release changes of the published past is recorded with it, with its cause."""

from __future__ import annotations

from datetime import date

from tests.integration.metrics.numbers import METRICS, edit, months, restated, value
from tests.integration.run.small import Small

JAN = date(2024, 1, 1)


def test_the_first_release_and_new_days_restate_nothing(shop: Small) -> None:
    shop.deliver("apr", [(5, "2024-03-09 09:00", "ann", 7)])
    assert shop.run().releases
    assert value(shop, "revenue", "month", date(2024, 3, 1)) == 47
    assert restated(shop) == []


def test_a_late_file(shop: Small) -> None:
    shop.deliver("late", [(5, "2024-01-06 09:00", "dan", 5)])
    (release,) = shop.run().releases
    (found,) = restated(shop)
    assert (found.release, found.cause) == (release.number, "late arrivals")
    assert found.detail == "source.orders: 1 row added in 2024-01-06"
    assert months(found) == [("2024-01", 30, 35)]
    assert "year" not in found.counts, "the year is not over"
    assert "day" not in found.counts, "the day had no value before"
    assert found.counts["week"] == 1
    (average,) = restated(shop, "average")
    assert months(average) == [("2024-01", 15, 11)]


def test_a_redelivered_file(shop: Small) -> None:
    shop.deliver("feb", [(3, "2024-02-03 09:00", "ann", 32)])
    shop.run()
    (found,) = restated(shop)
    assert found.cause == "source data changed"
    assert found.detail == "source.orders: 1 row changed or gone, 1 row added in 2024-02-03"
    assert months(found) == [("2024-02", 30, 32)]
    assert restated(shop, "orders") == [], "there are as many as before"


def test_another_filter(shop: Small) -> None:
    edit(
        shop, "metrics/sales.yml", "expr: sum(amount)", "expr: sum(amount)\n    where: amount > 15"
    )
    shop.run()
    (found,) = restated(shop)
    assert (found.cause, found.detail) == ("definition", "its meaning")
    assert months(found) == [("2024-01", 30, 20)]
    (average,) = restated(shop, "average")
    assert average.cause == "definition"


def test_another_table_above(shop: Small) -> None:
    edit(shop, "tables/sales.sql", "amount::decimal(18,2)", "(amount * 2)::decimal(18,2)")
    shop.run()
    (found,) = restated(shop)
    assert (found.cause, found.detail) == ("upstream logic", "table.sales")
    assert months(found) == [("2024-01", 30, 60), ("2024-02", 30, 60)]
    assert restated(shop, "orders") == []


def test_other_words_restate_nothing(shop: Small) -> None:
    edit(shop, "metrics/sales.yml", "All that was sold.", "What was sold.")
    assert shop.run().releases
    assert restated(shop) == []


def test_data_and_definitions_of_one_run_are_two_releases(shop: Small) -> None:
    shop.deliver("late", [(5, "2024-01-06 09:00", "dan", 5)])
    edit(
        shop, "metrics/sales.yml", "expr: sum(amount)", "expr: sum(amount)\n    where: amount > 15"
    )
    assert [release.sort for release in shop.run().releases] == ["data", "definitions"]
    assert [(each.cause, months(each)) for each in restated(shop)] == [
        ("late arrivals", [("2024-01", 30, 35)]),
        ("definition", [("2024-01", 35, 20)]),
    ]


def test_going_back(shop: Small) -> None:
    edit(
        shop, "metrics/sales.yml", "expr: sum(amount)", "expr: sum(amount)\n    where: amount > 15"
    )
    shop.run()
    with shop.open() as project:
        release = project.rollback(reason="small orders count")
    found = restated(shop)[-1]
    assert (found.cause, found.release) == ("rollback", release.number)
    assert months(found) == [("2024-01", 20, 30)]


def test_going_back_with_one_table(shop: Small) -> None:
    edit(shop, "tables/sales.sql", "amount::decimal(18,2)", "(amount * 2)::decimal(18,2)")
    shop.run()
    with shop.open() as project:
        project.rollback(node="table.sales")
    found = restated(shop)[-1]
    assert found.cause == "rollback"
    assert months(found) == [("2024-01", 60, 30), ("2024-02", 60, 30)]


def test_an_environment_restates_nothing_its_promotion_does(shop: Small) -> None:
    edit(shop, "tables/sales.sql", "amount::decimal(18,2)", "(amount * 2)::decimal(18,2)")
    shop.run("fix")
    assert restated(shop) == []
    with shop.open() as project:
        report = project.promote("fix", "amounts are in pairs")
    (found,) = restated(shop)
    assert (found.release, found.cause) == (report.releases[0].number, "upstream logic")


def test_a_promotion_that_brings_both_is_mixed(shop: Small) -> None:
    shop.deliver("late", [(5, "2024-01-06 09:00", "dan", 5)])
    edit(shop, "tables/sales.sql", "amount::decimal(18,2)", "(amount * 2)::decimal(18,2)")
    shop.run("fix")
    with shop.open() as project:
        project.promote("fix")
    (found,) = restated(shop)
    assert found.cause == "mixed"
    assert found.detail == "table.sales; source.orders: 1 row added in 2024-01-06"
    assert months(found) == [("2024-01", 30, 70), ("2024-02", 30, 60)]


def test_new_days_beside_a_definition_are_no_second_cause(shop: Small) -> None:
    shop.deliver("apr", [(5, "2024-03-09 09:00", "ann", 7)])
    edit(shop, "tables/sales.sql", "amount::decimal(18,2)", "(amount * 2)::decimal(18,2)")
    shop.run("fix")
    with shop.open() as project:
        project.promote("fix")
    (found,) = restated(shop)
    assert found.cause == "upstream logic"


def test_a_new_metric_and_one_that_goes(shop: Small) -> None:
    edit(shop, "metrics/sales.yml", "  orders:", "  lines:")
    edit(shop, "metrics/sales.yml", "revenue / orders", "revenue / lines")
    shop.run()
    assert restated(shop, "orders") == restated(shop, "lines") == []
    shop.write("metrics/sales.yml", METRICS)
    shop.run()
    assert restated(shop, "orders") == []


def test_a_second_run_does_nothing(shop: Small) -> None:
    shop.deliver("late", [(5, "2024-01-06 09:00", "dan", 5)])
    shop.run()
    assert shop.run().releases == ()
    assert len(restated(shop)) == 1
