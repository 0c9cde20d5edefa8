"""Who may ask, and how: hosts, tokens, forms, and what hostile names come to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.integration.run.small import Small, small_shop
from tests.integration.web.conftest import Served, Watch, serving

from headwater.errors import HeadwaterError, UsageError
from headwater.web.guard import is_session, new_session
from headwater.web.options import ServeOptions
from headwater.web.serving import listening

TOKEN = "correct horse battery staple"
HOSTILE = "\"><script>alert(1)</script>'; drop table sales; --{{7*7}}"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Pages behind a token."""
    small = small_shop(Small(tmp_path_factory.mktemp("closed") / "small"))
    small.run()
    with serving(ServeOptions(project=small.root, token=TOKEN)) as served:
        yield served


def form_token(answer: httpx.Response) -> str:
    """The token in the form of a page."""
    found = re.search(r'name="form_token" value="([^"]+)"', answer.text)
    assert found is not None
    return found[1]


# --- where it listens


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "shop.example"])
def test_others_need_a_token(host: str) -> None:
    with pytest.raises(UsageError) as raised:
        ServeOptions(host=host).checked()
    assert raised.value.issues[0].code == "E970"
    assert ServeOptions(host=host, token=TOKEN).checked().token == TOKEN


def test_a_short_token_is_refused() -> None:
    with pytest.raises(UsageError, match="E970"):
        ServeOptions(token="secret").checked()


def test_a_taken_port_is_an_issue() -> None:
    with listening("127.0.0.1", 0) as first, pytest.raises(HeadwaterError, match="E971"):
        listening("127.0.0.1", first.getsockname()[1])
    with pytest.raises(HeadwaterError, match="E971"):
        listening("127.0.0.1", 99999)


# --- hosts


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("localhost.evil.example:8000", 421),
        ("", 421),
        ("<script>", 421),
    ],
)
def test_a_foreign_host_is_refused(small_pages: Served, host: str, status: int) -> None:
    with small_pages.client() as client:
        answer = client.get("/", headers={"host": host})
    assert answer.status_code == status
    assert "<script>alert" not in answer.text
    assert "content-security-policy" in answer.headers


def test_every_answer_carries_the_policy(small_pages: Served) -> None:
    with small_pages.client() as client:
        for path in ("/", "/nowhere", "/release", "/static/headwater.css", "/about/table.sales"):
            headers = client.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert "server" not in headers or "uvicorn" not in headers["server"]


# --- the token


def test_without_the_token_there_is_only_the_form(closed: Served) -> None:
    with closed.client() as client:
        page = client.get("/tables/sales?x=1", headers={"accept": "text/html"})
        assert page.status_code == 303
        assert page.headers["location"] == "/login?next=%2Ftables%2Fsales%3Fx%3D1"
        for path in ("/release", "/search.json?q=sales", "/about/table.sales"):
            assert client.get(path).status_code == 401
        assert client.get("/static/headwater.css").status_code == 200
        assert client.get("/login").status_code == 200


def test_the_token_opens_the_pages(closed: Served) -> None:
    with closed.client(headers={"origin": closed.url}) as client:
        form = client.get("/login", params={"next": "/glossary"})
        sent = {"form_token": form_token(form), "next": "/glossary", "token": "wrong"}
        assert client.post("/login", data=sent).status_code == 403
        entered = client.post("/login", data=sent | {"token": TOKEN})
        assert (entered.status_code, entered.headers["location"]) == (303, "/glossary")
        cookie = entered.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert TOKEN not in cookie
        assert client.get("/glossary").status_code == 200


def test_programs_send_the_token(closed: Served) -> None:
    with closed.client() as client:
        right = client.get("/release", headers={"authorization": f"Bearer {TOKEN}"})
        wrong = client.get("/release", headers={"authorization": "Bearer nothing"})
    assert (right.status_code, wrong.status_code) == (200, 401)


