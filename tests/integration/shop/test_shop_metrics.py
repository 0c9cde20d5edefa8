"""The shop's metrics: their values are those that pandas finds in the delivered files."""

from __future__ import annotations

from datetime import date

import pytest

from headwater.api.opened import OpenProject
from headwater.semantics.asking import MetricQuery

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("shop")]

#: Metric → its value in November 2011.
NOVEMBER = {
    "revenue": 1461756.25,
    "gross_revenue": 1509496.33,
    "orders": 3021,
    "average_order_value": 1461756.25 / 3021,
    "lines_per_order": 83635 / 3021,
    "units": 758977,
    "return_rate": 25010.54 / 1457745.53,
    "share_abroad": 0.12242155284097468,
    "guest_share": 0.22531014319247822,
    "revenue_28d": 1387775.64,
    "revenue_to_date": 6845917.034,
    "active_customers": 1665,
    "new_customers": 192,
    "customer_orders": 2658,
    "products_sold": 2890,
    "units_lost": 18691,
    "lines": 84711,
    "undescribed_share": 75 / 84711,
}
#: Grain and period → revenue, orders, active customers.
OTHERS = {
    ("week", "2011-11-28..2011-12-04"): (319874.99, 705, 516),
    ("year", "2010"): (9247658.114, 23039, 4233),
}
#: Month of the first order → how many came, and how many came back so many months later.
COHORTS = {
    date(2010, 12, 1): (76, {1: 7, 2: 4, 3: 7, 6: 4, 11: 15}),
    date(2011, 1, 1): (71, {1: 12, 2: 15, 3: 14, 6: 11}),
}


def ask(shop: OpenProject, query: MetricQuery) -> tuple[tuple[object, ...], ...]:
    return tuple(shop.project.metrics.query(query).rows)


@pytest.mark.parametrize("path", ["published", "raw"])
def test_november(run_shop: OpenProject, path: str) -> None:
    found = {}
    for name in NOVEMBER:
        query = MetricQuery(metrics=(name,), grain="month", period="2011-11")
        answer = run_shop.project.metrics.query(query, path=path)  # type: ignore[arg-type]
        (row,) = answer.rows
        found[name] = float(row[answer.index(name)])  # type: ignore[arg-type]
    assert found == pytest.approx(NOVEMBER, rel=1e-9)


@pytest.mark.parametrize(("grain", "period"), OTHERS)
def test_other_grains(run_shop: OpenProject, grain: str, period: str) -> None:
    names = ("revenue", "orders", "active_customers")
    query = MetricQuery(metrics=names, grain=grain, period=period)  # type: ignore[arg-type]
    (row,) = ask(run_shop, query)
    assert [float(v) for v in row[1:4]] == pytest.approx(OTHERS[grain, period])  # type: ignore[arg-type]


def test_a_country(run_shop: OpenProject) -> None:
    names = ("revenue", "orders", "active_customers")
    query = MetricQuery(metrics=names, period="2011-11", where=("country = 'France'",))
    ((revenue, orders, customers, *_),) = ask(run_shop, query)
    assert (float(revenue), orders, customers) == (30697.51, 64, 39)  # type: ignore[arg-type]


def test_new_customers_who_come_back(run_shop: OpenProject) -> None:
    query = MetricQuery(metrics=("repeat_purchase_rate",), grain="month", period="2011-05..2011-08")
    rates = {row[0]: row[1] for row in ask(run_shop, query)}
    assert rates[date(2011, 5, 1)] == pytest.approx(44 / 108)
    assert rates[date(2011, 8, 1)] == pytest.approx(53 / 106)


def test_cohorts(run_shop: OpenProject) -> None:
    query = MetricQuery(metrics=("retention",), grain="month", period="2010-12..2011-01")
    rates = {(row[0], row[1]): row[2] for row in ask(run_shop, query)}
    for cohort, (size, returned) in COHORTS.items():
        assert rates[cohort, 0] == 1
        for step, customers in returned.items():
            assert rates[cohort, step] == pytest.approx(customers / size)


def test_every_metric_says_what_to_do(run_shop: OpenProject) -> None:
    metrics = run_shop.project.metrics.catalog.metrics
    listed = [metric for metric in metrics.values() if metric.is_listed]
    assert {*NOVEMBER, "repeat_purchase_rate", "retention"} == {m.name for m in listed}
    for metric in listed:
        assert metric.title
        assert metric.playbook, metric.name
        assert metric.owner
