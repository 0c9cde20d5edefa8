"""Metrics and dashboards in the browser: numbers, definitions, approval, rows behind a point."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.dashboards.small_dashboard import small_dashboard
from tests.integration.web.conftest import Served, Watch, serving, violations

from headwater.web.options import ServeOptions

PATHS = (
    "/",
    "/metrics",
    "/metrics?grain=week",
    "/metrics/revenue",
    "/metrics/revenue?grain=day&period=last+30+days&compare=none",
    "/metrics/order_value",
    "/metrics/retention",
    "/metrics/revenue/why",
    "/metrics/revenue/rows?period=2024-02-10",
    "/dashboards",
    "/dashboards/trading",
    "/dashboards/trading?country=France&period=last+20+days&compare=previous",
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A small shop with metrics and a dashboard; tests only read it."""
    small = small_dashboard(tmp_path_factory.mktemp("shop"))
    small.run()
    with serving(ServeOptions(project=small.root)) as served:
        yield served


@pytest.mark.parametrize("path", PATHS)
def test_a_page_stands(shop: Served, path: str) -> None:
    with shop.client() as client:
        answer = client.get(path)
    assert answer.status_code == 200, answer.text[-1500:]
    assert answer.text.count("<h1>") == 1
    assert not re.search(r"\son\w+=|\sstyle=|<script>|javascript:", answer.text)


@pytest.mark.parametrize(("width", "colours"), [(1440, "dark"), (390, "light")])
def test_nothing_is_withheld(
    shop: Served, watch: Watch, axe: str, width: int, colours: str
) -> None:
    found: dict[str, list[str]] = {}
    with watch(shop, color_scheme=colours, viewport={"width": width, "height": 900}) as watched:
        for path in PATHS:
            page = watched.open(path)
            found[path] = violations(page, axe)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{path} is {wide} px too wide"
    assert {path: each for path, each in found.items() if each} == {}
    assert watched.errors == []
    assert watched.outside() == []


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/metrics/revenu", 404, "Did you mean"),
        ("/metrics/revenue?period=nonsense", 400, "E807"),
        ("/metrics/revenue?period=2024-02..2024-01", 400, "E807"),
        ("/metrics/revenue?period=1999", 200, "No values in this period"),
        ("/metrics/revenue?grain=fortnight", 400, "E974"),
        ("/metrics/revenue/rows", 400, "E974"),
        ("/metrics/revenue/rows?period=2024-02&by=nothing", 404, "E974"),
        ("/metrics/revenue/rows?period=1999", 200, "No rows"),
        ("/metrics/revenue/why?period=1999", 200, "E95"),
        ("/dashboards/tradin", 404, "Did you mean"),
        ("/dashboards/trading?countri=France", 400, "E966"),
        ("/dashboards/trading?country=x'%20or%201=1--", 200, "No values"),
        ("/dashboards/trading?country=%3Cscript%3Ealert(1)%3C/script%3E", 200, "&lt;script&gt;"),
    ],
)
def test_what_is_asked_wrongly_is_told(shop: Served, path: str, status: int, words: str) -> None:
    with shop.client() as client:
        answer = client.get(path)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text[-2000:]
    assert "<script>alert" not in answer.text
    assert "Traceback" not in answer.text


def count_of(text: str) -> int:
    """How many rows a page says there are."""
    (found,) = re.findall(r'<span class="soft">([\d,]+) rows?</span>', text)
    return int(found.replace(",", ""))


def joined_rows(shop: Served) -> int:
    """The rows of February of all sizes of customers together, and of those without any."""
    with shop.client() as client:
        asked = {"metric": "revenue", "by": "customers.size", "period": "2024-02"}
        groups = [
            row["customers.size"] for row in client.get("/v1/query", params=asked).json()["rows"]
        ]
        assert len(groups) > 1
        words = [{"value": group} if group is not None else {} for group in groups]
        path, those = "/metrics/revenue/rows", {"period": "2024-02", "by": "customers.size"}
        return sum(count_of(client.get(path, params=those | each).text) for each in words)


