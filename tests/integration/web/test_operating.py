"""Pages of runs, releases, quarantine, lineage and the schedule, on a project that had trouble."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.run.small import Small, small_shop
from tests.integration.web.conftest import Served, Watch, serving, violations

from headwater.web.options import ServeOptions

HOSTILE = "<img src=x onerror=alert(1)>"
SALES = """
/*
time: ordered_at
key: id
pii: {customer: hash}
rules:
  - amount < 1000
  - warning: id < 4
*/
select id, ordered_at, customer, amount::decimal(18,2) as amount from orders
"""


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two releases, rows in quarantine, a run that was held, a run without news."""
    small = small_shop(Small(tmp_path_factory.mktemp("operating") / "small"))
    small.write(
        "headwater.yml", (small.root / "headwater.yml").read_text() + 'schedule: "@daily"\n'
    )
    small.write("tables/sales.sql", SALES)
    small.deliver("day4", [(5, "2024-03-05 09:00", HOSTILE, 5000)])
    small.run()
    small.write("tables/sales.sql", SALES.replace("amount::dec", "2 * amount::dec"))
    small.run()
    small.deliver("day5", [(6, "2024-03-06 09:00", "ann", 1), (6, "2024-03-06 10:00", "ann", 1)])
    small.run()
    small.run()
    with serving(ServeOptions(project=small.root, schedule=False)) as served:
        yield served


def run_paths(served: Served) -> list[str]:
    with served.client() as client:
        return list(dict.fromkeys(re.findall(r"/runs/\w+", client.get("/runs").text)))


def paths(served: Served) -> list[str]:
    return [
        "/runs",
        "/runs?page=2",
        "/plan",
        "/releases",
        "/releases/1",
        "/releases/2",
        "/restatements",
        "/quarantine",
        "/quarantine/sales",
        "/lineage",
        "/lineage?focus=sales&depth=1",
        "/lineage?group=folder",
        "/lineage?group=kind&kind=table",
        "/schedule",
        *run_paths(served),
    ]


def test_every_page_stands(troubled: Served) -> None:
    with troubled.client() as client:
        for path in paths(troubled):
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert answer.text.count("<h1>") == 1, path
            assert not re.search(r"\son\w+=|\sstyle=|<script>|<img|javascript:", answer.text), path


@pytest.mark.parametrize(("width", "colours"), [(1440, "light"), (390, "dark")])
def test_nobody_is_left_out(
    troubled: Served, watch: Watch, axe: str, width: int, colours: str
) -> None:
    found: dict[str, list[str]] = {}
    size = {"width": width, "height": 900}
    with watch(troubled, color_scheme=colours, viewport=size) as watched:
        for path in paths(troubled):
            page = watched.open(path)
            found[path] = violations(page, axe)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{path} is {wide} px too wide"
    assert {path: each for path, each in found.items() if each} == {}
    assert watched.errors == []
    assert watched.outside() == []


def test_a_held_run_says_what_and_what_waits_with_it(troubled: Served) -> None:
    with troubled.client() as client:
        pages = [client.get(path).text for path in run_paths(troubled)]
    held = next(page for page in pages if "Held" in page)
    assert "E721" in held
    assert "Waiting with it" in held
    assert "/tables/daily" in held


def test_a_release_shows_what_moved_and_which_lines(troubled: Served) -> None:
    with troubled.client() as client:
        text = client.get("/releases/2").text
    assert "Totals that moved" in text
    assert "2 * amount::decimal(18,2)" in text
    assert "<code>tables/sales.sql</code> edited" in text


def test_personal_values_of_waiting_rows_are_masked(troubled: Served) -> None:
    with troubled.client() as client:
        text = client.get("/quarantine/sales").text
        assert "10,000.00" in text
        assert "•••" in text
        assert "onerror" not in text
        assert client.get("/quarantine/sales", params={"rule": HOSTILE}).status_code == 400
        assert "onerror=alert(1)>" not in client.get("/quarantine/" + HOSTILE).text


def test_focus_takes_names_and_tells_the_nearest(troubled: Served) -> None:
    with troubled.client() as client:
        assert client.get("/lineage", params={"focus": "sales"}).status_code == 200
        missing = client.get("/lineage", params={"focus": "salse"})
        assert missing.status_code == 404
        assert "Did you mean <code>sales</code>?" in missing.text
        assert client.get("/lineage", params={"depth": "0"}).status_code == 400
        assert client.get("/lineage", params={"group": HOSTILE}).status_code == 400


def test_what_is_not_there(troubled: Served) -> None:
    with troubled.client() as client:
        for path in ("/runs/nope", "/releases/99", "/quarantine/orders"):
            assert client.get(path).status_code == 404, path
        assert client.get("/releases/abc").status_code == 400


def test_the_plan_follows_the_folder(tmp_path: Path) -> None:
    small = small_shop(Small(tmp_path / "small"))
    small.run()
    with serving(ServeOptions(project=small.root)) as served, served.client() as client:
        assert "Nothing to do" in client.get("/plan").text
        small.deliver("day9", [(9, "2024-03-09 09:00", "ann", 9)])
        assert "new deliveries" in client.get("/plan").text
        small.write("tables/daily.sql", "select 1 as broken from nowhere")
        assert "in the files" in client.get("/plan").text


def test_the_graph_is_read_by_keyboard(troubled: Served, watch: Watch) -> None:
    with watch(troubled) as watched:
        page = watched.open("/lineage")
        page.focus(".graph")
        page.keyboard.press("Tab")
        title = page.evaluate("document.activeElement.querySelector('title')?.textContent")
        assert title == "orders: source, reads 0, read by 1"
        page.keyboard.press("Enter")
        page.wait_for_url("**/lineage?focus=source.orders")
