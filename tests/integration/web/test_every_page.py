"""Every route has a page here: of a project with restatements, a report, and a held run."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from tests.integration.dashboards.small_dashboard import small_dashboard
from tests.integration.web.conftest import Served, Watch, serving, violations

from headwater.project.reporting.delivering import deliver
from headwater.project.reporting.making import build_pack, find_report, pack_files
from headwater.web.options import ServeOptions

REPORT = """
    title: Monthly pack
    description: The month in `numbers`.
    owner: finance
    audience: The board
    schedule: "0 7 1 * *"
    metrics: [revenue, orders, order_value, retention]
    parameters: {place: France}
    where: "country = :place"
    deliver:
      - folder: out
"""
MODELS = (
    "/models/{name}",
    "/models/{name}/monitoring",
    "/features/{name}",
    "/labels/{name}",
    "/scores/{name}",
    "/training-sets/{name}",
)
#: Route → addresses of it.
PAGES: dict[str, list[str]] = {
    "/": ["/"],
    "/dashboards": ["/dashboards"],
    "/dashboards/{name}": ["/dashboards/trading", "/dashboards/trading?country=Atlantis"],
    "/metrics": ["/metrics?grain=week"],
    "/metrics/{name}": ["/metrics/revenue", "/metrics/order_value?grain=day", "/metrics/retention"],
    "/metrics/{name}/why": [
        "/metrics/revenue/why?period=2024-02",
        "/metrics/order_value/why?period=2024-02&by=country",
        "/metrics/revenue/why?period=2024-03",
        "/metrics/revenue/why?period=1999",
        "/metrics/retention/why",
    ],
    "/metrics/{name}/rows": ["/metrics/revenue/rows?period=2024-02-10"],
    "/reports": ["/reports"],
    "/reports/{name}": ["/reports/monthly", "/reports/monthly?period=2024-01&set.place=Spain"],
    "/queries": ["/queries"],
    "/queries/{name}": ["/queries/best", "/queries/best?top=many"],
    "/sql": ["/sql", "/sql?query=best"],
    "/catalogue": ["/catalogue", "/catalogue?q=revenue", "/catalogue?q=nothing+of+this"],
    "/glossary": ["/glossary"],
    "/lineage": ["/lineage", "/lineage?focus=metric.revenue&depth=1"],
    "/tables/{name}": ["/tables/sales", "/tables/customers"],
    "/sources/{name}": ["/sources/orders"],
    "/rollups/{name}": ["/rollups/sales_day"],
    "/nodes/{name}": ["/nodes/metric.revenue"],
    "/models": ["/models"],
    **{path: [] for path in MODELS},  # in test_model_pages
    "/runs": ["/runs"],
    "/runs/{name}": [],  # found on the list
    "/plan": ["/plan"],
    "/releases": ["/releases"],
    "/releases/{number}": ["/releases/1", "/releases/2"],
    "/restatements": ["/restatements", "/restatements?metric=revenue"],
    "/quarantine": ["/quarantine"],
    "/quarantine/{name}": [],  # in test_operating
    "/schedule": ["/schedule"],
    "/login": ["/login"],
    "/nowhere": ["/nowhere", "/metrics/revenu", "/metrics/revenue?period=nonsense"],
}
#: What is no page: files, and answers for scripts.
FILES = frozenset(
    (
        "/static/{name}",
        "/search.json",
        "/about/{name}",
        "/release",
        "/queries/{name}/rows.{format}",
        "/reports/{name}/pack.{format}",
    )
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two releases, of which the second restates; a delivered report; a table that is held."""
    small = small_dashboard(tmp_path_factory.mktemp("house"))
    small.write("reports/monthly.yml", REPORT)
    small.run()
    sales = small.root / "tables" / "sales.sql"
    sales.write_text(sales.read_text().replace("amount::dec", "2 * amount::dec"))
    small.run()
    with small.open() as project:
        pack = build_pack(project, find_report(project, "monthly", released=True))
        deliver(pack, pack_files(pack, project), project.workspace)
    twice = [(1, "2024-03-09 09:00", "c1", 5, "France"), (1, "2024-03-09 10:00", "c1", 5, "Spain")]
    small.deliver("more", twice, "id,ordered_at,customer,amount,country")
    small.run()
    with serving(ServeOptions(project=small.root, schedule=False)) as served:
        yield served


def addresses(served: Served) -> list[str]:
    with served.client() as client:
        runs = re.findall(r"/runs/\w+", client.get("/runs").text)
    return [*(path for each in PAGES.values() for path in each), *dict.fromkeys(runs)]


def test_every_route_is_here(house: Served) -> None:
    routes = [r for router in house.app.routes for r in _inside(router)]
    read = {r.path for r in routes if "GET" in (r.methods or ()) and not r.path.startswith("/v1/")}
    assert read - FILES == set(PAGES) - {"/nowhere"}


def _inside(route: object) -> Iterator[APIRoute]:
    """The routes of an application; some versions keep routers whole."""
    if isinstance(route, APIRoute):
        yield route
    original = getattr(route, "original_router", None)
    for each in getattr(original, "routes", ()):
        yield from _inside(each)


