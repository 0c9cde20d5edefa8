"""Pages and HTTP on a project in which everything is hostile, broken, or not there yet."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from tests.integration.dashboards.small_dashboard import small_dashboard
from tests.integration.hostile import COLUMN, VALUES, hostile_shop
from tests.integration.run.small import Small
from tests.integration.web.conftest import Served, serving

from headwater.web.options import ServeOptions

RAW = re.compile(r"<script>alert|<img src=x|<b>(x|Rev|Every|Pack)|javascript:|Traceback")
NAMES = [value for value in VALUES if value and value.strip()] + [
    "\x00",
    "-1",
    "9" * 300,
    "9999-12-31",
    "%00",
]
METRICS = ("revenue", "orders", "mean", "peak", "middle", "value", "nothing", "rolling", "ever")
DIMENSIONS = ("country", "grp", COLUMN, "customers.size")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    small = hostile_shop(tmp_path_factory.mktemp("hostile"))
    assert not small.run().failed
    options = ServeOptions(project=small.root, schedule=False)
    with serving(options) as served, served.client() as client:
        yield client


def ask(client: httpx.Client, path: str, **words: str) -> httpx.Response:
    """A page or an answer: never a failure, never raw data in the markup."""
    answer = client.get(path, params=words or None)
    assert answer.status_code < 500, f"{path} {words}: {answer.text[-800:]}"
    if "html" in answer.headers.get("content-type", ""):
        assert RAW.search(answer.text) is None, f"{path} {words}"
    return answer


def test_every_page_stands(hostile: httpx.Client) -> None:
    pages = "dashboards/trading queries/everything plan catalogue glossary lineage runs releases/1"
    for path in ("", "metrics", "dashboards", "tables/sales", *pages.split()):
        assert ask(hostile, f"/{path}").status_code == 200, path
    for name in (*METRICS, "retention"):
        assert ask(hostile, f"/metrics/{name}").status_code == 200
        assert ask(hostile, f"/metrics/{name}/why", period="2024-10").status_code == 200
        assert ask(hostile, f"/metrics/{name}/rows", period="2024-10").status_code == 200


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_values_are_values_in_both_directions(hostile: httpx.Client, dimension: str) -> None:
    words = {"metric": "orders", "by": dimension, "period": "2024-10"}
    rows = ask(hostile, "/v1/query", **words).json()["rows"]
    assert rows
    for row in [row for row in rows if len(row[dimension] or "") <= 500][:20]:
        given = {} if row[dimension] is None else {"value": row[dimension]}
        text = ask(hostile, "/metrics/orders/rows", period="2024-10", by=dimension, **given).text
        (count,) = re.findall(r'<span class="soft">([\d,]+) rows?</span>', text)
        assert int(count.replace(",", "")) == row["orders"]


@pytest.mark.parametrize("name", NAMES)
def test_any_text_as_a_name_or_a_value(hostile: httpx.Client, name: str) -> None:
    part = quote(name, safe="")
    for path in ("metrics", "dashboards", "queries", "tables", "runs", "about", "v1/metrics"):
        assert ask(hostile, f"/{path}/{part}").status_code in (400, 404), path
    for path, key in (
        ("/metrics/revenue", "period"),
        ("/metrics/revenue", "grain"),
        ("/metrics/revenue/why", "period"),
        ("/v1/query?metric=revenue", "by"),
        ("/v1/query?metric=revenue", "where"),
        ("/v1/query?metric=revenue", "order"),
    ):
        sign = "&" if "?" in path else "?"
        assert ask(hostile, f"{path}{sign}{key}={part}").status_code == 400, (path, key)
    for key in ("country", "grp", "period", COLUMN):
        ask(hostile, f"/dashboards/trading?{quote(key, safe='')}={part}")
    ask(hostile, f"/catalogue?q={part}")
    ask(hostile, f"/queries/everything?country={part}")


def test_what_is_no_number_is_no_value(hostile: httpx.Client) -> None:
    rows = ask(hostile, "/v1/query", metric="mean", grain="month").json()["rows"]
    assert {row["mean"] for row in rows} == {None}
    sql = "select 'nan'::double as a, 'inf'::double as b, [1, '-inf'::double] as c"
    answer = hostile.post("/v1/sql", json={"sql": sql})
    assert answer.json()["rows"] == [{"a": None, "b": None, "c": [1, None]}]


def test_nights_without_an_hour_and_days_without_a_year_ago(hostile: httpx.Client) -> None:
    for day in ("2024-03-31", "2024-10-27"):
        rows = ask(hostile, "/v1/query", metric="orders", grain="hour", period=day).json()["rows"]
        assert sum(row["orders"] for row in rows) == 80, day
    words = {"metric": "revenue", "grain": "day", "period": "2024-02-28..2024-03-01"}
    rows = ask(hostile, "/v1/query", **words, compare="year_ago").json()["rows"]
    known = [(row["period"], row["revenue_year_ago"] is not None) for row in rows]
    assert known == [("2024-02-28", True), ("2024-02-29", False), ("2024-03-01", False)]


def test_nothing_is_released(tmp_path: Path) -> None:
    small = small_dashboard(tmp_path / "shop")
    paths = ("/", "/metrics", "/metrics/revenue", "/dashboards/trading", "/queries",
             "/releases", "/runs", "/catalogue", "/v1/metrics", "/v1/release")  # fmt: skip
    with serving(ServeOptions(project=small.root)) as served, served.client() as client:
        for path in paths:
            assert ask(client, path).status_code == 200, path
    small.run("fix")  # an environment alone: `prod` still shows nothing
    for env in ("prod", "fix"):
        options = ServeOptions(project=small.root, environment=env)
        with serving(options) as served, served.client() as client:
            for path in paths:
                assert ask(client, path).status_code == 200, (env, path)


def test_a_project_without_metrics(small_pages: Served) -> None:
    with small_pages.client() as client:
        for path in ("/", "/metrics", "/dashboards", "/queries", "/restatements"):
            assert ask(client, path).status_code == 200, path
        assert ask(client, "/v1/query?metric=revenue").status_code == 400


def until_shown(client: httpx.Client, release: int) -> None:
    """Wait for the server to show a release."""
    end = time.monotonic() + 30
    while ask(client, "/v1/release").json()["release"]["number"] != release:
        assert time.monotonic() < end, f"release {release} is not shown"
        time.sleep(0.2)


PATHS = ("/", "/metrics", "/metrics/revenue", "/metrics/revenue/why", "/dashboards/trading",
         "/dashboards/trading?country=France", "/queries/best",
         "/v1/query?metric=revenue&by=country")  # fmt: skip


def test_readers_notice_nothing_of_upkeep(tmp_path: Path) -> None:
    small = small_dashboard(tmp_path / "shop")
    small.run()
    with serving(ServeOptions(project=small.root, schedule=False)) as served:
        stop = threading.Event()
        bad: list[str] = []

        def read() -> None:
            with served.client() as client:
                while not stop.is_set():
                    bad.extend(path for path in PATHS if client.get(path).status_code != 200)

        reader = threading.Thread(target=read)
        reader.start()
        try:
            _upkeep(small)
            with served.client() as client:
                _removed(small, client)
        finally:
            stop.set()
            reader.join()
        assert bad == []


def _upkeep(small: Small) -> None:
    row = (900, "2024-03-09 20:00", "c1", 5, "France")
    small.deliver("late", [row], "id,ordered_at,customer,amount,country")
    small.run()
    with small.open() as project:
        project.compact()
        project.vacuum()
        project.rollback(reason="try")
        project.vacuum()


def _removed(small: Small, client: httpx.Client) -> None:
    """A metric that is taken away while its page is open."""
    assert client.get("/metrics/retention").status_code == 200
    text = (small.root / "metrics/sales.yml").read_text()
    small.write("metrics/sales.yml", text.partition("  retention:")[0])
    board = (small.root / "dashboards/trading.yml").read_text()
    small.write("dashboards/trading.yml", board.replace("      - heatmap: retention\n", ""))
    report = small.run()
    until_shown(client, report.releases[-1].number)
    gone = client.get("/metrics/retention")
    assert gone.status_code == 404
    assert "E974" in gone.text


def test_a_ledger_that_somebody_locks(tmp_path: Path) -> None:
    small = small_dashboard(tmp_path / "shop")
    small.run()
    options = ServeOptions(project=small.root, schedule=False)
    with serving(options) as served, served.client() as client:
        assert client.get("/runs").status_code == 200
        ledger = sqlite3.connect(
            small.root / ".headwater" / "ledger.db", isolation_level=None, timeout=0
        )
        ledger.execute("BEGIN EXCLUSIVE")
        try:
            for path in (*PATHS, "/runs", "/releases", "/metrics/orders?grain=week"):
                assert client.get(path).status_code == 200, path
        finally:
            ledger.close()


def test_a_held_table_is_told_wherever_its_numbers_stand(tmp_path: Path) -> None:
    small = small_dashboard(tmp_path / "shop")
    text = (small.root / "tables/sales.sql").read_text()
    small.write("tables/sales.sql", text.replace("key: id", "key: id\nrules: [amount < 1000]\n"
                                                            "on_breach: hold"))  # fmt: skip
    assert not small.run().failed
    options = ServeOptions(project=small.root, schedule=False)
    with serving(options) as served, served.client() as client:
        before = client.get("/v1/query?metric=revenue&grain=month").json()
        header = "id,ordered_at,customer,amount,country"
        small.deliver("bad", [(9_000, "2024-03-09 20:00", "c1", 5_000, "France")], header)
        report = small.run()
        assert report.failed
        end = time.monotonic() + 30
        while "sales is held" not in client.get("/metrics/revenue").text:
            assert time.monotonic() < end
            time.sleep(0.2)
        for path in ("/metrics", "/dashboards/trading"):
            assert "stale" in client.get(path).text.casefold(), path
        page = client.get("/metrics/revenue").text
        assert "amount &lt; 1000" in page  # the reason
        assert "finance" in page  # the owner
        after = client.get("/v1/query?metric=revenue&grain=month").json()
        assert after["rows"] == before["rows"]
        assert "stale" in " ".join(after["notes"])
        facts = client.get("/v1/metrics/revenue").json()
        assert "table.sales" in facts["stale_because"]
