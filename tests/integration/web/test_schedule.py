"""The schedule is kept by real processes: on time, once after downtime, one at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.integration.run.small import Small, small_shop

from headwater.clock import Clock
from headwater.definitions.cron import Cron
from headwater.errors import HeadwaterError, Issue
from headwater.project.scheduling import Firing, Job, read_firings
from headwater.web.scheduling.keeper import Keeper
from headwater.web.scheduling.starting import Target

LONDON = ZoneInfo("Europe/London")
RUN = Job(name="run", command=("run",), cron=Cron.parse("0 6 * * *"))
START = datetime(2024, 3, 10, 12, tzinfo=UTC)


class Hands:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> Clock:
        return Clock(self.now, LONDON)


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return small_shop(Small(tmp_path / "small"))


@contextmanager
def kept(
    small: Small, hands: Hands, jobs: Callable[[], tuple[Job, ...]] = lambda: (RUN,)
) -> Iterator[Keeper]:
    with small.open() as project:
        target = Target(root=small.root, environment="prod")
        keeper = Keeper(project.ledger, target, hands, jobs)
        keeper.start()
        try:
            yield keeper
        finally:
            keeper.stop()


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def firings(small: Small, job: str = "run") -> list[Firing]:
    with small.open() as project:
        return list(read_firings(project.ledger, job, 50))


def statuses(small: Small) -> list[str]:
    return [firing.status for firing in firings(small)]


def test_a_job_counts_from_when_it_is_first_seen(small: Small) -> None:
    hands = Hands()
    with kept(small, hands):
        wait_for(lambda: statuses(small) == ["known"])
        time.sleep(0.2)
    assert statuses(small) == ["known"]


def test_downtime_is_caught_up_once(small: Small) -> None:
    hands = Hands()
    with kept(small, hands):
        wait_for(lambda: statuses(small) == ["known"])
    hands.now = START + timedelta(days=9)
    with kept(small, hands):
        wait_for(lambda: len(firings(small)) == 2)
    newest = firings(small)[0]
    assert (newest.status, newest.caught_up) == ("done", True)
    assert newest.due == datetime(2024, 3, 19, 6, tzinfo=UTC)
    assert "release #1" in newest.output
    with small.open() as project:
        assert project.view.release is not None
        assert project.view.release.author == "schedule"
    with kept(small, hands) as keeper:
        keeper.look()
        assert keeper.running is None
    assert statuses(small) == ["done", "known"]


def test_a_run_under_way_is_not_disturbed(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_WAIT_S", "0")
    hands = Hands()
    with kept(small, hands) as keeper, small.open() as other:
        wait_for(lambda: statuses(small) == ["known"])
        with other.ledger.run_lock("prod", holder="ann, by hand") as held:
            assert held
            hands.now = START + timedelta(days=1)
            keeper.look()
            wait_for(lambda: statuses(small) == ["skipped", "known"])
    assert "ann, by hand" in firings(small)[0].text


def test_stopping_ends_what_is_at_work_and_the_next_start_catches_up(small: Small) -> None:
    hands = Hands()
    with small.open() as other:
        with kept(small, hands) as keeper:
            wait_for(lambda: statuses(small) == ["known"])
            with other.ledger.run_lock("prod", holder="ann, by hand"):
                hands.now = START + timedelta(days=1)
                keeper.look()
                wait_for(lambda: keeper.running is not None)
                keeper.stop()
        assert statuses(small) == ["stopped", "known"]
        with kept(small, hands):
            wait_for(lambda: statuses(small) == ["done", "stopped", "known"])


def test_problems_are_recorded_and_the_schedule_goes_on(small: Small) -> None:
    small.run()
    small.write("data/orders/day5.csv", "id,ordered_at\n9,2024-03-05 09:00\n")
    hands = Hands()
    with kept(small, hands) as keeper:
        wait_for(lambda: statuses(small) == ["known"])
        hands.now = START + timedelta(days=1)
        keeper.look()
        wait_for(lambda: len(firings(small)) == 2)
        assert firings(small)[0].status == "problems"
        assert firings(small)[0].text
        hands.now = START + timedelta(days=2)
        keeper.look()
        wait_for(lambda: len(firings(small)) == 3)


def test_unreadable_definitions_leave_the_jobs_known_so_far(small: Small) -> None:
    hands = Hands()
    broken = False

    def jobs() -> tuple[Job, ...]:
        if broken:
            raise HeadwaterError(Issue(code="E104", what="the file is empty"))
        return (RUN,)

    with kept(small, hands, jobs) as keeper:
        wait_for(lambda: keeper.jobs)
        broken = True
        keeper.look()
        assert keeper.problem is not None
        assert keeper.jobs == (RUN,)
        broken = False
        keeper.look()
        assert keeper.problem is None


def test_only_one_process_keeps_the_schedule(small: Small) -> None:
    hands = Hands()
    with kept(small, hands) as first, kept(small, hands) as second:
        wait_for(lambda: first.is_keeping)
        second.look()
        assert not second.is_keeping
        assert "process" in second.kept_by
        assert second.jobs == (RUN,)
        first.stop()
        second.look()
        assert second.is_keeping


def test_a_job_that_is_gone_is_forgotten(small: Small) -> None:
    hands = Hands()
    listed: list[Job] = [RUN]
    with kept(small, hands, lambda: tuple(listed)) as keeper:
        wait_for(lambda: statuses(small) == ["known"])
        listed.clear()
        hands.now = START + timedelta(days=1)
        keeper.look()
        assert keeper.jobs == ()
    assert statuses(small) == ["known"]
