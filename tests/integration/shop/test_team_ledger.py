"""The how-to page about a ledger in PostgreSQL, done: profile, secret, run, a second person."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import headwater
from headwater.examples import example_path

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def test_two_checkouts_share_a_ledger_and_a_lake(
    tmp_path: Path, postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEDGER_URL", raising=False)
    checkouts = tmp_path / "ann", tmp_path / "ben"
    for folder in checkouts:
        ignored = shutil.ignore_patterns(".headwater", "invoices", "features", "labels", "models")
        shutil.copytree(example_path("shop"), folder, ignore=ignored)
        (folder / "data" / "invoices").mkdir(parents=True)
        for day in ("2011-12-07", "2011-12-08"):
            name = f"data/invoices/{day}.csv.gz"
            shutil.copy(example_path("shop") / name, folder / name)
        (folder / ".env").write_text(f"LEDGER_URL={postgres_database}\n")
        with (folder / "headwater.yml").open("a") as file:
            file.write(
                f'profiles:\n  team: {{lake: {tmp_path / "lake"}, ledger: "${{LEDGER_URL}}"}}\n'
            )
    ann, ben = checkouts
    with headwater.open(ann, profile="team") as project:
        assert not project.run().failed
        rows = project.sql("select count(*) from sales").fetchall()
    with headwater.open(ben, profile="team") as project:
        assert project.sql("select count(*) from sales").fetchall() == rows
        assert project.plan().steps == ()
        assert project.run().releases == ()
    for folder in checkouts:
        assert not (folder / ".headwater" / "ledger.db").exists()
    secret = postgres_database.encode()
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".env"]
    assert [path for path in kept if secret in path.read_bytes()] == []
