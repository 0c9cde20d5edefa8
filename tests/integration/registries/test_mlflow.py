"""Versions in a real MLflow registry."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from tests.integration.registries.conftest import find_port
from tests.integration.run.small import Small

import headwater as hw
from headwater.errors import HeadwaterError, UsageError
from headwater.ids import NodeId
from headwater.kinds.model.versions import read_facts
from headwater.project.registries.mlflow import Pushed
from headwater.project.registries.pushing import push
from headwater.project.serving.released import Released, load_version

CHURN = NodeId("model", "churn")


def push_to(url: str, small: Small, version: str = "model.churn", **options: Any) -> Pushed:
    """Push from a shop that is opened anew, as the command does."""
    with small.open() as project:
        return push(project, version, to=url, **options)


def registered(url: str, name: str) -> dict[str, Any]:
    """The versions that a registry has of a name, by their numbers there."""
    client = client_of(url)
    found = client.search_model_versions(f"name = '{name}'")
    return {each.version: client.get_model_version(name, each.version) for each in found}


def client_of(url: str) -> Any:
    """MLflow's own client."""
    from mlflow import MlflowClient

    return MlflowClient(url, url)


@contextmanager
def tracking(url: str) -> Iterator[None]:
    """Let MLflow's own functions use a registry."""
    import mlflow

    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(url)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)


def command(small: Small, *words: str, before: str = "pass") -> tuple[int, str, str]:
    """Run `headwater push …` in a process of its own; `before` is Python that runs first."""
    program = f"{before}; from headwater.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "push", *words, "--project", small.root],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_version_is_there_once_with_its_figures_and_the_alias(
    shop: Small, mlflow_url: str
) -> None:
    pushed = push_to(mlflow_url, shop, name="once")
    assert (pushed.version, pushed.name, pushed.number) == ("model.churn@2", "once", 1)
    assert pushed.is_new
    assert pushed.is_champion
    again = push_to(mlflow_url, shop, "churn@2", name="once")
    assert again == replace(pushed, is_new=False)
    (version,) = registered(mlflow_url, "once").values()
    assert version.aliases == ["champion"]
    assert version.status == "READY"
    assert version.tags["headwater.version"] == "model.churn@2"
    assert version.tags["headwater.gates"] == "passed"
    assert version.tags["headwater.split"] == "time"
    assert "model.churn@2 of Headwater: auc 0.7" in version.description
    client = client_of(mlflow_url)
    run = client.get_run(version.run_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "model.churn@2")
    with shop.open() as project:
        facts = read_facts(project.ledger.version(CHURN, 2))
    assert run.data.metrics["auc"] == facts.figures["auc"].value
    assert run.data.metrics["recency_auc"] == facts.baselines["recency"]
    assert run.data.metrics["auc_low"] < run.data.metrics["auc"] < run.data.metrics["auc_high"]
    assert run.data.params["max_iter"] == "1000"
    model = client.get_logged_model(version.source.removeprefix("models:/"))
    assert (str(model.status), model.source_run_id) == ("READY", run.info.run_id)
    assert {figure.key for figure in model.metrics} >= {"auc", "calibration_error"}
    # Other gates judge it again: the registry is told, and nothing is sent twice.
    text = Path(shop.root, "models/churn.yml").read_text()
    shop.write("models/churn.yml", text.replace("{C: 0.01}", "{}") + "seed: 1\ncalibration: none\n")
    shop.run()
    judged = push_to(mlflow_url, shop, "churn@2", name="once", force=True)
    assert judged == again
    assert registered(mlflow_url, "once")["1"].tags["headwater.gates"] == "failed"


