"""Dimensions through joins: which are within reach, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from tests.unit.semantics.world import CATALOG, CLOCK, Database, Row, Shop

from headwater.errors import HeadwaterError
from headwater.semantics.asking import MetricQuery
from headwater.semantics.catalog import Catalog, Dataset
from headwater.semantics.compile import compile_query
from headwater.semantics.joins import paths, reach, reachable
from headwater.semantics.metric import Metric

_PEOPLE = Dataset(name="people", columns=(("id", "INTEGER"), ("country", "VARCHAR")), key=("id",))
_DEALS = Dataset(
    name="deals",
    columns=(("buyer_id", "INTEGER"), ("seller_id", "INTEGER"), ("place", "STRUCT(city VARCHAR)")),
    references={("buyer_id",): "people", ("seller_id",): "people"},
)


def catalog(*datasets: Dataset) -> Catalog:
    return Catalog(metrics={}, datasets={dataset.name: dataset for dataset in datasets})


def test_columns_within_reach() -> None:
    assert [*reachable(CATALOG, "sales")][-5:] == [
        "customers.customer_id",
        "customers.country",
        "customers.region_id",
        "regions.region_id",
        "regions.name",
    ]


@pytest.mark.parametrize("name", ["regions.name", "customers.regions.name", "region_id.name"])
def test_one_column_however_it_is_written(name: str) -> None:
    found = reach(CATALOG, "sales", name)
    assert (found.flat, [hop.table for hop in found.path]) == (
        "regions.name",
        ["customers", "regions"],
    )


@pytest.mark.parametrize("name", ["country", "customers.country", "Country"])
def test_a_table_has_its_own_columns(name: str) -> None:
    found = reach(CATALOG, "customers", name)
    assert (found.flat, found.path) == ("country", ())


def test_two_ways_to_one_table() -> None:
    deals = catalog(_DEALS, _PEOPLE)
    with pytest.raises(HeadwaterError, match=r"E906 .*2 ways .* `buyer_id.country` or `seller_id"):
        reach(deals, "deals", "people.country")
    assert reach(deals, "deals", "buyer_id.country").flat == "buyer_id.country"
    assert "seller_id.country" in reachable(deals, "deals")


def test_a_direct_reference_goes_before_a_way_round() -> None:
    direct = replace(
        CATALOG.datasets["sales"],
        columns=(*CATALOG.datasets["sales"].columns, ("region_id", "INTEGER")),
        references={("customer_id",): "customers", ("region_id",): "regions"},
    )
    model = Catalog(metrics={}, datasets={**CATALOG.datasets, "sales": direct})
    assert reach(model, "sales", "regions.name").flat == "region_id.name"
    assert len(reach(model, "sales", "customers.regions.name").path) == 2


def test_fields_of_structs() -> None:
    found = reach(catalog(_DEALS, _PEOPLE), "deals", "place.city")
    assert (found.column, found.type) == (("place", "city"), "VARCHAR")


def test_circles_of_references_end() -> None:
    left = Dataset(
        name="l", columns=(("id", "INT"), ("r", "INT")), key=("id",), references={("r",): "r"}
    )
    right = replace(left, name="r", references={("r",): "l"})
    assert len(paths(catalog(left, right), "l")) == 1


@pytest.mark.parametrize(
    ("table", "name", "message"),
    [
        ("sales", "contry", r"E902 unknown dimension `contry` of `sales` · did you mean `country`"),
        ("sales", "customers.contry", r"E902 .* did you mean `customers.country`"),
        ("sales", "customer.country", r"E902 .* did you mean `customers.country`"),
        ("sales", "name", r"E902 .* did you mean `regions.name`"),
        ("sales", "xyz", "E902 .* it can be grouped by `invoice`, "),
        ("customers", "sales.country", "E905 .*would multiply rows: many of `sales` belong to one"),
        ("regions", "sales.country", "E905 .*would multiply rows"),
        ("sales", "stores.city", r"E902 .*no way to .* add `references: \{column: stores\}` to"),
        ("sales", "products.kind", "E905 .*no such key · add `key: invoice` to tables/products"),
    ],
)
def test_out_of_reach(table: str, name: str, message: str) -> None:
    sales = replace(
        CATALOG.datasets["sales"],
        references={**CATALOG.datasets["sales"].references, ("invoice",): "products"},
    )
    model = Catalog(
        metrics={},
        datasets={
            **CATALOG.datasets,
            "sales": sales,
            "products": Dataset(name="products", columns=(("kind", "VARCHAR"),)),
            "stores": Dataset(name="stores", columns=(("city", "VARCHAR"),), key=("city",)),
        },
    )
    with pytest.raises(HeadwaterError, match=message):
        reach(model, table, name)


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    database = Database()
    yield database
    database.connection.close()


_NOON = datetime.fromisoformat("2011-11-01T12:00")


def _sale(line: int, customer: int | None, amount: int) -> Row:
    return {
        "invoice": "A", "line": line, "customer_id": customer, "country": "XX", "quantity": 1,
        "amount": amount, "weight": None, "is_return": False, "sold_at": _NOON,
    }  # fmt: skip


_SHOP = Shop(
    sales=(_sale(1, 1, 10), _sale(2, 1, 20), _sale(3, 2, 5), _sale(4, 4, 7), _sale(5, None, 1)),
    customers=(
        {"customer_id": 1, "country": "DE", "region_id": 1},
        {"customer_id": 2, "country": "FR", "region_id": None},
        {"customer_id": 3, "country": "DE", "region_id": 1},
    ),
    regions=({"region_id": 1, "name": "north"},),
)


def test_customers_in_germany_are_two_from_whichever_side(database: Database) -> None:
    """boring-semantic-layer 0.3.18 answers 1 or 2, by the root of its join."""
    database.load(_SHOP)
    for metrics in (("customers",), ("customers", "revenue"), ("revenue", "customers")):
        query = MetricQuery(
            metrics=metrics, by=("customers.country",), where=("customers.country = 'DE'",)
        )
        compiled, rows = database.ask(query)
        position = [column.name for column in compiled.columns].index("customers")
        assert [row[position] for row in rows] == [2]


def test_sums_are_not_multiplied_by_joins(database: Database) -> None:
    """Traps of lightdash#16163 and #17055; two hops, guests, and a customer without a row."""
    database.load(_SHOP)
    query = MetricQuery(metrics=("revenue", "customers"), by=("regions.name",))
    _, rows = database.ask(query)
    assert rows == [("north", 30, 2), (None, 13, 1)]


def test_a_filter_on_a_joined_column_inside_of_a_metric(database: Database) -> None:
    database.load(_SHOP)
    _, rows = database.ask(MetricQuery(metrics=("smallest", "revenue")))
    assert rows == [(10, 43)]


def test_a_metric_that_cannot_reach_a_dimension_is_refused(database: Database) -> None:
    with pytest.raises(HeadwaterError, match="E905"):
        database.ask(MetricQuery(metrics=("revenue", "customers"), by=("sales.country",)))


def test_a_metric_reads_what_it_joins() -> None:
    metric = Metric(name="m", table="sales", expr="count(distinct regions.name)")
    model = Catalog(metrics={"m": metric}, datasets=CATALOG.datasets)

    compiled = compile_query(MetricQuery(metrics=("m",)), model, clock=CLOCK)
    assert [*compiled.relations] == ["sales", "customers", "regions"]
