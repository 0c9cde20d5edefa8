"""A release, a promotion, a rollback: what is served changes, and nobody is dropped."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from pathlib import Path

from tests.integration.scoring.conftest import Scores, giving_scores, new_shop
from tests.integration.scoring.models import model, under_load

SCORE = "/v1/models/churn/score"
ASKED = {"entities": [{"customer_id": 1}], "request": {"basket": 0}}


def release(scores: Scores, version: int) -> None:
    """A release that shows another version."""
    scores.models.published = version
    day = f"day{version}"
    scores.small.deliver(day, [(version, f"2024-03-0{version - 3} 09:00", "ann", version)])
    scores.small.run()


def wait_for(scores: Scores, version: int) -> None:
    until = time.monotonic() + 20
    ready = scores.app.state.serving
    while ready.ready.runtime.published["churn"] != version:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_versions_are_swapped_under_load_without_an_error(tmp_path: Path) -> None:
    with giving_scores(new_shop(tmp_path)) as scores:
        scores.models.versions[8] = model(8, lambda vector: 0.75)
        local = threading.local()
        seen: dict[int, list[tuple[int, float]]] = {}

        def ask() -> None:
            if not hasattr(local, "client"):
                local.client = scores.client()
                local.seen = seen.setdefault(threading.get_ident(), [])
            response = local.client.post(SCORE, json=ASKED)
            assert response.status_code == 200, response.text
            (result,) = response.json()["results"]
            local.seen.append((result["version"], result["score"]))

        with under_load(ask) as failed:
            time.sleep(0.3)
            release(scores, 8)
            wait_for(scores, 8)
            time.sleep(0.2)
            release(scores, 7)
            wait_for(scores, 7)
            time.sleep(0.2)
        assert failed == []
        for answers in seen.values():
            versions = [version for version, _ in answers]
            moves = [(a, b) for a, b in pairwise(versions) if a != b]
            assert moves == [(7, 8), (8, 7)]
            assert {score for version, score in answers if version == 8} == {0.75}
            assert {score for version, score in answers if version == 7} == {0.5}


def test_a_release_that_cannot_be_loaded_leaves_the_older_one(tmp_path: Path) -> None:
    with giving_scores(new_shop(tmp_path)) as scores, scores.client() as client:
        scores.models.broken = True
        scores.models.versions[8] = model(8)
        release(scores, 8)
        scores.look()
        body = client.post(SCORE, json=ASKED).json()
        assert (body["version"], body["release"]) == (7, 1)
        scores.models.broken = False
        release(scores, 7)
        scores.look()
        assert client.post(SCORE, json=ASKED).json()["release"] == 3
