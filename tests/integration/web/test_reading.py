"""What a reader does: keyboard, search, popovers, colours; and news while reading."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx
from tests.integration.run.small import Small, small_shop
from tests.integration.web.conftest import Served, Watch, serving

from headwater.web.options import ServeOptions


def test_search_by_keyboard(small_pages: Served, watch: Watch) -> None:
    with watch(small_pages) as watched:
        page = watched.open("/glossary")
        page.keyboard.press("/")
        page.keyboard.type("cust")
        page.wait_for_selector("#results a")
        assert page.get_attribute("#find", "aria-expanded") == "true"
        page.keyboard.press("Escape")
        assert page.locator("#results").is_hidden()
        page.keyboard.type("omers")
        page.wait_for_selector("#results a")
        page.keyboard.press("ArrowDown")
        assert page.get_attribute("#find", "aria-activedescendant") == "result-0"
        page.keyboard.press("Enter")
        page.wait_for_url("**/tables/customers")
        assert watched.errors == []


def test_search_without_script(small_pages: Served, watch: Watch) -> None:
    with watch(small_pages, java_script_enabled=False) as watched:
        page = watched.open("/")
        page.fill("#find", "customers")
        page.press("#find", "Enter")
        page.wait_for_url("**/catalogue?q=customers")
        assert "customers" in page.inner_text(".hits li:first-child")


def test_a_name_tells_what_it_is(small_pages: Served, watch: Watch) -> None:
    with watch(small_pages) as watched:
        page = watched.open("/catalogue")
        name = page.locator("[data-about='table.sales']").first
        name.hover()
        page.wait_for_selector("#about:not([hidden])")
        assert "owner none" in page.inner_text("#about")
        assert name.get_attribute("aria-describedby") == "about"
        page.keyboard.press("Escape")
        assert page.locator("#about").is_hidden()
        page.mouse.move(5, 5)
        name.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        page.wait_for_selector("#about:not([hidden])")
    with watch(small_pages, has_touch=True, is_mobile=True) as watched:
        page = watched.open("/catalogue")
        page.locator("[data-about='table.sales'] + .about-button").first.tap()
        page.wait_for_selector("#about:not([hidden])")


def test_the_first_stop_leads_to_the_content(small_pages: Served, watch: Watch) -> None:
    with watch(small_pages) as watched:
        page = watched.open("/glossary")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_colours_stay_as_chosen(small_pages: Served, watch: Watch) -> None:
    dark = "getComputedStyle(document.documentElement).colorScheme"
    with watch(small_pages, color_scheme="light") as watched:
        page = watched.open("/")
        page.click("[data-theme-button]")
        assert page.evaluate(dark) == "dark"
        assert watched.open("/glossary").evaluate(dark) == "dark"
        assert page.inner_text("[data-theme-button]") == "Light"


def test_pages_refresh_after_a_release(tmp_path: Path, watch: Watch) -> None:
    small = small_shop(Small(tmp_path / "small"))
    small.run()
    with serving(ServeOptions(project=small.root)) as served, watch(served) as watched:
        page = watched.open("/tables/sales")
        assert "4 rows" in page.inner_text(".facts")
        page.locator("main a[href='/tables/daily']").first.focus()
        page.keyboard.press("Escape")
        page.wait_for_timeout(500)
        small.deliver("day4", [(5, "2024-03-05 09:00", "dan", 50)])
        small.run()
        page.wait_for_selector("body[data-release='2']", timeout=20_000)
        assert "5 rows" in page.inner_text(".facts")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "/tables/daily"
        assert "release 2" in page.inner_text("[data-news]")
        assert watched.errors == []


def test_readers_are_served_while_a_run_writes(tmp_path: Path) -> None:
    small = small_shop(Small(tmp_path / "small"))
    small.run()
    paths = ("/", "/tables/sales", "/catalogue?q=sales", "/glossary", "/release", "/tables/daily")
    failed: list[str] = []
    slow: list[float] = []
    done = threading.Event()

    def read(url: str) -> None:
        with httpx.Client(base_url=url, timeout=30) as client:
            while not done.is_set():
                for path in paths:
                    began = time.perf_counter()
                    answer = client.get(path)
                    slow.append(time.perf_counter() - began)
                    if answer.status_code != 200:
                        failed.append(f"{path} {answer.status_code}")

    with serving(ServeOptions(project=small.root)) as served:
        readers = [threading.Thread(target=read, args=(served.url,)) for _ in range(8)]
        for reader in readers:
            reader.start()
        for day in range(5, 9):
            small.deliver(f"day{day}", [(day, f"2024-03-0{day} 09:00", "eve", day)])
            small.run()
        until = time.monotonic() + 15
        while served.app.state.site.snapshot.release.number < 5 and time.monotonic() < until:
            time.sleep(0.05)
        done.set()
        for reader in readers:
            reader.join()
        assert served.app.state.site.snapshot.release.number == 5
    assert failed == []
    assert len(slow) > 100
