"""`headwater online`, `score` and `parity`, as people type them."""

from __future__ import annotations

import json

from tests.integration.run.small import Small
from typer.testing import CliRunner

from headwater.cli.app import app
from headwater.project.serving.log import FOLDER, RequestLog
from headwater.project.serving.scored import ServedRow
from headwater.project.serving.syncing import open_runtime


def typed(small: Small, *words: str) -> tuple[int, str]:
    """The exit code, and all that was printed."""
    done = CliRunner().invoke(app, [*words, "--project", str(small.root)])
    return done.exit_code, done.output


def test_from_an_empty_store_to_a_score(shop: Small) -> None:
    assert typed(shop, "online", "status") == (
        1,
        "✖ customer was never filled: `headwater online sync`\n",
    )
    code, text = typed(shop, "score", "churn", "--entity", "c005")
    assert (code, "refused: the store is not filled yet" in text) == (1, True)
    code, text = typed(shop, "online", "sync")
    assert (code, text.split()[:5]) == (0, ["customer", "240", "entities", "241", "written"])
    code, text = typed(shop, "online", "status", "--json")
    assert code == 0
    (kept,) = json.loads(text)
    assert (kept["entities"], kept["release"], kept["behind"]) == (240, 1, False)
    code, text = typed(shop, "score", "model.churn", "-e", "c005", "--reasons", "2", "--json")
    (scored,) = json.loads(text)
    assert (code, scored["status"], scored["version"]) == (0, "ok", 1)
    assert 0 < scored["score"] < 1
    assert len(scored["reasons"]) == 2
    code, text = typed(shop, "score", "churn", "-e", "c005", "-e", "nobody")
    assert (code, "nobody  –  churn@1  refused: nothing is known of it" in text) == (1, True)
    assert typed(shop, "online", "drop", "customer") == (0, "forgot 1 table\n")
    assert typed(shop, "online", "status")[0] == 1


def test_mistakes_are_told(shop: Small) -> None:
    for words, what in (
        (("score", "chum", "-e", "c1"), "E052"),
        (("score", "churn", "-e", "c1", "--set", "basket"), "E059"),
        (("score", "churn", "-e", "c1", "--set", "basket=3"), "E054"),
        (("online", "drop", "custmer"), "did you mean `customer`?"),
        (("online", "sync", "--every", "soon"), "E810"),
        (("parity", "churn"), "E055"),
    ):
        if "custmer" in words:
            typed(shop, "online", "sync")
        code, text = typed(shop, *words)
        assert (code, what in text) == (2, True), text


def test_a_store_that_is_down_is_told(shop: Small) -> None:
    settings = shop.root / "headwater.yml"
    text = settings.read_text(encoding="utf-8")
    there = "profiles: {default: {online: 'redis://:${SECRET}@127.0.0.1:1/0'}}\n"
    settings.write_text(text + there, encoding="utf-8")
    (shop.root / ".env").write_text("SECRET=hush-hush\n", encoding="utf-8")
    code, said = typed(shop, "online", "sync")
    assert (code, "E051" in said, "hush" in said) == (1, True, False)
    code, said = typed(shop, "score", "churn", "-e", "c005")
    assert (code, "refused: the store does not answer" in said) == (1, True)


def test_parity_of_what_was_answered(shop: Small) -> None:
    typed(shop, "online", "sync")
    log = RequestLog(shop.root / ".headwater" / FOLDER)
    with shop.open() as project:
        runtime, at = open_runtime(project), project.workspace.clock.now
        found = runtime.score("churn", [{"customer": "c005"}, {"customer": "nobody"}], at=at)
        rows = [ServedRow(request_id="r", at=at, role="champion", ms=1, scored=s) for s in found]
        log.append(runtime.model("churn"), runtime.release, rows)
    log.close()
    code, text = typed(shop, "parity", "churn")
    assert code == 0
    assert text.startswith("✔ churn  1 answer, 14 values compared · 0 mismatches\n  1 not compared")
