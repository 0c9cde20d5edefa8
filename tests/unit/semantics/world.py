"""A small shop for metrics: its tables in DuckDB, its catalog, and random rows for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import strategies as st

from headwater.clock import Clock
from headwater.semantics.asking import Compiled, MetricQuery
from headwater.semantics.catalog import Calendar, Catalog, Dataset
from headwater.semantics.compile import PathChoice, compile_query
from headwater.semantics.compiling import rollup_sql
from headwater.semantics.metric import Conversion, Cumulative, Metric, Retention, Window
from headwater.semantics.rollups import choose_rollups

LONDON = Calendar(zone="Europe/London", fiscal_year_starts=4)
CLOCK = Clock.at("2012-03-15T12:00", "Europe/London")

SALES = (
    ("invoice", "VARCHAR"),
    ("line", "INTEGER"),
    ("customer_id", "INTEGER"),
    ("country", "VARCHAR"),
    ("quantity", "INTEGER"),
    ("amount", "DECIMAL(18,4)"),
    ("weight", "DOUBLE"),
    ("is_return", "BOOLEAN"),
    ("sold_at", "TIMESTAMP"),
)
CUSTOMERS = (("customer_id", "INTEGER"), ("country", "VARCHAR"), ("region_id", "INTEGER"))
REGIONS = (("region_id", "INTEGER"), ("name", "VARCHAR"))
DATASETS = {
    "sales": Dataset(
        name="sales",
        columns=SALES,
        time="sold_at",
        key=("invoice", "line"),
        references={("customer_id",): "customers"},
    ),
    "customers": Dataset(
        name="customers",
        columns=CUSTOMERS,
        key=("customer_id",),
        references={("region_id",): "regions"},
    ),
    "regions": Dataset(name="regions", columns=REGIONS, key=("region_id",)),
}

DIMENSIONS = ("country", "customers.country", "regions.name")


def _sale(name: str, expr: str, where: str = "", **more: Any) -> Metric:
    return Metric(name=name, table="sales", expr=expr, where=where, dimensions=DIMENSIONS, **more)


METRICS = (
    _sale("revenue", "sum(amount)"),
    _sale("units", "sum(quantity)"),
    _sale("lines", "count(*)"),
    _sale("sold_lines", "count(*) filter (where quantity > 0)", "not is_return"),
    _sale("orders", "count(distinct invoice)", "not is_return"),
    _sale("returns", "count(distinct invoice)", "is_return"),
    _sale("pairs", "count(distinct (invoice, customer_id))"),
    _sale("average", "avg(quantity)"),
    _sale("heaviest", "max(weight)"),
    _sale("smallest", "min(amount)", "customers.country = 'DE'"),
    _sale("middle", "median(quantity)"),
    Metric(name="order_value", expr="revenue / orders", dimensions=DIMENSIONS),
    Metric(name="weighted", expr="round(units * 2 + orders, 1)", dimensions=DIMENSIONS),
    _sale("stock", "sum(quantity)", balance="last"),
    _sale("stock_first", "sum(quantity)", balance="first"),
    _sale("stock_average", "sum(quantity)", balance="average"),
    Metric(
        name="revenue_to_date",
        shape=Cumulative(input_metric="revenue", grain_to_date="month"),
        dimensions=DIMENSIONS,
    ),
    Metric(
        name="revenue_7d",
        shape=Cumulative(input_metric="revenue", window=Window(7, "day")),
        dimensions=DIMENSIONS,
    ),
    Metric(
        name="lines_7d_average",
        shape=Cumulative(input_metric="lines", window=Window(7, "day"), period_agg="average"),
    ),
    Metric(
        name="units_2m_first",
        shape=Cumulative(input_metric="units", window=Window(2, "month"), period_agg="first"),
    ),
    Metric(name="orders_ever", shape=Cumulative(input_metric="orders")),
    Metric(name="orders_to_date", shape=Cumulative(input_metric="orders", grain_to_date="year")),
    Metric(name="orders_9d", shape=Cumulative(input_metric="orders", window=Window(9, "day"))),
    Metric(
        name="order_value_2m",
        shape=Cumulative(input_metric="order_value", window=Window(2, "month")),
    ),
    Metric(name="middle_9d", shape=Cumulative(input_metric="middle", window=Window(9, "day"))),
    Metric(
        name="returned",
        shape=Conversion(
            base_metric="orders",
            conversion_metric="returns",
            entity="customers",
            window=Window(10, "day"),
        ),
    ),
    Metric(
        name="repeated",
        shape=Conversion(
            base_metric="sold_lines",
            conversion_metric="sold_lines",
            entity="customer_id",
            calculation="conversions",
        ),
    ),
    Metric(
        name="retention",
        table="sales",
        shape=Retention(entity="customers", return_event="not is_return"),
    ),
    Metric(
        name="loyalty",
        table="sales",
        where="quantity is not null",
        shape=Retention(entity="customer_id", start_event="not is_return", count="on_or_after"),
    ),
    Metric(name="customers", table="customers", expr="count(*)"),
    Metric(name="revenue_per_customer", expr="revenue / customers"),
)
CATALOG = Catalog(
    metrics={metric.name: metric for metric in METRICS}, datasets=DATASETS, calendar=LONDON
)
KEPT = replace(
    CATALOG,
    rollups=choose_rollups(METRICS, calendar=LONDON, timeless={"customers", "regions"}),
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Shop:
    """Rows of the three tables."""

    sales: tuple[Row, ...]
    customers: tuple[Row, ...]
    regions: tuple[Row, ...]


#: Around the change of clocks in autumn, the turn of the year, and a leap day.
DAYS = [
    *(date(2011, 10, 28) + timedelta(days=n) for n in range(6)),
    *(date(2011, 12, 27) + timedelta(days=n) for n in range(10)),
    *(date(2012, 2, 26) + timedelta(days=n) for n in range(6)),
]
_TIMES = ["00:00:00", "01:30:00", "12:15:00", "23:59:59.999999"]
_COUNTRIES = ["DE", "FR", None]


@st.composite
def shops(draw: st.DrawFn, most: int = 14) -> Shop:
    """Guests, returns, customers without a row, nulls everywhere that they may stand."""
    count = draw(st.integers(0, most))
    sales = []
    for line in range(count):
        day = draw(st.sampled_from(DAYS))
        moment = datetime.fromisoformat(f"{day} {draw(st.sampled_from(_TIMES))}")
        sales.append(
            {
                "invoice": draw(st.sampled_from("ABCDE")),
                "line": line,
                "customer_id": draw(st.sampled_from([1, 2, 3, 4, None])),
                "country": draw(st.sampled_from(_COUNTRIES)),
                "quantity": draw(st.sampled_from([None, -3, 0, 1, 2, 7])),
                "amount": draw(
                    st.sampled_from([None, *map(Decimal, ("-2.5", "0", "10.25", "99.0001"))])
                ),
                "weight": draw(st.sampled_from([None, 0.5, -1.0, 8.25])),
                "is_return": draw(st.sampled_from([False, False, True, None])),
                "sold_at": moment,
            }
        )
    customers = [
        {
            "customer_id": number,
            "country": draw(st.sampled_from(_COUNTRIES)),
            "region_id": draw(st.sampled_from([1, 2, 9, None])),
        }
        for number in (1, 2, 3)
    ]
    regions = [{"region_id": 1, "name": "north"}, {"region_id": 2, "name": "south"}]
    return Shop(sales=tuple(sales), customers=tuple(customers), regions=tuple(regions))


class Database:
    """The tables of a shop, and answers over them."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(config={"threads": "1"})
        self.connection.execute("SET TimeZone = 'Europe/London'")
        for name, dataset in DATASETS.items():
            columns = ", ".join(f"{column} {kind}" for column, kind in dataset.columns)
            self.connection.execute(f"CREATE TABLE {name} ({columns})")

    def load(self, shop: Shop) -> None:
        """These rows and no others."""
        for name, rows in (
            ("sales", shop.sales),
            ("customers", shop.customers),
            ("regions", shop.regions),
        ):
            self.connection.execute(f"DELETE FROM {name}")
            if rows:
                self._insert(name, rows)

    def _insert(self, name: str, rows: Sequence[Row]) -> None:
        columns = [column for column, _ in DATASETS[name].columns]
        data = pa.table({column: [row[column] for row in rows] for column in columns})
        self.connection.register("given", data)
        self.connection.execute(f"INSERT INTO {name} SELECT * FROM given")
        self.connection.unregister("given")

    def keep(self, catalog: Catalog) -> None:
        """Build all rollups."""
        for rollup in catalog.rollups:
            sql = rollup_sql(rollup, catalog)
            self.connection.execute(f"CREATE OR REPLACE TABLE rollup_{rollup.name} AS {sql}")

    def ask(
        self, query: MetricQuery, catalog: Catalog = CATALOG, path: PathChoice = "raw"
    ) -> tuple[Compiled, list[tuple[Any, ...]]]:
        """A question's SQL and its rows."""
        compiled = compile_query(query, catalog, clock=CLOCK, path=path)
        return compiled, self.rows(compiled)

    def rows(self, compiled: Compiled) -> list[tuple[Any, ...]]:
        """The rows of compiled SQL; their types are those that it says."""
        cursor = self.connection.execute(compiled.sql, dict(compiled.parameters))
        assert cursor.description is not None
        types = [str(column[1]) for column in cursor.description]
        assert types == [column.type for column in compiled.columns]
        return cursor.fetchall()


def close(left: Any, right: Any) -> bool:
    """Whether two values are the same; floats to 1e-9."""
    if isinstance(left, float) or isinstance(right, float):
        if left is None or right is None:
            return left is right
        return abs(float(left) - float(right)) <= 1e-9 * max(1.0, abs(float(left)))
    return bool(left == right)


def same_rows(left: Iterable[Sequence[Any]], right: Iterable[Sequence[Any]]) -> bool:
    """Whether two answers are the same, row by row."""
    lefts, rights = list(left), list(right)
    return len(lefts) == len(rights) and all(
        len(a) == len(b) and all(map(close, a, b)) for a, b in zip(lefts, rights, strict=True)
    )
