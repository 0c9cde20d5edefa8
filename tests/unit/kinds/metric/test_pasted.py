"""Metrics in the words of dbt, as they were pasted: the files whose numbers MetricFlow agrees with.

`benchmarks/agreement.py` asks them of both; here they are read, and become SQL.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.kinds.metric.test_read import reading

from headwater.clock import Clock
from headwater.kinds.metric.definition import MetricDefinition
from headwater.semantics.asking import MetricQuery
from headwater.semantics.catalog import Catalog, Dataset
from headwater.semantics.compile import compile_query
from headwater.semantics.metric import Conversion, Cumulative, Metric, Window

FILES = sorted((Path(__file__).parents[4] / "benchmarks/agreeing").glob("*.yml"))
ORDERS = ["order_id", "customer_id", "country", "amount", "quantity", "weight", "is_return"]
_TYPES = {"country": "VARCHAR", "weight": "DOUBLE", "is_return": "BOOLEAN", "tier": "VARCHAR"}


def dataset(name: str, time: str, columns: list[str]) -> Dataset:
    return Dataset(
        name=name,
        columns=tuple((c, "DATE" if c == time else _TYPES.get(c, "INTEGER")) for c in columns),
        time=time or None,
        key=(columns[0],),
        references={("customer_id",): "customers"} if name == "orders" else {},
    )


DATASETS = {
    "orders": dataset("orders", "ordered_on", [*ORDERS, "ordered_on"]),
    "customers": dataset("customers", "", ["customer_id", "tier"]),
    "stock": dataset("stock", "counted_on", ["count_id", "item", "units", "counted_on"]),
    "visits": dataset("visits", "visited_on", ["visit_id", "customer_id", "channel", "visited_on"]),
    "purchases": dataset("purchases", "bought_on", ["purchase_id", "customer_id", "bought_on"]),
}


@pytest.fixture(scope="module")
def pasted() -> dict[str, Metric]:
    found = [reading(path.read_text(), f"metrics/{path.name}") for path in FILES]
    assert [issue for each in found for issue in each.issues] == []
    listed = [d for each in found for d in each.definitions if isinstance(d, MetricDefinition)]
    return {name: part for definition in listed for name, part in definition.parts.items()}


def test_pasted_words_are_read(pasted: dict[str, Metric]) -> None:
    assert pasted["buyers"].expr == "count(distinct customer_id)"
    assert pasted["upper_tenth"].expr == "quantile_disc(quantity, 0.9)"
    assert pasted["kept_revenue"].where == "is_return = false"
    assert pasted["order_value"].expr == "revenue / orders"
    assert pasted["german_share"].expr == "german_share__1 / revenue"
    assert pasted["german_share__1"].where == "(country = 'DE')"
    assert (pasted["stock_last"].balance, pasted["stock_first"].balance) == ("last", "first")
    assert pasted["revenue_28d"].shape == Cumulative(
        input_metric="revenue", window=Window(28, "day"), period_agg="last"
    )
    assert pasted["visit_to_purchase"].shape == Conversion(
        base_metric="visits",
        conversion_metric="purchases",
        entity="customer_id",
        window=Window(7, "day"),
    )


def test_pasted_metrics_become_sql(pasted: dict[str, Metric]) -> None:
    catalog = Catalog(metrics=pasted, datasets=DATASETS)
    clock = Clock.at("2025-06-01", "UTC")
    for name in pasted:
        query = MetricQuery(metrics=(name,), grain="month")
        assert compile_query(query, catalog, clock=clock).columns[1].metric == name
