"""The addresses for programs, asked by a real HTTP client of a real server."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pyarrow as pa
import pytest
from tests.integration.run.small import Small, small_shop
from tests.integration.web.conftest import Served, serving

from headwater.web.options import ServeOptions

METRICS = """
table: sales
owner: finance
better: higher
dimensions: [customer]
metrics:
  revenue:
    description: What was invoiced.
    expr: sum(amount)
  orders:
    description: How many orders.
    expr: count(*)
"""
QUERY = """
/*
description: Orders of a customer.
parameters:
  who: ann
  top: 10
*/
select id, customer, amount from sales where customer = :who order by id limit :top
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    small = small_shop(Small(tmp_path_factory.mktemp("api") / "small"))
    small.deliver("day4", [(5, "2024-03-05 09:00", '=cmd|"/c calc"!A1', "12345678901234.57")])
    small.write("metrics/sales.yml", METRICS)
    small.write("queries/of_customer.sql", QUERY)
    small.run()
    with serving(ServeOptions(project=small.root, schedule=False)) as served:
        yield served


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    with served.client() as client:
        yield client


def issues(response: httpx.Response) -> list[tuple[str, str]]:
    return [(each["code"], each["fix"]) for each in response.json()["issues"]]


def test_a_question_in_the_address(client: httpx.Client) -> None:
    response = client.get("/v1/query", params={"metric": ["revenue", "orders"], "by": "customer"})
    assert response.status_code == 200
    body = json.loads(response.text, parse_float=Decimal)
    assert body["release"] == 1
    assert [column["name"] for column in body["columns"]] == ["customer", "revenue", "orders"]
    rows = {row["customer"]: row for row in body["rows"]}
    assert rows["ann"] == {"customer": "ann", "revenue": Decimal("40.00"), "orders": 2}
    assert rows['=cmd|"/c calc"!A1']["revenue"] == Decimal("12345678901234.57")


def test_the_same_question_as_json(client: httpx.Client) -> None:
    asked = {"metric": ["revenue"], "grain": "day", "period": "2024-03-01..2024-03-02"}
    posted = client.post("/v1/query", json=asked)
    assert posted.status_code == 200
    assert posted.json() == client.get("/v1/query", params=asked).json()
    assert [row["revenue"] for row in posted.json()["rows"]] == [30.0, 30.0]


def test_csv_is_no_formula_and_arrow_has_types(client: httpx.Client) -> None:
    asked = {"metric": "revenue", "by": "customer", "format": "csv"}
    response = client.get("/v1/query", params=asked)
    assert response.headers["content-type"].startswith("text/csv")
    assert response.headers["x-headwater-truncated"] == "false"
    names = [row["customer"] for row in csv.DictReader(io.StringIO(response.text))]
    assert '\'=cmd|"/c calc"!A1' in names
    arrow = client.get("/v1/query", params={**asked, "format": "arrow"})
    table = pa.ipc.open_stream(arrow.content).read_all()
    assert pa.types.is_decimal(table.schema.field("revenue").type)
    assert '=cmd|"/c calc"!A1' in table.column("customer").to_pylist()


@pytest.mark.parametrize(
    ("address", "status", "code", "fix"),
    [
        ("/v1/query?metric=revenu", 400, "E910", "did you mean `revenue`?"),
        ("/v1/query?metric=revenue&by=custmer", 400, "E9", "customer"),
        ("/v1/query?metric=revenue&grain=mont", 400, "E9", "month"),
        ("/v1/query?metric=revenue&where=1;drop", 400, "E9", ""),
        ("/v1/query?metric=revenue&period=2024-02..2024-01", 400, "E807", ""),
        ("/v1/query?metric=revenue&metrc=x", 400, "E974", ""),
        ("/v1/query", 400, "E974", ""),
        ("/v1/query?metric=revenue&limit=0", 400, "E974", ""),
        ("/v1/metrics/revenu", 404, "E974", "did you mean `revenue`?"),
        ("/v1/queries/of_custmer", 404, "E974", "of_customer"),
        ("/v1/queries/of_customer?whom=ann", 400, "E982", "who"),
        ("/v1/queries/of_customer?top=x", 400, "E980", ""),
        ("/v1/queries/of_customer?format=xls", 400, "E975", "json, csv or arrow"),
        ("/v1/releases/99", 404, "E974", "`GET /v1/releases` lists them"),
        ("/v1/nothing", 404, "E974", ""),
    ],
)
def test_mistakes_are_told_as_data(
    client: httpx.Client, address: str, status: int, code: str, fix: str
) -> None:
    response = client.get(address)
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/json")
    (found, *_) = issues(response)
    assert found[0].startswith(code)
    assert fix in found[1]