def test_rows_behind_a_group(shop: Served) -> None:
    with shop.client() as client:
        everything = client.get("/metrics/revenue/rows?period=2024-02").text
        france = client.get("/metrics/revenue/rows?period=2024-02&by=country&value=France").text
    assert joined_rows(shop) == count_of(everything)
    assert ">Spain<" in everything
    assert ">France<" in france
    assert ">Spain<" not in france


def test_a_point_leads_to_its_rows(shop: Served, watch: Watch) -> None:
    with watch(shop, viewport={"width": 1440, "height": 1000}) as watched:
        page = watched.open("/metrics/revenue?grain=day&period=2024-02")
        chart = page.locator(".great svg[data-plot]:visible")
        chart.focus()
        page.keyboard.press("Home")
        page.keyboard.press("Enter")
        page.wait_for_url("**/metrics/revenue/rows?period=2024-02-01..2024-02-01")
        page.go_back()
        chart.hover(position={"x": 400, "y": 100})
        chart.click(position={"x": 400, "y": 100})
        page.wait_for_url("**/metrics/revenue/rows?period=2024-02-*")
        assert watched.errors == []


def test_on_paper_there_is_nothing_to_press(shop: Served, watch: Watch) -> None:
    with watch(shop, viewport={"width": 690, "height": 1000}) as watched:
        page = watched.open("/metrics/revenue")
        page.emulate_media(media="print")
        shown = "element => element.checkVisibility()"
        for place in (".side", "button", "input", "select", "details:not([open])"):
            assert not any(each.evaluate(shown) for each in page.locator(place).all()), place
        assert page.evaluate("document.documentElement.scrollWidth") <= 690
        columns = "getComputedStyle(document.querySelector('.grid')).gridTemplateColumns"
        assert len(page.evaluate(columns).split()) == 2
        assert page.pdf(format="A4").startswith(b"%PDF")


def test_filters_work_without_script(shop: Served, watch: Watch) -> None:
    with watch(shop, java_script_enabled=False) as watched:
        page = watched.open("/dashboards/trading")
        page.select_option("select[name=country]", "France")
        page.click("form.filters button")
        page.wait_for_url("**/dashboards/trading?*country=France*")
        assert page.locator("select[name=country]").input_value() == "France"


def test_a_definition_is_approved_on_its_page(
    tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADWATER_USER", "ann")
    small = small_dashboard(tmp_path / "shop")
    settings = (small.root / "headwater.yml").read_text()
    if "teams:" not in settings:
        small.write("headwater.yml", f"{settings}teams:\n  finance: {{members: [ann]}}\n")
    small.run()
    with serving(ServeOptions(project=small.root)) as served:
        with served.client() as client:
            assert client.post("/metrics/revenue/approve").status_code == 403
        with watch(served) as watched:
            page = watched.open("/metrics/revenue")
            assert "draft" in page.inner_text(".head")
            page.click(".approve button")
            page.wait_for_url("**/metrics/revenue#approval")
            assert "approved" in page.inner_text(".head")
            assert "by ann for finance" in page.inner_text("main")
            page = watched.open("/metrics")
            page.locator("[data-about='metric.revenue']").first.hover()
            page.wait_for_selector("#about:not([hidden])")
            assert "Approved by ann" in page.inner_text("#about")
            assert watched.errors == []


def test_who_may_not_approve_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_USER", "mallory")
    small = small_dashboard(tmp_path / "shop")
    small.run()
    with serving(ServeOptions(project=small.root)) as served, served.client() as client:
        page = client.get("/metrics/revenue")
        token = re.search(r'name="form_token" value="(\w+)"', page.text)
        assert token is not None
        sent = {"form_token": token[1]}
        answer = client.post("/metrics/revenue/approve", data=sent, headers={"origin": served.url})
    assert (answer.status_code, "E935" in answer.text) == (400, True)
