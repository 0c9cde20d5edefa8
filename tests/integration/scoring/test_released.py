"""From files to scores: trained, kept online, served, challenged, promoted, taken back."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.integration.kinds.model.shop import MODEL, model_shop
from tests.integration.run.small import Small
from tests.integration.web.conftest import Served, serving
from typer.testing import CliRunner

from headwater.cli.app import app
from headwater.project.serving.deploying import deployments
from headwater.project.serving.judging import standing_of
from headwater.web.options import ServeOptions
from headwater.web.scheduling.serving import keeper_of, target_of
from headwater.web.scoring.keeping import ScoreKeeper

SCORE = "/v1/models/churn/score"
ONLINE = f"{MODEL.rstrip()}\n    scores: {{every: month, online: true}}\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """Two versions of a model; the second is published."""
    small = model_shop(Small(tmp_path_factory.mktemp("released") / "shop"), ONLINE)
    assert not small.run().failed
    small.write("models/churn.yml", f"{ONLINE.rstrip()}\n    seed: 2\n")
    assert not small.run().failed
    return small


@pytest.fixture(scope="module")
def served(shop: Small) -> Iterator[Served]:
    with serving(ServeOptions(project=shop.root, schedule=False)) as served:
        yield served


def headwater(small: Small, *words: str) -> Any:
    """A command of its own; its JSON."""
    command = [sys.executable, "-m", "headwater", *words, "--project", str(small.root), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return json.loads(ran.stdout)


def ask(client: httpx.Client, *customers: str) -> httpx.Response:
    return client.post(SCORE, json={"entities": [{"customer": each} for each in customers]})


def eventually(found: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not found():
        assert time.monotonic() < until
        time.sleep(0.05)


def keeper_for(served: Served) -> ScoreKeeper:
    site = served.app.state.site
    site.options = replace(site.options, schedule=True)
    kept = keeper_of(site)
    assert kept is not None
    return ScoreKeeper(served.app.state.serving, kept, target_of(site))


def test_a_trained_model_is_filled_served_challenged_and_promoted(
    shop: Small, served: Served
) -> None:
    with served.client() as client:
        not_filled = ask(client, "c001")
        assert not_filled.status_code == 503
        assert not_filled.headers["retry-after"] == "5"
        keeper = keeper_for(served)
        keeper.fill()  # what the process that keeps the schedule does after a release
        found = ask(client, "c001", "c002", "nobody").json()
        assert found["version"] == 2
        assert [each["status"] for each in found["results"]] == ["ok", "ok", "unknown_entity"]
        assert 0 < found["results"][0]["score"] < 1
        facts = client.get("/v1/models/churn").json()
        assert (facts["online"], facts["version"], facts["keys"]) == (
            True,
            2,
            [{"name": "customer", "type": "VARCHAR"}],
        )
        assert 0.5 < facts["figures"]["auc"] <= 1

        headwater(shop, "challenge", "model.churn@1", "--share", "50%", "--min-requests", "20")
        serving = served.app.state.serving
        eventually(lambda: "churn" in serving.ready.deployments)
        customers = [f"c{number:03}" for number in range(200)]
        answers = ask(client, *customers).json()["results"]
        versions = {each["version"] for each in answers}
        assert versions == {1, 2}
        keeper.tend()  # the hour is not over
        status = headwater(shop, "challenge", "--status")
        assert status["now"][0]["standing"]["figures"]["errors"] == 0
        headwater(shop, "challenge", "model.churn", "--stop")
        eventually(lambda: serving.ready.deployments == {})
        assert {e["version"] for e in ask(client, *customers).json()["results"]} == {2}

        gates = ("--gate", "p95_ms <= 1000", "--gate", "score_psi <= 5")
        trial = ("--shadow", "--for", "1ms", "--min-requests", "20", *gates)
        headwater(shop, "challenge", "model.churn@1", *trial)
        eventually(lambda: "churn" in serving.ready.deployments)
        ask(client, *customers)
        time.sleep(0.5)
        keeper.tend()
        ended = headwater(shop, "challenge", "--status")["ended"][-1]
        assert ended["outcome"] == "promoted", ended
        eventually(lambda: serving.ready.runtime.published["churn"] == 1)
        assert ask(client, "c001").json()["version"] == 1
        tried = deployments(serving.ledger)[-1]
        older = replace(tried, began_at=tried.began_at - timedelta(days=2))
        assert standing_of(serving.project, older).figures["calibration_error"] is None
        headwater(shop, "promote", "model.churn@2")
        eventually(lambda: serving.ready.runtime.published["churn"] == 2)
        assert ask(client, "c001").json()["version"] == 2


def test_keys_by_the_command_line(shop: Small) -> None:
    made = headwater(shop, "key", "create", "crm", "--model", "churn")
    assert made["key"].startswith("hw_")
    (known,) = headwater(shop, "key", "list")
    assert (known["name"], known["model"], known["revoked_at"]) == ("crm", "churn", None)
    assert made["key"] not in json.dumps(known)
    assert headwater(shop, "key", "revoke", "crm")["revoked_at"] is not None


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["challenge", "model.chrun@1", "--shadow"], "E062", "did you mean `churn`?"),
        (["challenge", "model.churn@2", "--shadow"], "E068", "what is published"),
        (["challenge", "model.churn@77", "--shadow"], "E049", ""),
        (["challenge", "model.churn", "--shadow"], "E068", "names no version"),
        (["challenge", "model.churn@1"], "E071", ""),
        (["challenge", "model.churn@1", "--share", "0%"], "E071", "no share"),
        (["challenge", "model.churn@1", "--shadow", "--for", "tomorrow"], "E071", ""),
        (["challenge", "model.churn@1", "--shadow", "--gate", "error <= 1"], "E072", "errors"),
        (["challenge", "model.churn", "--stop"], "E070", ""),
        (["key", "create", "crm", "--model", "chrun"], "E062", "did you mean `churn`?"),
    ],
)
def test_mistakes_on_the_command_line(shop: Small, words: list[str], code: str, told: str) -> None:
    ran = CliRunner().invoke(app, [*words, "--project", str(shop.root)])
    assert ran.exit_code == 2
    assert code in ran.stderr
    assert told in ran.stderr
