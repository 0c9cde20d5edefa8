"""Processes that publish at once, or are killed while they do."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.unit.ledger.samples import build, definition, state_of, table

from headwater.ledger import Ledger

ROOT = Path(__file__).parents[3]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "ledger.db")
    found: str = request.getfixturevalue("postgres_database")
    return found


def start(url: str, *arguments: str) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.ledger.publisher", url, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_killed_in_the_middle_of_a_publish(url: str) -> None:
    chance = random.Random(7)
    said = 0
    for _ in range(6):
        process = start(url, "all")
        assert first_line(process)
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        rest, _ = process.communicate()
        lines = rest.split("\n")[:-1]  # the last may be cut off
        said = int(lines[-1]) if lines else said
        said = max(said, check_whole(url))
    assert said > 6


def check_whole(url: str) -> int:
    """Every node is at the version of the head's number, and all that belongs to it is there."""
    with Ledger.open(url) as ledger:
        head = ledger.head("prod")
        assert head is not None
        number = head.number
        assert ledger.epoch == number
        assert [release.number for release in ledger.releases(limit=1)] == [number]
        whole = ledger.resolve(number)
        made = [build(table(f"t{n}"), number) for n in range(40)]
        assert whole.definitions == {b.node: definition(b.node, number).hash for b in made}
        held = ledger.states(whole.states.values())
        assert {n: held[s] for n, s in whole.states.items()} == {b.node: state_of(b) for b in made}
        assert ledger.shown_in(b.id for b in made) == {b.id: number for b in made}
        assert ledger.definitions(whole.definitions.values()).keys() == set(
            whole.definitions.values()
        )
        return number


def test_three_processes_publish_at_once_and_nothing_is_lost(url: str) -> None:
    processes = [start(url, f"node{n}", "12") for n in range(3)]
    numbers: list[int] = []
    for process in processes:
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        numbers += map(int, output.split())
    assert sorted(numbers) == list(range(1, 37))
    with Ledger.open(url) as ledger:
        assert ledger.epoch == 36
        assert set(ledger.resolve(36).states) == {table(f"node{n}") for n in range(3)}


def test_a_killed_holder_sets_the_lock_free(url: str) -> None:
    process = start(url, "lock")
    assert first_line(process) == "True"
    with Ledger.open(url) as ledger:
        lock = ledger.run_lock("prod", holder="me")
        assert not lock.try_acquire()
        assert lock.holder() == "the publisher"
        process.kill()
        process.communicate()
        assert lock.try_acquire(wait_s=5)
        lock.release()
