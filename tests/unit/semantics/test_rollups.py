"""Rollups: which are kept, what is in them, and which questions they answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.semantics.world import CATALOG, CLOCK, DATASETS, DIMENSIONS, KEPT, Database

from headwater.errors import UsageError
from headwater.ids import NodeId
from headwater.semantics.asking import MetricQuery
from headwater.semantics.catalog import Calendar, Catalog, Dataset
from headwater.semantics.compile import compile_query
from headwater.semantics.compiling import history_query, meaning_sql, rollup_sql
from headwater.semantics.metric import Cumulative, Metric, Window
from headwater.semantics.rollup import Leaf
from headwater.semantics.rollups import choose_rollups, leaf_column, rollup_columns


def test_which_are_kept() -> None:
    kept = {rollup.name: rollup for rollup in KEPT.rollups}
    assert [*kept] == [
        "sales_day",
        "sales_day_exact",
        "sales_week_exact",
        "sales_month_exact",
        "sales_quarter_exact",
        "sales_year_exact",
        "sales_fiscal_year_exact",
    ]
    assert kept["sales_day"].groupings == (DIMENSIONS,)
    assert all(leaf.is_additive for leaf in kept["sales_day"].leaves)
    assert kept["sales_week_exact"].groupings == (
        (), *((name,) for name in DIMENSIONS), DIMENSIONS,
    )  # fmt: skip
    assert {leaf.function for leaf in kept["sales_week_exact"].leaves} == {
        "count_distinct",
        "quantile",
    }


def test_a_metric_that_is_wrong_keeps_nothing_and_hides_nothing() -> None:
    wrong = Metric(name="wrong", table="sales", expr="sum(")
    right = Metric(name="right", table="sales", expr="sum(amount)")
    assert [rollup.name for rollup in choose_rollups([wrong, right])] == ["sales_day"]


def test_times_and_names() -> None:
    metrics = [
        Metric(name="a", table="sales", expr="count(*)"),
        Metric(name="b", table="sales", expr="count(*)", time="paid_at"),
        Metric(name="c", table="sales_paid_at", expr="count(*)"),
    ]
    found = choose_rollups(metrics)
    assert [(r.name, r.time) for r in found] == [
        ("sales_day", ""),
        ("sales_paid_at_day", "paid_at"),
        ("sales_paid_at_day_2", ""),
    ]


def test_columns_stay_when_another_metric_comes() -> None:
    leaf = Leaf(table="sales", function="count_distinct", argument="invoice", where="(NOT x)")
    assert leaf_column(leaf) == leaf_column(replace(leaf, columns=("invoice", "x")))
    assert leaf_column(leaf) != leaf_column(replace(leaf, where=""))
    odd = replace(KEPT.rollups[0], groupings=(("period", "a.b", "a_b", "Grouping"),))
    assert rollup_columns(odd) == {
        "period": "period_",
        "a.b": "a_b",
        "a_b": "a_b_2",
        "Grouping": "grouping_",
    }


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("rollup", {"metrics": ("revenue",), "grain": "day"}),
        ("rollup", {"metrics": ("revenue",), "grain": "fiscal_quarter"}),
        ("rollup", {"metrics": ("revenue",), "period": "2011-11-03..2011-11-09"}),
        ("rollup", {"metrics": ("revenue",), "where": ("country <> 'DE' or country is null",)}),
        ("raw", {"metrics": ("revenue",), "grain": "hour"}),
        ("raw", {"metrics": ("revenue",), "by": ("invoice",)}),
        ("raw", {"metrics": ("revenue",), "where": ("quantity > 1",)}),
        ("rollup", {"metrics": ("orders",), "grain": "month"}),
        ("rollup", {"metrics": ("orders",), "grain": "fiscal_year"}),
        ("rollup", {"metrics": ("orders",), "grain": "fiscal_quarter"}),
        ("rollup", {"metrics": ("orders",), "grain": "month", "period": "2011-01..2011-11"}),
        ("raw", {"metrics": ("orders",), "grain": "month", "period": "2011-11-03..2011-12-31"}),
        ("rollup", {"metrics": ("orders",), "period": "2011-11"}),
        ("rollup", {"metrics": ("orders",), "period": "2011-11-03"}),
        ("rollup", {"metrics": ("orders",), "period": "2011-W45", "compare": ("year_ago",)}),
        ("raw", {"metrics": ("orders",), "period": "2011-10..2011-11"}),
        ("raw", {"metrics": ("orders",)}),
        ("rollup", {"metrics": ("orders",), "grain": "day", "by": ("country",)}),
        ("rollup", {"metrics": ("orders",), "grain": "day", "by": DIMENSIONS}),
        ("raw", {"metrics": ("orders",), "grain": "day", "by": DIMENSIONS[:2]}),
        ("rollup", {"metrics": ("orders",), "grain": "day", "where": ("country = 'DE'",)}),
        ("rollup", {"metrics": ("orders",), "grain": "day", "where": ("country is null",)}),
        ("raw", {"metrics": ("orders",), "grain": "day", "where": ("country <> 'DE'",)}),
        ("raw", {"metrics": ("orders",), "grain": "day", "where": ("country in ('DE', 'FR')",)}),
        ("rollup", {"metrics": ("orders",), "grain": "day", "by": ("country",),
                    "where": ("country <> 'DE'",)}),
        ("rollup", {"metrics": ("order_value", "average", "stock"), "grain": "week"}),
        ("rollup", {"metrics": ("revenue_to_date", "revenue_7d"), "grain": "day"}),
        ("raw", {"metrics": ("orders_9d",), "grain": "day"}),
        ("raw", {"metrics": ("returned",), "grain": "day"}),
        ("raw", {"metrics": ("retention",)}),
        ("raw", {"metrics": ("customers",)}),
    ],
)  # fmt: skip
def test_which_questions_they_answer(path: str, query: dict[str, Any]) -> None:
    compiled = compile_query(MetricQuery(**query), KEPT, clock=CLOCK)
    assert compiled.path == path
    kinds = {node.kind for node in compiled.relations.values()}
    assert kinds == ({"rollup"} if path == "rollup" else {"table"})


def test_a_rollup_as_large_as_its_table_is_left_alone() -> None:
    large = replace(
        KEPT,
        datasets={**DATASETS, "sales": replace(DATASETS["sales"], rows=1000)},
        rollup_rows={"sales_day": 900},
    )
    query = MetricQuery(metrics=("revenue",), grain="month")
    assert compile_query(query, large, clock=CLOCK).path == "raw"
    small = replace(large, rollup_rows={"sales_day": 400})
    assert compile_query(query, small, clock=CLOCK).path == "rollup"


def test_a_path_that_cannot_be() -> None:
    with pytest.raises(UsageError, match="E909 no rollups can answer"):
        compile_query(MetricQuery(metrics=("orders",)), KEPT, clock=CLOCK, path="rollup")
    raw = compile_query(MetricQuery(metrics=("revenue",)), KEPT, clock=CLOCK, path="raw")
    assert raw.relations == {"sales": NodeId("table", "sales")}


def test_views_never_hide_a_table() -> None:
    model = replace(KEPT, datasets={**DATASETS, "rollup_sales_day": replace(DATASETS["regions"])})
    compiled = compile_query(MetricQuery(metrics=("revenue",)), model, clock=CLOCK)
    assert [*compiled.relations] == ["rollup_sales_day_"]


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    database = Database()
    database.connection.execute(
        """INSERT INTO sales VALUES
        ('A', 1, 1, 'DE', 2, 10, 1, FALSE, '2011-11-01 10:00'),
        ('A', 2, 1, NULL, 1, 5, 1, FALSE, '2011-11-01 10:00'),
        ('B', 1, NULL, 'FR', 1, 7, 1, FALSE, '2011-11-30 23:59:59'),
        ('A', 3, 2, 'DE', -1, -5, 1, TRUE, '2011-12-01 00:00')"""
    )
    yield database
    database.connection.close()


def test_groupings_are_numbered_and_nulls_are_groups(database: Database) -> None:
    metric = Metric(
        name="m", table="sales", expr="count(distinct invoice)", dimensions=("country", "line")
    )
    month = choose_rollups([metric])[2]
    model = Catalog(metrics={"m": metric}, datasets=DATASETS, rollups=(month,))
    rows = database.connection.execute(rollup_sql(month, model)).fetchall()
    november = {row[1:] for row in rows if str(row[0]) == "2011-11-01"}
    assert {row for row in november if row[0] in (0, 1)} == {
        (0, None, None, 2),
        (1, "DE", None, 1),
        (1, None, None, 1),
        (1, "FR", None, 1),
    }
    assert {row[0] for row in november} == {0, 1, 2, 3}


def test_types_of_a_rollup_fit_into_a_table(database: Database) -> None:
    sql = rollup_sql(KEPT.rollups[0], KEPT)
    kinds = {row[0]: row[1] for row in database.connection.execute(f"DESCRIBE {sql}").fetchall()}
    assert not [kind for kind in kinds.values() if "HUGEINT" in kind]
    assert [*kinds][:5] == ["period", "grouping", "country", "customers_country", "regions_name"]
    assert (kinds["period"], kinds["grouping"]) == ("DATE", "INTEGER")


def test_history_of_a_table_without_time_is_empty(database: Database) -> None:
    compiled = history_query(CATALOG.metrics["customers"], CATALOG)
    assert database.rows(compiled) == []


def test_instants_are_kept_by_local_day() -> None:
    columns = (("at", "TIMESTAMP WITH TIME ZONE"), ("n", "INTEGER"))
    metric = Metric(name="m", table="t", expr="sum(n)")
    model = Catalog(
        metrics={"m": metric},
        datasets={"t": Dataset(name="t", columns=columns, time="at")},
        calendar=Calendar(zone="Europe/London"),
    )
    database = Database()
    database.connection.execute('CREATE TABLE t ("at" TIMESTAMPTZ, n INTEGER)')
    database.connection.execute(
        "INSERT INTO t VALUES ('2011-07-01 23:30+00', 1), ('2011-12-01 23:30+00', 2)"
    )
    sql = rollup_sql(choose_rollups([metric])[0], model)
    rows = database.connection.execute(f"SELECT period::VARCHAR FROM ({sql}) ORDER BY 1").fetchall()
    assert rows == [("2011-07-02",), ("2011-12-01",)]
    database.connection.close()


def meaning(metric: Metric) -> str:
    model = Catalog(
        metrics={**CATALOG.metrics, metric.name: metric},
        datasets=DATASETS,
        calendar=CATALOG.calendar,
    )
    return meaning_sql(metric, model).replace(f'"{metric.name}"', '"m"')


def test_meanings() -> None:
    revenue = Metric(name="revenue", table="sales", expr="sum(amount)")
    turnover = Metric(
        name="turnover", title="T", table="sales", expr="SUM( sales.amount )", format="gbp"
    )
    assert meaning(revenue) == meaning(turnover)
    for other in (
        replace(revenue, where="not is_return"),
        replace(revenue, expr="sum(quantity)"),
        replace(revenue, balance="last"),
        Metric(name="w", shape=Cumulative(input_metric="revenue", window=Window(7, "day"))),
        Metric(name="w", shape=Cumulative(input_metric="revenue", window=Window(8, "day"))),
    ):
        assert meaning(other) != meaning(revenue)
