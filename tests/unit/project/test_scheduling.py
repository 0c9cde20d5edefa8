"""The jobs of a project: when they are due, what was missed, and what is kept of a firing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from headwater.definitions.model import Described, Settings
from headwater.errors import Place
from headwater.graph.graph import Graph
from headwater.graph.node import Node
from headwater.ids import NodeId
from headwater.ledger import Ledger
from headwater.project.scheduling import (
    Firing,
    is_firing,
    jobs_of,
    last_settled,
    missed,
    next_of_all,
    next_times,
    read_firings,
    record_firing,
)

LONDON = ZoneInfo("Europe/London")
SETTINGS = Settings(name="shop", schedule={"run": "0 6 * * *", "vacuum": "0 3 * * sun"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A definition that is made on a schedule."""

    id: NodeId
    schedule: str = ""
    schedule_options: tuple[str, ...] = ("--deliver",)
    place: Place = Place("reports/monthly.yml")
    described: Described = field(default_factory=lambda: Described(title="Monthly pack"))
    files: tuple[str, ...] = ()


def graph(*definitions: Pack) -> Graph:
    return Graph.of(
        Node(id=d.id, definition=d, fingerprint="", is_built=False) for d in definitions
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


def fired(due: datetime, **other: object) -> Firing:
    values = {"job": "run", "due": due, "started_at": due, "finished_at": due, "status": "done"}
    return Firing(**{**values, **other})  # type: ignore[arg-type]


def test_jobs_are_of_the_settings_and_of_whatever_has_a_schedule() -> None:
    monthly = Pack(id=NodeId("report", "monthly"), schedule="0 7 1 * *")
    by_hand = Pack(id=NodeId("report", "by_hand"))
    jobs = jobs_of(SETTINGS, graph(monthly, by_hand))
    assert [(j.name, j.command) for j in jobs] == [
        ("run", ("run",)),
        ("vacuum", ("vacuum",)),
        ("report.monthly", ("report", "monthly", "--deliver")),
    ]
    assert jobs[2].title == "Monthly pack"


def test_what_is_next_of_all_jobs() -> None:
    found = next_of_all(jobs_of(SETTINGS), at("2024-01-06T05:00"), LONDON, 3)
    assert [(f"{t:%a %H:%M}", job.name) for t, job in found] == [
        ("Sat 06:00", "run"),
        ("Sun 03:00", "vacuum"),
        ("Sun 06:00", "run"),
    ]


def test_only_the_newest_missed_time_counts() -> None:
    run = jobs_of(SETTINGS)[0]
    last, now = at("2024-01-01T06:00"), at("2024-01-09T12:00")
    assert missed(run, last, now, LONDON) == at("2024-01-09T06:00")
    assert missed(run, at("2024-01-09T06:00"), now, LONDON) is None
    assert missed(run, at("2024-01-09T07:00"), now, LONDON) is None


def test_a_time_that_clocks_leap_over_is_missed_once() -> None:
    run = jobs_of(Settings(name="shop", schedule={"run": "30 1 * * *"}))[0]
    due = missed(run, at("2024-03-30T01:30"), at("2024-03-31T12:00"), LONDON)
    assert due == at("2024-03-31T02:30")
    assert missed(run, at("2024-03-31T02:30"), at("2024-03-31T12:00"), LONDON) is None
    assert next_times(run, at("2024-03-31T02:30"), LONDON) == (at("2024-04-01T01:30"),)


def test_a_stopped_firing_is_not_settled() -> None:
    first, second = at("2024-01-01T06:00"), at("2024-01-02T06:00")
    assert last_settled([]) is None
    assert last_settled([fired(first), fired(second, status="stopped")]) == first
    assert last_settled([fired(first), fired(second, status="failed")]) == second


def test_firings_are_kept_newest_first(tmp_path: Path) -> None:
    with Ledger.open(str(tmp_path / "ledger.db")) as ledger:
        days = [at("2024-01-01T06:00") + timedelta(days=n) for n in range(5)]
        for day in days:
            record_firing(ledger, fired(day, output="built", caught_up=True, text="fine"), "ann")
        record_firing(ledger, fired(days[0], job="vacuum"), "ann")
        found = read_firings(ledger, "run", 3)
        assert [firing.due for firing in found] == days[:1:-1]
        assert found[0] == fired(days[4], output="built", caught_up=True, text="fine")
        assert all(is_firing(note) for note in ledger.notes())


def test_a_long_output_keeps_its_ends(tmp_path: Path) -> None:
    with Ledger.open(str(tmp_path / "ledger.db")) as ledger:
        long = fired(at("2024-01-01T06:00"), output="a" * 20_000 + "z")
        record_firing(ledger, long, "ann")
        (found,) = read_firings(ledger, "run", 1)
        assert found.output.startswith("aaa")
        assert found.output.endswith("z")
        assert "8,001 characters left out" in found.output
        assert replace(found, output="") == replace(long, output="")
