"""What runs by itself: the jobs of a project, when each is due, and what became of the last ones.

Deciding is here and pure; `web/scheduling` waits and starts. A job is due at the times of its
schedule. However many of them passed while nothing kept the schedule, it is caught up once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from headwater.definitions.cron import Cron
from headwater.definitions.model import Settings
from headwater.graph.graph import Graph
from headwater.ids import NodeId
from headwater.ledger import Ledger, Note

if TYPE_CHECKING:
    from headwater.project import Project

#: `known` is written when a job is first seen: what was due before then is not caught up.
FiringStatus = Literal["known", "done", "problems", "failed", "skipped", "stopped"]
_SORT = "schedule"
_COMMANDS = {"online": ("online", "sync")}
_KEPT_OUTPUT = 12_000  # characters of what a command printed: its beginning and its end


@runtime_checkable
class Scheduled(Protocol):
    """A definition of any kind that says when it is made."""

    @property
    def schedule(self) -> str:
        """A schedule of cron; empty for none."""

    @property
    def schedule_options(self) -> tuple[str, ...]:
        """What the command gets when the schedule starts it: `--deliver`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A command of the command line and when it is due; `report.monthly` is `report monthly …`."""

    name: str
    command: tuple[str, ...]
    cron: Cron
    node: NodeId | None = None
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """One time that a job was started, or was to be."""

    job: str
    due: datetime
    started_at: datetime
    finished_at: datetime
    status: FiringStatus
    text: str = ""
    caught_up: bool = False
    output: str = ""
    duration_s: float = 0.0  # by the machine's clock, also where the project's stands still

    @property
    def is_settled(self) -> bool:
        """Whether it counts as done: what was stopped is caught up."""
        return self.status != "stopped"


def jobs_of(settings: Settings, graph: Graph | None = None) -> tuple[Job, ...]:
    """The commands that `headwater.yml` schedules, then the nodes that schedule themselves."""
    commands = [
        Job(name=command, command=_COMMANDS.get(command, (command,)), cron=Cron.parse(text))
        for command, text in settings.schedule.items()
    ]
    return (*commands, *_of_nodes(graph)) if graph is not None else tuple(commands)


def project_jobs(project: Project) -> tuple[Job, ...]:
    """The jobs of an open project: commands as on disk, nodes as they are released."""
    from headwater.project.releasing import bind_released

    view = project.view
    same = view.release is None or view.release.tree == project.bound.tree_digest
    bound = project.bound if same else bind_released(project.workspace, view)
    return jobs_of(project.settings, bound.graph)


def _of_nodes(graph: Graph) -> Iterator[Job]:
    for node in sorted(graph.nodes.values(), key=lambda each: each.id):
        definition = node.definition
        if isinstance(definition, Scheduled) and definition.schedule:
            yield Job(
                name=str(node.id),
                command=(node.id.kind, node.id.name, *definition.schedule_options),
                cron=Cron.parse(definition.schedule),
                node=node.id,
                title=definition.described.title,
            )


def next_times(job: Job, now: datetime, zone: ZoneInfo, number: int = 1) -> tuple[datetime, ...]:
    """When a job is due next."""
    return job.cron.after(now, zone, number)


def missed(job: Job, last: datetime, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The newest time at which a job was due and that nothing has done; `last` was the last one."""
    due = job.cron.latest(now, zone)
    return due if due > last else None


def last_settled(firings: Iterable[Firing]) -> datetime | None:
    """Up to when a job is settled; None for one that was never seen."""
    return max((each.due for each in firings if each.is_settled), default=None)


def next_of_all(
    jobs: Iterable[Job], now: datetime, zone: ZoneInfo, number: int
) -> tuple[tuple[datetime, Job], ...]:
    """The next times of all jobs together, soonest first."""
    times = [(time, job) for job in jobs for time in next_times(job, now, zone, number)]
    return tuple(sorted(times, key=lambda each: (each[0], each[1].name))[:number])


# --- the record


def record_firing(ledger: Ledger, firing: Firing, author: str) -> None:
    """Keep what became of a firing."""
    data = {
        "due": firing.due.isoformat(),
        "started_at": firing.started_at.isoformat(),
        "status": firing.status,
        "caught_up": firing.caught_up,
        "duration_s": round(firing.duration_s, 3),
        "output": shorten(firing.output),
    }
    ledger.add_notes(
        [
            Note(
                sort=_sort_of(firing.job),
                text=firing.text,
                at=firing.finished_at,
                author=author,
                data=json.dumps(data, ensure_ascii=False),
            )
        ]
    )


def read_firings(ledger: Ledger, job: str, limit: int) -> tuple[Firing, ...]:
    """The newest firings of a job, newest first."""
    notes = ledger.notes(sort=_sort_of(job), newest=limit)
    return tuple(_firing(job, note) for note in reversed(notes))


def is_firing(note: Note) -> bool:
    """Whether a note records a firing: one of many, which lists of decisions leave out."""
    return note.sort.startswith(f"{_SORT} ")


def shorten(text: str) -> str:
    """The beginning and the end of a long output.

    >>> len(shorten("x" * 50_000)) < 13_000
    True
    """
    if len(text) <= _KEPT_OUTPUT:
        return text
    half = _KEPT_OUTPUT // 2
    left_out = len(text) - 2 * half
    return f"{text[:half]}\n… {left_out:,} characters left out …\n{text[-half:]}"


def _sort_of(job: str) -> str:
    return f"{_SORT} {job}"


def _firing(job: str, note: Note) -> Firing:
    data = json.loads(note.data)
    return Firing(
        job=job,
        due=datetime.fromisoformat(data["due"]),
        started_at=datetime.fromisoformat(data["started_at"]),
        finished_at=note.at,
        status=data["status"],
        text=note.text,
        caught_up=data["caught_up"],
        output=data["output"],
        duration_s=data["duration_s"],
    )
