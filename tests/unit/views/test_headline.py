"""Which number a run ends with."""

from __future__ import annotations

from headwater.semantics.metric import Metric
from headwater.views.headline import order_of

METRICS = [
    Metric(name="account_revenue", table="sales", expr="sum(amount)"),
    Metric(name="revenue", table="sales", expr="sum(amount)"),
    Metric(name="orders", table="sales", expr="count(*)"),
    Metric(name="average", expr="revenue / orders"),
    Metric(name="share", expr="account_revenue / revenue"),
]


def ranked(headline: str) -> list[str]:
    return [metric.name for metric in sorted(METRICS, key=order_of(headline, METRICS))]


def test_what_most_others_read_and_then_by_name() -> None:
    assert ranked("")[:3] == ["revenue", "account_revenue", "orders"]


def test_the_headline_before_all() -> None:
    assert ranked("orders")[:2] == ["orders", "revenue"]
