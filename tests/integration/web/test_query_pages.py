"""Pages of saved queries and of SQL: forms, rows, files, mistakes, and hostile input."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.integration.run.small import Small, small_shop
from tests.integration.web.conftest import Served, Watch, serving, violations

from headwater.web.options import ServeOptions

HOSTILE = "<script>alert(1)</script>'\"--"
BEST = """
    /*
    title: Best customers
    description: Who spent `most`.
    meta: {lesson: 2}
    parameters:
      since: {default: 2024-03-01, description: The first day.}
      customer: {choices: select distinct customer from customers}
      text: {default: "a<b"}
      returns: {type: boolean}
      top: 20
    */
    select customer,   -- Who it was.
      sum(amount) as spent, :text as text, :returns as returns
    from sales
    where ordered_at >= :since and (:customer is null or customer = :customer)
    group by customer
    order by spent desc, customer
    limit :top
"""
PATHS = (
    "/queries",
    "/queries/best",
    "/queries/best?customer=x&top=many",
    "/queries/needed",
    "/sql",
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    small = small_shop(Small(tmp_path_factory.mktemp("queries") / "small"))
    small.write("queries/best.sql", BEST)
    small.write("queries/plain.sql", "select * from range(300) as t(n)")
    small.write(
        "queries/needed.sql",
        "/*\nparameters:\n  day: {type: date, required: true}\n*/\nselect :day as day",
    )
    small.write(
        "tables/people.sql",
        "/*\nkey: name\npii: {name: hash}\n*/\nselect distinct customer as name from sales",
    )
    small.write("queries/people.sql", "select name, length(name) as long from people order by name")
    small.run()
    with serving(ServeOptions(project=small.root)) as served:
        yield served


@pytest.fixture
def client(pages: Served) -> Iterator[httpx.Client]:
    with pages.client() as opened:
        yield opened


def rows(page: str) -> list[list[str]]:
    """The cells of the page's table."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", body)
    ]


def typed(client: httpx.Client, sql: str, path: str = "/sql") -> httpx.Response:
    """SQL sent as the page's own form sends it."""
    page = client.get("/sql").text
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found is not None
    return client.post(path, data={"sql": sql, "form_token": found[1]})


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_leave_nobody_out(
    pages: Served, watch: Watch, axe: str, colours: str, width: int
) -> None:
    with watch(pages, color_scheme=colours, viewport={"width": width, "height": 900}) as watched:
        for path in PATHS:
            page = watched.open(path)
            assert violations(page, axe) == [], path
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    assert watched.outside() == []


def test_lessons_come_first_in_their_order(client: httpx.Client) -> None:
    page = client.get("/queries").text
    assert "Learn SQL" in page
    assert "Who spent <code>most</code>." in page
    assert page.index("/queries/plain") < page.index("/queries/best")


def test_a_form_holds_the_values_of_the_address(client: httpx.Client) -> None:
    page = client.get("/queries/best?customer=bob&top=5&returns=yes").text
    assert rows(page) == [["bob", "20.00", "a&lt;b", "true"]]
    assert 'type="date" value="2024-03-01"' in page
    assert '<option value="bob" selected>' in page
    assert '<option value="true" selected>' in page
    assert '<input name="top" type="number" value="5" step="1">' in page
    assert '<input name="text" type="text" value="a&lt;b"' in page
    assert "The first day." in page
    assert "Who it was." in page


def test_what_was_typed_wrongly_stays(client: httpx.Client) -> None:
    answer = client.get("/queries/best", params={"customer": HOSTILE, "top": "many"})
    assert answer.status_code == 400
    assert "<script>alert" not in answer.text
    assert "E981" in answer.text
    assert "E980" in answer.text
    assert 'value="many" maxlength="500" aria-invalid="true"' in answer.text
    assert client.get("/queries/best?tpo=3").text.count("did you mean <code>top</code>?") == 1


def test_a_needed_value_is_asked_for(client: httpx.Client) -> None:
    page = client.get("/queries/needed")
    assert page.status_code == 200
    assert "Fill in the values that are needed." in page.text
    assert rows(client.get("/queries/needed?day=2024-03-01").text) == [["2024-03-01"]]
    assert client.get("/queries/needed?day=").status_code == 400