@pytest.mark.parametrize(("width", "colours"), [(1440, "light"), (390, "dark")])
def test_nobody_is_left_out(
    house: Served, watch: Watch, axe: str, width: int, colours: str
) -> None:
    found: dict[str, list[str]] = {}
    size = {"width": width, "height": 900}
    with watch(house, color_scheme=colours, viewport=size) as watched:
        for path in addresses(house):
            page = watched.open(path)
            assert page.locator("h1").count() == 1, path
            found[path] = violations(page, axe)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{path} is {wide} px too wide"
    assert {path: each for path, each in found.items() if each} == {}
    # Pages of mistakes come with their status, which Chromium notes.
    assert [e for e in watched.errors if "the server responded with a status of 4" not in e] == []
    assert watched.outside() == []


def test_readouts_stay_on_the_page(house: Served, watch: Watch) -> None:
    for width in (1440, 390):
        with watch(house, viewport={"width": width, "height": 900}) as watched:
            page = watched.open("/dashboards/trading?period=last+30+days")
            charts = page.locator("svg[data-plot]:visible")
            assert charts.count()
            for chart in charts.all():
                box = chart.bounding_box()
                assert box is not None
                for share in (0.1, 0.55, 0.95):
                    chart.hover(position={"x": box["width"] * share, "y": box["height"] / 2})
                    tip = page.locator(".chart-tip").bounding_box()
                    assert tip is not None
                    assert tip["x"] >= 0
                    assert tip["x"] + tip["width"] <= width


def test_what_is_stale_is_told_once(house: Served) -> None:
    with house.client() as client:
        board = client.get("/dashboards/trading").text
        metric = client.get("/metrics/revenue").text
        home = client.get("/").text
    assert board.count("table.sales is held") == 1
    assert board.count('href="#stale"') >= 3
    assert "Stale." in metric
    assert "held in the newest run" in home


def test_restatements_of_one_cause_are_one_matter(house: Served) -> None:
    with house.client() as client:
        home, listed = client.get("/").text, client.get("/restatements").text
    assert home.count("restated in release #2") == 1
    assert "Definition" in listed or "Upstream logic" in listed
    assert 'value="order_value"' in listed


def test_a_metric_called_by_its_title_and_its_period_so_far(house: Served) -> None:
    with house.client() as client:
        page = client.get("/metrics/revenue").text
    assert "By size of customers" in page
    assert "so far" in page
    assert ">customers.size<" not in page
    assert "/metrics/revenue/why?period=" in page


def test_why_says_how_much_of_what_and_leads_to_rows(house: Served) -> None:
    with house.client() as client:
        page = client.get("/metrics/order_value/why?period=2024-02").text
        revenue = client.get("/metrics/revenue/why?period=2024-02&by=country").text
        partial = client.get("/metrics/revenue/why?period=2024-03").text
        cohorts = client.get("/metrics/retention/why").text
        wrong = client.get("/metrics/revenue/why?period=2024-02&by=contry")
    assert re.search(r"Order value (rose|fell) by", page)
    assert "Its parts" in page
    assert "The parts add up exactly." in page
    rows = re.findall(r'href="(/metrics/revenue/rows\?[^"]+by=country[^"]+)"', revenue)
    assert len(rows) >= 4
    with house.client() as client:
        assert client.get(rows[0].replace("&amp;", "&")).status_code == 200
    assert "By country" in revenue
    assert "By size of customers" not in revenue
    assert "The period is not over" in partial
    assert "Cohorts are not compared" in cohorts
    assert wrong.status_code == 200
    assert "country" in wrong.text


def test_a_report_of_any_period(house: Served) -> None:
    with house.client() as client:
        listed, page = client.get("/reports").text, client.get("/reports/monthly").text
        january = client.get("/reports/monthly?period=2024-01").text
        nowhere = client.get("/reports/monthl")
        wrong = client.get("/reports/monthly?period=nonsense")
        unknown = client.get("/reports/monthly?set.plac=x")
    assert "last delivered" in listed
    assert "February 2024" in page
    assert "folder out" in page
    assert "January 2024" in january
    assert (nowhere.status_code, "did you mean" in nowhere.text.lower()) == (404, True)
    assert (wrong.status_code, "E807" in wrong.text) == (400, True)
    assert (unknown.status_code, "E952" in unknown.text) == (400, True)


@pytest.mark.parametrize(
    ("ending", "kind", "begin"),
    [
        ("html", "text/html; charset=utf-8", b"<!doctype html>"),
        ("json", "application/json", b"{"),
        ("pdf", "application/pdf", b"%PDF-"),
    ],
)
def test_a_pack_is_taken_along(house: Served, ending: str, kind: str, begin: bytes) -> None:
    with house.client() as client:
        answer = client.get(f"/reports/monthly/pack.{ending}?period=2024-02")
        assert client.get("/reports/monthly/pack.exe").status_code == 400
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    # As a file it opens apart from these pages, and its own style does not need their policy.
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert answer.content.startswith(begin)
    assert "style-src 'self'" in answer.headers["content-security-policy"]
