"""A server that gives scores, on a free port."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.run.small import Small, small_shop
from tests.integration.scoring.models import Models

from headwater.web.app import Application, create_app
from headwater.web.options import ServeOptions
from headwater.web.serving import listening, server_of


@dataclass(frozen=True)
class Scores:
    """A server under test, its project, and the models that it is given."""

    url: str
    app: Application
    small: Small
    models: Models

    def client(self, **options: Any) -> httpx.Client:
        """A client of it."""
        return httpx.Client(base_url=self.url, timeout=30, **options)

    def look(self) -> None:
        """Take up what is new at once."""
        self.app.state.site.refresh()
        self.app.state.serving.look()


@contextmanager
def giving_scores(small: Small, **options: Any) -> Iterator[Scores]:
    """Serve a project with the models of the tests."""
    models = Models(small.root / ".headwater")
    serve = ServeOptions(project=small.root, schedule=False, **options)
    with listening("127.0.0.1", 0) as listener:
        app = create_app(serve, models.load)
        server = server_of(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        until = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.02)
        try:
            yield Scores(f"http://127.0.0.1:{listener.getsockname()[1]}", app, small, models)
        finally:
            server.should_exit = True
            thread.join(timeout=20)


def new_shop(folder: Path) -> Small:
    """A small shop with a release."""
    small = small_shop(Small(folder / "small"))
    small.run()
    return small


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """One shop for the tests of a module."""
    return new_shop(tmp_path_factory.mktemp("scores"))


@pytest.fixture(scope="module")
def scores(shop: Small) -> Iterator[Scores]:
    """A server for tests that only ask."""
    with giving_scores(shop) as served:
        yield served


@pytest.fixture
def client(scores: Scores) -> Iterator[httpx.Client]:
    """A client of it."""
    with scores.client() as client:
        yield client
