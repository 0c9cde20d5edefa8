"""What commands say of a model, and of scores that nobody has yet."""

from __future__ import annotations

from tests.integration.kinds.model.test_training import JUDGED
from tests.integration.run.small import Small
from typer.testing import CliRunner

from headwater.cli.app import app


def typed(small: Small, *words: str) -> str:
    """All that was printed."""
    return CliRunner().invoke(app, [*words, "--project", str(small.root)]).output


def test_a_model_has_files_and_its_scores_columns(trained: Small) -> None:
    shown = typed(trained, "show", "model.churn")
    assert " files, " in shown
    assert " rows" not in shown
    assert "sha256" not in shown
    assert "the chance that the label comes true" in typed(trained, "show", "scores.churn")
    assert "model.churn" in (listed := typed(trained, "ls", "kind:model"))
    assert " files" in listed


def test_scores_of_which_nothing_is_published_are_known(trained: Small) -> None:
    trained.write("models/again.yml", JUDGED)
    report = trained.run()
    assert report.failed
    said = typed(trained, "sql", "from again")
    assert "E201" in said
    assert "nothing of scores.again is published yet: `headwater run scores.again`" in said
    assert "did you mean `churn`" in typed(trained, "sql", "from churm")