def test_the_alias_follows_what_prod_publishes(shop: Small, mlflow_url: str) -> None:
    url, client = mlflow_url, client_of(mlflow_url)

    def champion() -> str:
        found = client.get_model_version_by_alias("follows", "champion")
        return str(found.tags["headwater.version"])

    first = push_to(url, shop, "model.churn@1", name="follows")
    assert (first.is_new, first.is_champion) == (True, False)
    assert push_to(url, shop, name="follows").is_champion
    assert champion() == "model.churn@2"
    with shop.open() as project:
        project.rollback(node="model.churn")
    # Nothing moves by itself, and pushing what stands says so.
    assert push_to(url, shop, "churn@2", name="follows").is_champion
    back = push_to(url, shop, name="follows")
    assert (back.version, back.number, back.is_new) == ("model.churn@1", 1, False)
    assert champion() == "model.churn@1"
    with shop.open() as project:
        project.promote_version("model.churn@2")
    assert push_to(url, shop, name="follows").number == 2
    assert champion() == "model.churn@2"
    # One that failed is refused; by force it is there, and never the champion.
    with pytest.raises(HeadwaterError, match=r"E046 model.churn@3 fails auc > 0.99") as refused:
        push_to(url, shop, "churn@3", name="follows")
    assert "headwater push model.churn@3 --force" in refused.value.issues[0].fix
    assert len(registered(url, "follows")) == 2
    with shop.open() as project:
        project.promote_version("model.churn@3", "the board asked for it", force=True)
    forced = push_to(url, shop, name="follows", force=True)
    assert (forced.version, forced.is_new, forced.is_champion) == ("model.churn@3", True, False)
    assert champion() == "model.churn@2"
    assert registered(url, "follows")[str(forced.number)].tags["headwater.gates"] == "failed"


def test_mlflow_scores_as_headwater_does(shop: Small, mlflow_url: str) -> None:
    code, said, wrong = command(shop, "churn", "--to", mlflow_url, "--name", "scores", "--json")
    assert (code, wrong) == (0, "")
    assert json.loads(said)["is_champion"]
    import mlflow.pyfunc

    with tracking(mlflow_url):
        loaded = mlflow.pyfunc.load_model("models:/scores@champion")
    with hw.open(shop.root) as project:
        rows = project.training_set("churn")
        inner = project.project
        released = Released(workspace=inner.workspace, view=inner.view, bound=inner.bound)
        scorer = load_version(released, CHURN, 2)
    frame = rows.df()
    assert frame["spend_30d"].isna().any()
    assert not frame["orders_30d"].isna().any()
    expected = scorer.score_table(rows.to_arrow())
    found = loaded.predict(frame[[column.name for column in scorer.columns]])
    assert found.dtype == expected.dtype
    assert found.tolist() == expected.tolist()
    frame["orders_30d"] = frame["orders_30d"].where(frame["orders_30d"] > 0)
    assert loaded.predict(frame).shape == expected.shape


def test_a_registry_that_is_down_is_told_at_once(shop: Small) -> None:
    url = f"http://user:hunter22@127.0.0.1:{find_port()}"
    with pytest.raises(HeadwaterError, match="E086"):
        push_to(url, shop)  # MLflow is imported from here on
    began = time.perf_counter()
    with pytest.raises(HeadwaterError) as refused:
        push_to(url, shop)
    assert time.perf_counter() - began < 5
    (issue,) = refused.value.issues
    assert issue.code == "E086"
    assert "Connection refused" in issue.what
    assert "hunter22" not in str(issue)


@pytest.mark.parametrize("address", ["", "localhost:5000", "http://[::1", "./mlruns", "ftp://x"])
def test_no_address(address: str, shop: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(UsageError, match="E087") as refused:
        push_to(address, shop)
    assert address in refused.value.issues[0].what


def test_a_package_that_is_missing(shop: Small) -> None:
    missing = "import sys; sys.modules['mlflow'] = None"
    code, said, wrong = command(shop, "churn", "--to", "http://127.0.0.1:9", before=missing)
    assert (code, said) == (2, "")
    assert "E085" in wrong
    assert "pip install 'headwater[mlflow]'" in wrong


def test_versions_that_there_are_not(shop: Small) -> None:
    for version in ("chrun", "churn@9", "churn@99999999999999999999", "churn@", "", "\x00"):
        with pytest.raises(UsageError, match="E049"):
            push_to("http://127.0.0.1:9", shop, version)


def test_what_a_server_says_is_told_without_secrets(
    shop: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with refusing() as url:
        env = f"MLFLOW_TRACKING_URI={url}\nMLFLOW_TRACKING_TOKEN=very-secret-token\n"
        Path(shop.root, ".env").write_text(env)
        with pytest.raises(HeadwaterError) as refused:
            push_to("", shop)
    (issue,) = refused.value.issues
    assert issue.code == "E086"
    assert url in issue.what
    assert "Bearer •••" in issue.what
    assert "very-secret-token" not in str(issue)


@contextmanager
def refusing() -> Iterator[str]:
    """A server that refuses everyone, and repeats what it was sent."""

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.end_headers()
            said = {"message": f"no entry for {self.headers['Authorization']}"}
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