def test_a_page_shows_the_first_rows_and_files_hold_all(client: httpx.Client) -> None:
    page = client.get("/queries/plain").text
    assert len(rows(page)) == 200
    assert "300 rows, 200 of them here" in page
    assert len(client.get("/queries/plain/rows.csv").text.splitlines()) == 301
    assert len(client.get("/queries/plain/rows.json").json()) == 300
    parquet = client.get("/queries/plain/rows.parquet")
    assert pq.read_table(BytesIO(parquet.content)).num_rows == 300
    assert 'filename="plain.parquet"' in parquet.headers["content-disposition"]
    arrow = client.get("/queries/plain/rows.arrow").content
    assert pa.ipc.open_stream(arrow).read_all().num_rows == 300
    assert client.get("/queries/best/rows.csv?customer=bob").text.startswith("customer,spent")
    assert client.get("/queries/best/rows.csv?top=x").status_code == 400
    assert client.get("/queries/plain/rows.exe").status_code == 400


def test_personal_columns_are_masked(client: httpx.Client) -> None:
    assert rows(client.get("/queries/people").text)[0] == ["•••", "3"]
    assert client.get("/queries/people/rows.csv").text.splitlines()[1] == "•••,3"
    assert rows(typed(client, "select p.name as who from people p").text)[0] == ["•••"]


def test_unknown_queries(client: httpx.Client) -> None:
    answer = client.get("/queries/bset")
    assert answer.status_code == 404
    assert "Did you mean <code>best</code>?" in answer.text
    assert client.get("/sql?query=bset").status_code == 404


def test_a_saved_query_is_changed_and_tried(client: httpx.Client) -> None:
    page = client.get("/sql", params={"query": "best", "customer": "bob", "text": "it's"}).text
    text = page.partition("<textarea")[2].partition(">\n")[2].partition("</textarea>")[0]
    sql = text.replace("&#39;", "'").replace("&gt;", ">").replace("&lt;", "<")
    assert "where ordered_at >= date '2024-03-01' and ('bob' is null" in sql
    assert "'it''s' as text" in sql
    assert rows(typed(client, sql).text) == [["bob", "20.00", "it&#39;s", "null"]]


def test_sql_of_ones_own(client: httpx.Client) -> None:
    answer = typed(client, "select customer, amount from sales order by id -- all")
    assert answer.status_code == 200
    assert rows(answer.text)[0] == ["ann", "10.00"]
    assert answer.headers["cache-control"] == "no-store"
    file = typed(client, "select 1 as one", "/sql/rows.csv")
    assert file.text == "one\n1\n"


def test_mistakes_stand_beside_the_text(client: httpx.Client) -> None:
    answer = typed(client, f"select\n  amuont, '{HOSTILE.replace(chr(39), '')}'\nfrom sales")
    assert answer.status_code == 400
    assert "E202" in answer.text
    assert "line 2, column 3" in answer.text
    assert 'data-line="2" data-column="3"' in answer.text
    assert "did you mean <code>amount</code>?" in answer.text
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    "sql",
    [
        "drop table sales",
        "copy sales to '/tmp/x.csv'",
        "select * from read_csv('/etc/passwd')",
        "select * from duckdb_settings()",
        "select 1; select 2",
        "",
    ],
)
def test_nothing_else_is_run(client: httpx.Client, sql: str) -> None:
    answer = typed(client, sql)
    assert answer.status_code == 400
    assert rows(answer.text) == []


def test_only_our_own_form_runs_sql(client: httpx.Client) -> None:
    assert client.post("/sql", data={"sql": "select 1"}).status_code == 403
    assert client.get("/sql?sql=select+1").status_code == 200
    assert rows(client.get("/sql?sql=select+1").text) == []


def test_with_the_keyboard(pages: Served, watch: Watch, axe: str) -> None:
    with watch(pages) as watched:
        page = watched.open("/sql")
        page.keyboard.type("select amuont from sales")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("[role=alert]")
        assert page.evaluate("document.activeElement.selectionStart") == 7
        assert violations(page, axe) == []
        page.keyboard.press("Control+a")
        page.keyboard.type("select count(*) as n from sales")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("tbody td")
        assert page.inner_text("tbody td") == "4"
        assert violations(page, axe) == []
    assert watched.outside() == []


def test_without_scripts(pages: Served, watch: Watch) -> None:
    with watch(pages, java_script_enabled=False) as watched:
        page = watched.open("/queries/best")
        page.select_option("select[name=customer]", "cid")
        page.click("button.main")
        page.wait_for_load_state("load")
        assert "customer=cid" in page.url
        assert page.locator("tbody tr").count() == 1
        page = watched.open("/sql")
        page.fill("textarea", "select 41 + 1 as answer")
        page.click("button.main")
        page.wait_for_load_state("load")
        assert page.inner_text("tbody td") == "42"
