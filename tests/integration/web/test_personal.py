"""Personal columns: masked for every reader of pages and of HTTP, however they are asked for."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.integration.run.small import ORDERS, Small
from tests.integration.web.conftest import serving

from headwater.web.options import ServeOptions

SALES = """
/*
time: ordered_at
key: id
pii: {customer: hash}
*/
select id, ordered_at, customer, country, amount from orders
"""
METRICS = """
table: sales
owner: ann
better: higher
dimensions: [customer, country]
metrics:
  revenue: {description: All of it., expr: sum(amount)}
"""
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: people
version: 1.0.0
status: active
schema:
- name: people
  properties:
  - {name: id, physicalName: Id, logicalType: integer, primaryKey: true, required: true}
  - {name: email, physicalName: E-Mail, logicalType: string, classification: personal}
"""
PEOPLE = "/*\nkey: id\n*/\nselect id, email from people"
NAMES = ("secret_ann", "secret_bob", "secret_cid")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    small = Small(tmp_path_factory.mktemp("personal") / "small")
    small.write("sources/orders.yml", ORDERS)
    rows = [(i, f"2024-0{1 + i % 2}-05 09:00", NAMES[i % 3], 10 + i, "France") for i in range(12)]
    small.deliver("all", rows, "id,ordered_at,customer,amount,country")
    small.write("tables/sales.sql", SALES)
    small.write("sources/people.yml", "files: data/people/*.csv\n")
    small.write("contracts/people.odcs.yaml", CONTRACT)
    small.write("data/people/all.csv", "Id,E-Mail\n1,secret@example.org\nx,secret@example.org\n")
    small.write("tables/known.sql", PEOPLE)
    small.write("metrics/m.yml", METRICS)
    small.write("queries/all_sales.sql", "select customer, id from sales order by id")
    cards = "{bar: revenue, by: customer}, {table: revenue, by: customer}, {table: all_sales}"
    small.write("dashboards/d.yml", f"period: 2024\nfilters: [customer]\nrows:\n  - [{cards}]\n")
    assert not small.run().failed
    return small


@pytest.fixture(scope="module")
def client(small: Small) -> Iterator[httpx.Client]:
    options = ServeOptions(project=small.root, schedule=False)
    with serving(options) as served, served.client() as client:
        yield client


@pytest.mark.parametrize(
    "sql",
    [
        "select customer from sales",
        "select upper(customer) as x from sales",
        "select max(customer) as x from sales",
        "select list(customer) as x, {'a': min(customer)} as y from sales",
        "with x as (select customer || '!' as y from sales) select y from x group by y",
        "select unnest(string_split(customer, '_')) as x from sales",
        "select s as x from sales as s",
        "select (select min(customer) from sales) as x",
        "select country as x from sales where id < 0 union all select customer from sales",
        "select email from people",
        "select email as x, upper(email) as y from known",
    ],
)
def test_sql(client: httpx.Client, sql: str) -> None:
    for format in ("json", "csv", "arrow"):
        answer = client.post("/v1/sql", json={"sql": sql, "format": format})
        assert answer.status_code == 200
        assert "secret" not in answer.text.lower()
        assert "•••" in answer.content.decode(errors="replace")


def test_numbers_of_persons_are_shown(client: httpx.Client) -> None:
    sql = "select count(distinct customer) as people, max(length(customer)) as longest from sales"
    answer = client.post("/v1/sql", json={"sql": sql})
    assert answer.json()["rows"] == [{"people": 3, "longest": 10}]


@pytest.mark.parametrize(
    "path",
    [
        "/tables/sales",
        "/tables/known",
        "/sources/people",
        "/quarantine/people",
        "/queries/all_sales",
        "/queries/all_sales/rows.csv",
        "/v1/queries/all_sales",
        "/metrics/revenue",
        "/metrics/revenue/rows?period=2024-01",
        "/metrics/revenue/why?period=2024-02",
        "/dashboards/d",
        "/v1/query?metric=revenue&by=customer",
        "/v1/query?metric=revenue&by=customer&grain=month&format=csv",
    ],
)
def test_pages_and_questions(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert "secret" not in answer.text.lower()


def test_groups_stay_apart_and_add_up(client: httpx.Client) -> None:
    rows = client.get("/v1/query?metric=revenue&by=customer").json()["rows"]
    assert len({row["customer"] for row in rows}) == 3
    assert all(row["customer"].startswith("••• ") for row in rows)
    assert sum(row["revenue"] for row in rows) == sum(10 + i for i in range(12))


def test_the_owner_of_the_project_sees_them(small: Small) -> None:
    from headwater.project.asked import run_adhoc
    from headwater.semantics.asking import MetricQuery

    with small.open() as project:
        found = run_adhoc(project, "select distinct customer from sales order by 1")
        assert found.rows() == [(name,) for name in NAMES]
        answer = project.metrics.query(MetricQuery(metrics=("revenue",), by=("customer",)))
        assert {row[0] for row in answer.rows} == set(NAMES)