def test_saved_queries(client: httpx.Client) -> None:
    (listed,) = client.get("/v1/queries").json()["queries"]
    assert [p["name"] for p in listed["parameters"]] == ["who", "top"]
    response = client.get("/v1/queries/of_customer", params={"who": "bob"})
    assert response.json()["rows"] == [{"id": 2, "customer": "bob", "amount": 20.0}]
    posted = client.post("/v1/queries/of_customer", json={"parameters": {"who": "ann", "top": 1}})
    assert [row["id"] for row in posted.json()["rows"]] == [1]


def test_a_value_is_never_sql(client: httpx.Client) -> None:
    hostile = "x' or '1'='1"
    assert client.get("/v1/queries/of_customer", params={"who": hostile}).json()["rows"] == []
    where = f"customer = '{hostile.replace(chr(39), chr(39) * 2)}'"
    response = client.get(
        "/v1/query", params={"metric": "orders", "by": "customer", "where": where}
    )
    assert response.json()["rows"] == []


def test_sql_reads_and_is_limited(client: httpx.Client) -> None:
    asked: dict[str, Any] = {"sql": "select id from sales where id >= :least order by id"}
    response = client.post("/v1/sql", json={**asked, "parameters": {"least": 2}, "limit": 2})
    assert response.json()["rows"] == [{"id": 2}, {"id": 3}]
    assert response.json()["truncated"] is True
    for refused in (
        "drop table sales",
        "copy sales to 'x'",
        "select * from read_csv('/etc/passwd')",
    ):
        response = client.post("/v1/sql", json={"sql": refused})
        assert response.status_code == 400, response.text


def test_facts(client: httpx.Client) -> None:
    names = [each["name"] for each in client.get("/v1/metrics").json()["metrics"]]
    assert names == ["orders", "revenue"]
    revenue = client.get("/v1/metrics/revenue").json()
    assert (revenue["owner"], revenue["expr"], revenue["approved_by"]) == (
        "finance",
        "sum(amount)",
        "",
    )
    assert client.get("/v1/release").json()["release"]["number"] == 1
    assert [r["number"] for r in client.get("/v1/releases").json()["releases"]] == [1]
    assert client.get("/v1/changes").json()["changes"][0]["release"] == 1
    nodes = {each["node"]: each for each in client.get("/v1/graph").json()["nodes"]}
    assert nodes["table.daily"]["reads"] == ["table.sales"]


def test_other_sites_cannot_post(client: httpx.Client) -> None:
    form = client.post("/v1/sql", data={"sql": "select 1"})
    assert form.status_code == 403
    foreign = client.post(
        "/v1/sql", json={"sql": "select 1"}, headers={"origin": "https://evil.example"}
    )
    assert foreign.status_code == 403


def test_every_address_is_described(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert {
        "/v1/query",
        "/v1/queries",
        "/v1/queries/{name}",
        "/v1/sql",
        "/v1/metrics",
        "/v1/metrics/{name}",
        "/v1/release",
        "/v1/releases",
        "/v1/releases/{number}",
        "/v1/changes",
        "/v1/graph",
        "/v1/models",
        "/v1/models/{model}",
        "/v1/models/{model}/score",
    } == set(document["paths"])
    scores = document["paths"].pop("/v1/models/{model}/score")["post"]
    assert {"200", "400", "401", "404", "409", "413", "415", "503"} <= set(scores["responses"])
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            assert set(operation["responses"]) == {"200", "400", "404", "4XX"}
