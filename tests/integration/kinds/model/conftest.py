"""A shop with a trained model: trained once, and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.integration.kinds.model.shop import MODEL, model_shop
from tests.integration.run.small import Small

SCORED = MODEL + '    scores: {every: day, by: "07:00", from: 2024-06-01, reasons: 2}\n'


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shop after its first run."""
    small = model_shop(Small(tmp_path_factory.mktemp("trained") / "small"), SCORED)
    report = small.run()
    assert not report.failed, [str(i) for o in report.outcomes for i in o.issues]
    return small.root


@pytest.fixture
def trained(trained_once: Path, tmp_path: Path) -> Small:
    """The same shop, for one test."""
    root = tmp_path / "small"
    shutil.copytree(trained_once, root)
    small = Small.__new__(Small)
    small.root = root
    return small
