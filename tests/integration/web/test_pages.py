"""Every page: it stands, says what it should, leaves nobody out and asks nobody else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.integration.run.small import Small, small_shop
from tests.integration.web.conftest import Served, Watch, serving, violations

from headwater.web.options import ServeOptions

PATHS = (
    "/",
    "/catalogue",
    "/catalogue?q=sales",
    "/catalogue?q=nothing+of+this",
    "/glossary",
    "/tables/sales",
    "/tables/customers",
    "/sources/orders",
)


@pytest.mark.parametrize("path", PATHS)
def test_a_page_stands(small_pages: Served, path: str) -> None:
    with small_pages.client() as client:
        answer = client.get(path)
    assert answer.status_code == 200
    assert answer.text.count("<h1>") == 1
    assert "<main" in answer.text
    assert not re.search(r"\son\w+=|\sstyle=|<script>|javascript:", answer.text)


@pytest.mark.parametrize(("width", "colours"), [(1440, "dark"), (390, "light")])
def test_nothing_is_withheld_and_nobody_else_is_asked(
    small_pages: Served, watch: Watch, axe: str, width: int, colours: str
) -> None:
    found: dict[str, list[str]] = {}
    with watch(
        small_pages, color_scheme=colours, viewport={"width": width, "height": 900}
    ) as watched:
        for path in PATHS:
            page = watched.open(path)
            found[path] = violations(page, axe)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{path} is {wide} px too wide"
    assert {path: each for path, each in found.items() if each} == {}
    assert watched.errors == []
    assert watched.outside() == []


def test_an_unknown_page_says_what_to_do(small_pages: Served, watch: Watch, axe: str) -> None:
    with small_pages.client() as client:
        answer = client.get("/tables/salse")
        assert answer.status_code == 404
        assert "Did you mean <code>sales</code>?" in answer.text
        assert "E974" in answer.text
        assert client.get("/nowhere").status_code == 404
        assert client.get("/catalogue", params={"q": "x" * 300}).status_code == 400
    with watch(small_pages) as watched:
        assert violations(watched.open("/nowhere"), axe) == []


def test_a_page_is_made_once_and_known_again(small_pages: Served) -> None:
    with small_pages.client() as client:
        first = client.get("/tables/sales")
        again = client.get("/tables/sales", headers={"if-none-match": first.headers["etag"]})
    assert first.headers["content-encoding"] == "gzip"
    assert (again.status_code, again.content) == (304, b"")


def test_personal_columns_are_masked(tmp_path: Path) -> None:
    small = small_shop(Small(tmp_path / "small"))
    small.write(
        "tables/people.sql",
        """
        /*
        key: customer
        pii: {customer: hash}
        */
        select customer, count(*) as orders from sales group by customer
        """,
    )
    small.run()
    with serving(ServeOptions(project=small.root)) as served, served.client() as client:
        text = client.get("/tables/people").text
    assert "•••" in text
    assert ">ann<" not in text


def test_nothing_published_yet_is_a_page_too(tmp_path: Path, watch: Watch, axe: str) -> None:
    small = small_shop(Small(tmp_path / "small"))
    with serving(ServeOptions(project=small.root)) as served, watch(served) as watched:
        page = watched.open("/")
        assert "Nothing is published yet" in page.inner_text("main")
        assert violations(page, axe) == []
        assert "Nothing is published yet" in watched.open("/tables/sales").inner_text("main")
