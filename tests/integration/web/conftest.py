"""Pages as readers meet them: a real server, and a real Chromium that lets nothing pass."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.integration.run.small import Small, small_shop

from headwater.web.app import create_app
from headwater.web.options import ServeOptions
from headwater.web.serving import listening, server_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).parents[3]
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
)


@dataclass(frozen=True)
class Served:
    """A server under test."""

    url: str
    app: Any

    def client(self, **options: Any) -> httpx.Client:
        """A client that follows nothing by itself."""
        return httpx.Client(base_url=self.url, timeout=30, **options)


@contextmanager
def serving(options: ServeOptions) -> Iterator[Served]:
    """The pages on a free port of this machine."""
    with listening("127.0.0.1", 0) as listener:
        app = create_app(options)
        server = server_of(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        until = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.02)
        try:
            yield Served(f"http://localhost:{listener.getsockname()[1]}", app)
        finally:
            server.should_exit = True
            thread.join(timeout=20)


@pytest.fixture(scope="session")
def small_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The small shop, run once; tests only read it."""
    small = small_shop(Small(tmp_path_factory.mktemp("pages") / "small"))
    small.run()
    with serving(ServeOptions(project=small.root)) as served:
        yield served


@dataclass
class Watched:
    """A page of the browser, and everything that it complained about."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go there and wait until it stands."""
        self.page.goto(self.url + path)
        self.page.wait_for_load_state("load")
        return self.page

    def outside(self) -> list[str]:
        """Requests that left the server."""
        return [url for url in self.requests if not url.startswith((self.url, "data:", "blob:"))]


Watch = Callable[..., AbstractContextManager[Watched]]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, one for each test process."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        _missing("Chromium is missing: run scripts/install-chromium.sh")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def watch(chromium: Browser) -> Watch:
    """Opens pages of a server, with the options of a browser's context."""

    @contextmanager
    def opened(served: Served, **options: Any) -> Iterator[Watched]:
        context: BrowserContext = chromium.new_context(**options)
        page = context.new_page()
        watched = Watched(page, served.url)
        page.on("console", lambda said: _note(watched, said.type, said.text))
        page.on("pageerror", lambda error: watched.errors.append(str(error)))
        page.on("request", lambda request: watched.requests.append(request.url))
        try:
            yield watched
        finally:
            context.close()

    return opened


def _note(watched: Watched, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        watched.errors.append(text)


@pytest.fixture(scope="session")
def axe() -> str:
    """The text of axe-core."""
    found = sorted((ROOT / "build" / "axe").glob("axe-*.min.js"))
    if not found:
        _missing("axe-core is missing: run scripts/install-axe.sh")
    return found[-1].read_text(encoding="utf-8")


def violations(page: Page, axe: str) -> list[str]:
    """What axe-core finds on a page; evaluated, so that the page's own policy stays as it is."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {each['help']} · {node['target']} {node['html'][:120]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def _missing(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
