"""Challengers: in shadow, for a share, failing, judged, promoted and rolled back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.scoring.conftest import Scores, giving_scores, new_shop
from tests.integration.scoring.models import add_version, by_orders, model

from headwater.errors import UsageError
from headwater.ids import NodeId
from headwater.ledger import Ledger
from headwater.project.serving.assigning import is_challenged
from headwater.project.serving.deploying import (
    Deployment,
    Trial,
    begin,
    deployments,
    live_deployments,
    parse_gates,
    stop,
)
from headwater.project.serving.judging import standing_of
from headwater.project.serving.log import read_log
from headwater.web.scheduling.serving import keeper_of, target_of
from headwater.web.scoring.keeping import ScoreKeeper

SCORE = "/v1/models/churn/score"
CHURN = NodeId("model", "churn")


@pytest.fixture
def scores(tmp_path: Path) -> Iterator[Scores]:
    with giving_scores(new_shop(tmp_path)) as served:
        for number in range(1, 9):
            add_version(ledger_of(served), number)
        yield served


def ledger_of(scores: Scores) -> Ledger:
    ledger: Ledger = scores.app.state.site.workspace.ledger
    return ledger


def ask(client: httpx.Client, customers: Sequence[int]) -> list[dict[str, Any]]:
    sent = {"entities": [{"customer_id": each} for each in customers], "request": {"basket": 0}}
    response = client.post(SCORE, json=sent)
    assert response.status_code == 200, response.text
    results: list[dict[str, Any]] = response.json()["results"]
    return results


def challenge(scores: Scores, trial: Trial) -> Deployment:
    serving, ledger = scores.app.state.serving, ledger_of(scores)
    made = begin(
        ledger,
        ledger.version(CHURN, 8),
        trial,
        champion=7,
        at=serving.now,
        wall=datetime.now(UTC),
        author="ann",
    )
    scores.look()
    return made


def logged(scores: Scores, version: int, role: str) -> list[dict[str, Any]]:
    log = scores.app.state.serving.log
    log.flush()
    return [r for r in read_log(log.folder, "churn", version).to_pylist() if r["role"] == role]


def eventually(found: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not found():
        assert time.monotonic() < until
        time.sleep(0.02)


def by_nobody(vector: Sequence[object]) -> float:
    raise ZeroDivisionError("a challenger with a mistake")


def test_in_shadow_nobody_sees_the_challenger(scores: Scores) -> None:
    scores.models.versions[8] = model(8, lambda vector: by_orders(vector) / 2)
    challenge(scores, Trial())
    with scores.client() as client:
        found = ask(client, range(50))
    assert {each["version"] for each in found} == {7}
    eventually(lambda: len(logged(scores, 8, "shadow")) == 50)
    by_key = {row["keys"]["customer_id"]: row["score"] for row in logged(scores, 8, "shadow")}
    assert by_key == {each["customer_id"]: each["score"] / 2 for each in found}
    assert {row["status"] for row in logged(scores, 7, "champion")} == {"ok"}


def test_a_slow_challenger_in_shadow_slows_nobody(scores: Scores) -> None:
    def slowly(vector: Sequence[object]) -> float:
        time.sleep(0.5)
        return 0.5

    scores.models.versions[8] = model(8, slowly)
    challenge(scores, Trial())
    with scores.client() as client:
        ask(client, [1])
        began = time.monotonic()
        for _ in range(5):
            ask(client, [1])
        assert time.monotonic() - began < 0.5


def test_a_canary_answers_for_its_share_the_same_each_time(scores: Scores) -> None:
    scores.models.versions[8] = model(8, lambda vector: 0.75)
    deployment = challenge(scores, Trial(share=0.3))
    with scores.client() as client:
        found = ask(client, range(100))
        again = [ask(client, [number])[0] for number in range(100)]
    assert found == again
    chosen = {each["customer_id"] for each in found if each["version"] == 8}
    assert 15 < len(chosen) < 45
    assert {each["score"] for each in found if each["version"] == 8} == {0.75}
    assert chosen == {n for n in range(100) if is_challenged(deployment.salt, (n,), 0.3)}
    assert len(logged(scores, 8, "challenger")) == 2 * len(chosen)
    one = scores.client().get("/v1/models/churn").json()
    assert (one["version"], one["tried"]["version"], one["tried"]["share"]) == (7, 8, 0.3)


def test_a_challenger_that_raises_never_hurts_the_champion(scores: Scores) -> None:
    scores.models.versions[8] = model(8, by_nobody)
    deployment = challenge(scores, Trial(share=0.5, min_requests=10))
    with scores.client() as client:
        found = ask(client, range(100))
    assert {each["version"] for each in found} == {7}
    assert [each["score"] for each in found] == [1 / (1 + number) for number in range(100)]
    failed = logged(scores, 8, "challenger")
    assert {row["status"] for row in failed} == {"failed"}
    standing = standing_of(scores.app.state.serving.project, deployment)
    assert standing.requests == len(failed) > 30
    assert standing.figures["errors"] == 1.0
    keeper(scores).tend()
    (ended,) = deployments(ledger_of(scores))
    assert ended.outcome == "rolled back"
    assert "errors <= 1% (is 100.00%)" in ended.text
    scores.look()
    assert scores.app.state.serving.ready.deployments == {}


def keeper(scores: Scores) -> ScoreKeeper:
    """The keeper of a server that keeps its schedule."""
    site = scores.app.state.site
    site.options = replace(site.options, schedule=True)
    kept = keeper_of(site)
    assert kept is not None
    return ScoreKeeper(scores.app.state.serving, kept, target_of(site))


@pytest.mark.parametrize(
    ("shifted", "manual", "outcome"),
    [(False, False, None), (True, False, "rolled back"), (True, True, None)],
)
def test_scores_that_drift_away_roll_back(
    scores: Scores, shifted: bool, manual: bool, outcome: str | None
) -> None:
    score = (lambda vector: by_orders(vector) ** 3) if shifted else by_orders
    scores.models.versions[8] = model(8, score)
    deployment = challenge(scores, Trial(manual=manual))
    with scores.client() as client:
        for _ in range(6):
            ask(client, range(100))
    eventually(lambda: len(logged(scores, 8, "shadow")) == 600)
    tended = keeper(scores)
    tended.tend()
    tended.tend()
    (found,) = deployments(ledger_of(scores))
    assert found.outcome == outcome
    texts = [note.text for note in ledger_of(scores).notes(sort="deployment")]
    if shifted:
        assert "score_psi <= 0.2" in texts[-1]
    assert len(texts) == 1 + shifted  # a recommendation is told once
    if manual:
        assert ": roll back it:" in texts[-1]
        assert live_deployments(ledger_of(scores))["churn"].id == deployment.id


def test_whoever_publishes_ends_it(scores: Scores) -> None:
    scores.models.versions[8] = model(8)
    challenge(scores, Trial(share=0.1))
    scores.models.published = 8
    scores.small.run(apply=True, full_refresh=frozenset())
    scores.app.state.serving._loaded = None
    scores.look()
    keeper(scores).tend()
    (found,) = deployments(ledger_of(scores))
    assert (found.outcome, found.text) == ("promoted", "published by hand")


def test_one_that_cannot_be_loaded_ends(scores: Scores) -> None:
    challenge(scores, Trial())
    with scores.client() as client:
        assert ask(client, [1])[0]["version"] == 7
    keeper(scores).tend()
    (found,) = deployments(ledger_of(scores))
    assert found.outcome == "rolled back"
    assert "cannot be loaded" in found.text


def test_what_may_be_tried(scores: Scores) -> None:
    ledger = ledger_of(scores)
    failed = add_version(ledger, 9, passed=False)
    now = datetime.now(UTC)
    with pytest.raises(UsageError, match=r"E068 .*did not pass its gates"):
        begin(ledger, failed, Trial(), champion=7, at=now, wall=now, author="ann")
    with pytest.raises(UsageError, match=r"E068 .*is what is published"):
        begin(ledger, ledger.version(CHURN, 7), Trial(), champion=7, at=now, wall=now, author="ann")
    with pytest.raises(UsageError, match="E070"):
        stop(ledger, "churn", at=now, author="ann")
    gates = parse_gates(["errors <= 0.5%"])
    trial = Trial(share=0.1, lasts=timedelta(hours=2), gates=gates)
    made = begin(
        ledger, ledger.version(CHURN, 8), trial, champion=7, at=now, wall=now, author="ann"
    )
    assert live_deployments(ledger) == {"churn": made}
    with pytest.raises(UsageError, match="E069"):
        begin(ledger, ledger.version(CHURN, 6), Trial(), champion=7, at=now, wall=now, author="ann")
    assert stop(ledger, "churn", at=now, author="ann").outcome == "stopped"
    assert live_deployments(ledger) == {}
