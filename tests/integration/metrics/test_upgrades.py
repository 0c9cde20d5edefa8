"""Headwater's own changes of how a metric becomes SQL take no approval away."""

from __future__ import annotations

import pytest
from tests.integration.metrics.numbers import edit
from tests.integration.run.small import Small

import headwater
from headwater.semantics import compiling

ORDINARY = compiling.meaning_sql


@pytest.fixture(autouse=True)
def ann(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_USER", "ann")


@pytest.fixture
def approved(shop: Small) -> Small:
    with headwater.open(shop.root) as opened:
        opened.approve("revenue", "reviewed")
    return shop


def upgraded(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """From here on the compiler writes every meaning otherwise."""
    monkeypatch.setattr(
        compiling, "meaning_sql", lambda *given: f"SELECT * FROM ({ORDINARY(*given)}) LIMIT {most}"
    )


def approver(shop: Small) -> str:
    with shop.open() as project:
        return project.metrics.standing("revenue").approved_by


def test_another_compiler(approved: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    for most in (10_000, 20_000):
        upgraded(monkeypatch, most)
        assert approver(approved) == "ann"
        report = approved.run(apply=False)
        assert [r.sort for r in report.releases] == ["maintenance"]
        assert approver(approved) == "ann"


def test_an_edit_elsewhere(approved: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    upgraded(monkeypatch, 10_000)
    edit(approved, "metrics/sales.yml", "All that was sold.", "What was sold.")
    approved.run()
    assert approver(approved) == "ann"


def test_promoted_before_the_first_run(approved: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    upgraded(monkeypatch, 10_000)
    edit(approved, "metrics/sales.yml", "All that was sold.", "What was sold.")
    approved.run(env="fix")
    with headwater.open(approved.root) as opened:
        opened.promote("fix")
    assert approver(approved) == "ann"


def test_a_rollback(approved: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(approved, "metrics/sales.yml", "All that was sold.", "What was sold.")
    approved.run()
    upgraded(monkeypatch, 10_000)
    approved.run()
    with headwater.open(approved.root) as opened:
        opened.rollback()
    assert approver(approved) == "ann"
    approved.run(apply=False)
    assert approver(approved) == "ann"
