"""Versions in a ledger on a real server: trained, numbered, promoted, rolled back."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.kinds.model.shop import MODEL, model_shop
from tests.integration.kinds.model.test_training import CHURN, became, numbers, shown
from tests.integration.run.small import Small

from headwater.project.versions import promote_version, rollback_version


@pytest.mark.postgres
def test_versions_on_a_server(postgres_database: str, tmp_path: Path) -> None:
    small = model_shop(Small(tmp_path / "small"))
    settings = (small.root / "headwater.yml").read_text()
    profile = f"profiles:\n  default: {{ledger: {postgres_database!r}}}\n"
    small.write("headwater.yml", settings + profile)
    assert became(small.run())["model.churn"] == "built"
    small.write("models/churn.yml", MODEL + "    calibration: none\n")
    assert became(small.run())["model.churn"] == "built"
    assert (numbers(small), shown(small)) == ([2, 1], "model.churn@2")
    with small.open() as project:
        rollback_version(project.workspace, "prod", CHURN)
    assert shown(small) == "model.churn@1"
    with small.open() as project:
        promote_version(project.workspace, "prod", "churn@2")
    assert shown(small) == "model.churn@2"
    assert small.run().outcomes == ()