def test_a_session_ends_and_cannot_be_made_up() -> None:
    session = new_session(TOKEN, now_s=1000)
    assert is_session(session, TOKEN, now_s=2000)
    assert not is_session(session, TOKEN, now_s=1000 + 8 * 24 * 3600)
    assert not is_session(session, "another token of that length", now_s=2000)
    later = f"9999999999.{session.partition('.')[2]}"
    for made_up in ("", ".", "x", later, "9999999999", "é.é"):
        assert not is_session(made_up, TOKEN, now_s=2000)


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_login_leads_nowhere_else(closed: Served, target: str) -> None:
    with closed.client(headers={"origin": closed.url}) as client:
        form = client.get("/login", params={"next": target})
        sent = {"form_token": form_token(form), "next": target, "token": TOKEN}
        assert client.post("/login", data=sent).headers["location"] == "/"


# --- forms


def test_forms_of_other_sites_are_refused(closed: Served) -> None:
    with closed.client() as client:
        form = client.get("/login")
        sent = {"form_token": form_token(form), "token": TOKEN}
        for headers in (
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
        ):
            answer = client.post("/login", data=sent, headers=headers)
            assert (answer.status_code, "E973" in answer.text) == (403, True)
        assert client.post("/login", data={"token": TOKEN}).status_code == 403
        another = sent | {"form_token": "0" * 64}
        assert client.post("/login", data=another).status_code == 403
        client.cookies.clear()
        assert client.post("/login", data=sent).status_code == 403


def test_large_bodies_are_refused(small_pages: Served) -> None:
    with small_pages.client() as client:
        assert client.post("/login", content=b"x" * (2 << 20)).status_code == 413


# --- hostile words


@pytest.mark.parametrize(
    "path",
    [
        "/catalogue?q={}",
        "/catalogue?owner={}&tag={}",
        "/tables/{}",
        "/about/{}",
        "/search.json?q={}",
        "/nodes/{}",
        "/static/{}",
        "/{}",
    ],
)
def test_hostile_addresses_are_only_text(small_pages: Served, path: str) -> None:
    with small_pages.client() as client:
        answer = client.get(path.replace("{}", httpx.QueryParams({"a": HOSTILE}).__str__()[2:]))
    assert answer.status_code in (200, 404)
    assert "<script>alert" not in answer.text
    if "html" in answer.headers["content-type"]:
        assert "E974" in answer.text or "Nothing" in answer.text


def test_paths_outside_of_the_folder_are_not_there(small_pages: Served) -> None:
    with small_pages.client() as client:
        for path in ("/static/..%2Fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd"):
            assert client.get(path).status_code == 404


def test_hostile_names_and_values_are_only_text(tmp_path: Path, watch: Watch) -> None:
    small = small_shop(Small(tmp_path / "small"))
    bad = "<img src=x onerror=alert(1)>"
    small.write(
        "tables/hostile.sql",
        f"""
        /*
        title: "{bad}"
        description: "{bad} `{bad}` {{{{7*7}}}}"
        owner: "{bad}"
        tags: ["{bad}"]
        key: id
        */
        select
          id,
          '{bad}' as "{bad}",  -- {bad}
          e'\\u0000<script>alert(2)</script>' as text
        from sales
        """,
    )
    small.run()
    with serving(ServeOptions(project=small.root)) as served, watch(served) as watched:
        asked: list[str] = []
        watched.page.on("dialog", lambda dialog: asked.append(dialog.message))
        for path in ("/", "/catalogue", "/catalogue?q=img", "/tables/hostile", "/glossary"):
            page = watched.open(path)
            assert page.locator("main img, main script").count() == 0
        page = watched.open("/catalogue")
        page.locator("[data-about='table.hostile']").first.focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Shift+Tab")
        page.wait_for_selector("#about:not([hidden])")
        assert bad in page.inner_text("#about")
        assert page.locator("#about img").count() == 0
        assert (asked, watched.errors) == ([], [])
