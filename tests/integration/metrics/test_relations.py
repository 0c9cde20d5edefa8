"""Metrics of whatever is a relation, by whatever their tables join: no row is lost or doubled."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.integration.run.small import Small

from headwater.semantics.asking import Answer, MetricQuery

SETTINGS = "name: small\ntimezone: Europe/London\nnow: 2024-03-10\nweek_starts: sunday\n"
SALES = """
/*
time: sold_at
key: id
references: {customer: customers, shop: shops}
*/
select id, ordered_at as sold_at, shipped_at, customer, shop, currency,
       amount::decimal(18,2) as amount
from orders
"""
#: A table that is joined, and has a time of its own.
CUSTOMERS = """
/*
time: joined_at
key: customer
*/
select customer, joined_at, upper(customer[1]) as letter from people
"""
VALIDITY = """
/*
history: {key: customer}
*/
select customer, sum(amount)::decimal(18,2) as worth from sales group by customer
"""
TWICE = """
import headwater as hw
import pyarrow as pa

@hw.table(time="sold_at", reads={"sales": "0d before"})
def twice(sales: pa.Table):
    return pa.concat_tables([sales.select(["sold_at", "amount"])] * 2)
"""
METRICS = """
owner: finance
better: higher
metrics:
  revenue:
    {description: By when it was sold., table: sales, expr: sum(amount),
     dimensions: [customers.letter, shops.region]}
  shipped: {description: By when it was sent., table: sales, time: shipped_at, expr: sum(amount)}
  unshipped_share:
    {description: Of what was sold., expr: (revenue - shipped) / revenue}
  joined: {description: New customers., table: customers, expr: count(*)}
  shops: {description: Shops., table: shops, expr: count(*)}
  seeded: {description: Rows of the seed., table: shop_list, expr: count(*)}
  delivered: {description: Rows of the source., table: orders, expr: count(*)}
  ranges: {description: Changes., table: validity, expr: count(*)}
  doubled: {description: Of Python., table: twice, expr: sum(amount)}
"""
PEOPLE = """
customer,joined_at
ann,2023-12-01 10:00
bob,2024-01-05 10:00
cid,2024-03-01 10:00
"""
HEADER = "id,ordered_at,shipped_at,customer,shop,currency,amount"
ROWS = [
    (1, "2024-01-05 09:00", "2024-01-06 09:00", "ann", "s1", "GBP", 10),
    (2, "2024-01-31 23:30", "2024-02-02 10:00", "bob", "s2", "GBP", 20),
    (3, "2024-02-10 09:00", "2024-02-11 10:00", "ann", "s1", "EUR", 30),
    (4, "2024-02-29 09:00", "2024-03-01 10:00", "ann", "", "EUR", 40),
    (5, "2024-03-02 09:00", "", "cid", "", "EUR", 50),
]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    made = Small(tmp_path_factory.mktemp("relations"))
    made.write("headwater.yml", SETTINGS)
    made.write("sources/orders.yml", "files: data/orders/*.csv\ntime: ordered_at\n")
    made.write("sources/people.yml", "files: data/people.csv\ntime: joined_at\n")
    made.write("data/people.csv", PEOPLE)
    made.write("seeds/shop_list.csv", "shop,region\ns1,north\ns2,south\ns3,south\n")
    made.write("tables/shops.sql", "/*\nkey: shop\n*/\nselect * from shop_list\n")
    made.write("tables/sales.sql", SALES)
    made.write("tables/customers.sql", CUSTOMERS)
    made.write("tables/validity.sql", VALIDITY)
    made.write("tables/twice.py", TWICE)
    made.write("metrics/all.yml", METRICS)
    for month in ("2024-01", "2024-02", "2024-03"):
        made.deliver(month, [row for row in ROWS if row[1][:7] == month], HEADER)
    report = made.run()
    assert not report.failed, [outcome.issues for outcome in report.outcomes]
    return made


def ask(small: Small, *metrics: str, **words: Any) -> list[tuple[object, ...]]:
    """The rows, which are the same on every path."""
    with small.open() as project:
        query = MetricQuery(metrics=metrics, **words)
        found: list[Answer] = [project.metrics.query(query, path=p) for p in ("auto", "raw")]
    assert found[0].rows == found[1].rows
    return list(found[0].rows)


def test_a_joined_table_is_whole_whatever_the_period(small: Small) -> None:
    rows = ask(small, "revenue", by=("customers.letter",), period="2024-02")
    assert rows == [("A", Decimal(70))]


def test_a_metric_with_a_time_of_its_own_reads_what_was_sold_before(small: Small) -> None:
    assert ask(small, "shipped", period="2024-02") == [(Decimal(50),)]
    assert ask(small, "shipped", period="2024-02", where=("customer = 'bob'",)) == [(Decimal(20),)]
    assert ask(small, "shipped", period="2024-03", where=("customer = 'ann'",)) == [(Decimal(40),)]
    share = ask(small, "unshipped_share", period="2024-02", where=("shop <> 's0'",))
    assert share == [(pytest.approx(-20 / 30),)]


def test_a_table_counted_and_joined_at_once(small: Small) -> None:
    rows = ask(small, "revenue", "joined", by=("customers.letter",), period="2024-03")
    assert rows == [("C", Decimal(50), 1)]
    both = ask(small, "revenue", "joined", by=("customers.letter",), period="2024-02")
    assert both == [("A", Decimal(70), 0)]


def test_by_a_seed(small: Small) -> None:
    rows = ask(small, "revenue", "shops", by=("shops.region",))
    assert rows == [("north", Decimal(40), 1), ("south", Decimal(20), 2), (None, Decimal(90), 0)]


def test_of_a_seed_a_source_a_history_and_a_python_table(small: Small) -> None:
    assert ask(small, "seeded") == [(3,)]
    assert ask(small, "delivered", period="2024-01") == [(2,)]
    assert ask(small, "ranges") == [(3,)]
    assert ask(small, "doubled", grain="month")[1][1] == Decimal(140)


def test_weeks_begin_on_sunday(small: Small) -> None:
    rows = ask(small, "revenue", grain="week", period="2024-02-25..2024-03-02")
    assert [(f"{row[0]}", row[1], row[-1]) for row in rows] == [("2024-02-25", Decimal(90), True)]
