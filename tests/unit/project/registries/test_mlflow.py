"""What is told of a version, and where to: without a registry, and without MLflow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from headwater.errors import UsageError
from headwater.learning.report import Evaluation, Figure, TrainingReport
from headwater.project.registries.mlflow import figures_of
from headwater.project.registries.mlflow_client import registry_address


def evaluation(**figures: Figure) -> Evaluation:
    return Evaluation(rows=100, positives=20, figures=figures)


def test_figures_are_those_of_the_test_rows_with_bounds_and_baselines() -> None:
    report = TrainingReport(
        algorithm="logistic",
        parameters={},
        seed=0,
        split_mode="time",
        parts=(),
        embargoed=0,
        test=evaluation(auc=Figure(0.8, 0.7, 0.9), brier=Figure(0.1), lift=Figure(None)),
        baselines={"recency": evaluation(auc=Figure(0.75, 0.6, 0.8))},
    )
    assert figures_of(report) == {
        "auc": 0.8,
        "auc_low": 0.7,
        "auc_high": 0.9,
        "brier": 0.1,
        "recency_auc": 0.75,
    }


def test_an_address_is_given_or_set_or_in_dotenv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / ".env").write_text("MLFLOW_TRACKING_URI=http://dotenv:5000\n")
    assert registry_address("", tmp_path) == "http://dotenv:5000"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://set")
    assert registry_address("", tmp_path) == "https://set"
    assert registry_address(" http://given ", tmp_path) == "http://given"


def test_a_wrong_address_is_told_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="E087") as refused:
        registry_address("ftp://ann:hunter22@host", tmp_path)
    assert "`ftp://host`" in refused.value.issues[0].what


def test_mlflow_is_imported_only_to_push() -> None:
    program = (
        "import sys, headwater.cli.app, headwater.api.opened, headwater.project.registries.pushing,"
        " headwater.views.pushed; assert 'mlflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
