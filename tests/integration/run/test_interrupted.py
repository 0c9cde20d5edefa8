"""Runs that were killed, names that no environment can have, rules that are no conditions."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.run.small import Small, small_shop

from headwater.errors import UsageError
from headwater.project.recording import is_interrupted
from headwater.views.runs import run_facts

KILLED = """
import os, sys
from pathlib import Path
from headwater.project import Project
from headwater.project.recording import exclusive, recorded
with Project.open(Path(sys.argv[1])) as project:
    with exclusive(project.workspace, "prod"), recorded(project.workspace, project.request()):
        os.kill(os.getpid(), 9)
"""


def test_a_killed_run_is_interrupted(tmp_path: Path) -> None:
    small = small_shop(Small(tmp_path / "small"))
    subprocess.run([sys.executable, "-c", KILLED, str(small.root)], check=False)
    with small.open() as project:
        (killed,) = project.ledger.runs()
        assert killed.status == "running"
        assert is_interrupted(killed)
        assert run_facts(killed, project.workspace.zone).record.status == "interrupted"
        assert not is_interrupted(replace(killed, pid=os.getpid()))
        assert not is_interrupted(replace(killed, host="elsewhere"))
    small.run()
    with small.open() as project:  # also for whoever looks from another machine
        assert [run.status for run in project.ledger.runs()] == ["done", "interrupted"]


@pytest.mark.parametrize("name", ["a/b", "", "../prod", "a b", ".hidden", "x" * 65, "a\nb", "é"])
def test_a_name_that_no_environment_can_have(tmp_path: Path, name: str) -> None:
    small = small_shop(Small(tmp_path / "small"))
    with pytest.raises(UsageError, match="E818"):
        small.open(env=name)


@pytest.mark.parametrize(
    ("rule", "fix"),
    [
        ('"warning: id < 4"', "take the quotes away: `- warning: id < 4`"),
        ('"error : id < 4"', "take the quotes away: `- error: id < 4`"),
        ('"few: id < 4"', "write `- {name: few, expr: …}`"),
    ],
)
def test_a_rule_in_quotes(tmp_path: Path, rule: str, fix: str) -> None:
    small = small_shop(Small(tmp_path / "small"))
    text = (small.root / "tables/sales.sql").read_text()
    small.write("tables/sales.sql", text.replace("key: id", f"key: id\nrules: [{rule}]"))
    with small.open() as project:
        (issue,) = project.check()
    assert (issue.code, issue.fix, issue.place.line) == ("E604", fix, 4)


def test_a_rule_may_cast(tmp_path: Path) -> None:
    small = small_shop(Small(tmp_path / "small"))
    text = (small.root / "tables/sales.sql").read_text()
    small.write("tables/sales.sql", text.replace("key: id", "key: id\nrules: ['id::bigint < 9']"))
    with small.open() as project:
        assert project.check() == ()


def test_a_mistyped_key_causes_nothing_else(tmp_path: Path) -> None:
    small = small_shop(Small(tmp_path / "small"))
    text = (small.root / "tables/sales.sql").read_text()
    small.write("tables/sales.sql", text.replace("time: ordered_at", "time_colum: ordered_at"))
    with small.open() as project:
        (issue,) = project.check()
    assert issue.code == "E114"
    assert issue.fix == "did you mean `time`?"


def test_a_scheduled_report_that_goes_nowhere(tmp_path: Path) -> None:
    small = small_shop(Small(tmp_path / "small"))
    small.write(
        "metrics/m.yml",
        """
        table: sales
        owner: ann
        better: higher
        metrics:
          revenue: {description: All., expr: sum(amount)}
        """,
    )
    small.write("reports/r.yml", 'schedule: "@daily"\nmetrics: [revenue]\n')
    with small.open() as project:
        (issue,) = project.check()
    assert (issue.code, str(issue.place)) == ("W959", "reports/r.yml:1:11")
    assert "deliver" in issue.fix
