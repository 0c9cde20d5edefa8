"""The schedule: what is next, what ran last and how it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from headwater.project.scheduling import Firing, FiringStatus, Job, next_times, read_firings
from headwater.views.figures import moment, seconds
from headwater.views.layout import Cell

if TYPE_CHECKING:
    from headwater.clock import Clock
    from headwater.ledger import Ledger
    from headwater.views.page import Page

#: How a firing ended → the style of its word.
STYLES: Final[Mapping[FiringStatus, str]] = {
    "known": "quiet",
    "done": "good",
    "problems": "bad",
    "failed": "bad",
    "skipped": "warning",
    "stopped": "warning",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """A job with its next times and its newest firings."""

    job: Job
    next: tuple[datetime, ...]
    firings: tuple[Firing, ...]  # newest first

    @property
    def last(self) -> Firing | None:
        """The newest one that was started, or was to be."""
        return next((each for each in self.firings if each.status != "known"), None)


def schedule_facts(
    ledger: Ledger, jobs: Sequence[Job], clock: Clock, times: int, firings: int
) -> tuple[JobFacts, ...]:
    """The facts of all jobs."""
    return tuple(
        JobFacts(
            job=job,
            next=next_times(job, clock.now, clock.zone, times),
            firings=read_firings(ledger, job.name, firings),
        )
        for job in jobs
    )


def newest_firings(found: Sequence[JobFacts], limit: int) -> tuple[Firing, ...]:
    """The firings of all jobs together, newest first."""
    every = [firing for facts in found for firing in facts.firings]
    return tuple(sorted(every, key=lambda each: each.started_at, reverse=True)[:limit])


def until_text(when: datetime, now: datetime) -> str:
    """How far away a time is.

    >>> from datetime import UTC
    >>> noon = datetime(2024, 1, 1, 12, tzinfo=UTC)
    >>> [until_text(noon + timedelta(minutes=m), noon) for m in (0, 40, 150, 5000)]
    ['now', 'in 40 min', 'in 2 h 30 min', 'in 3 days']
    """
    minutes = round((when - now) / timedelta(minutes=1))
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"in {minutes} min"
    if minutes < 48 * 60:
        hours, rest = divmod(minutes, 60)
        return f"in {hours} h {rest} min" if rest else f"in {hours} h"
    return f"in {minutes // (24 * 60)} days"


def print_schedule(found: Sequence[JobFacts], clock: Clock, page: Page, *, fixed: bool) -> None:
    """The next times of all jobs, and how each went last."""
    if not found:
        page.line("Nothing is scheduled.")
        page.hint('`schedule: "0 6 * * *"` in headwater.yml, and `headwater serve`')
        return
    due = sorted(((t, facts.job) for facts in found for t in facts.next), key=lambda each: each[0])
    page.rows(
        (
            moment(time, clock.zone),
            Cell(until_text(time, clock.now), "quiet"),
            Cell(job.name, "strong"),
            Cell(job.cron.text, "code"),
        )
        for time, job in due
    )
    ran = [facts for facts in found if facts.last is not None]
    if ran:
        page.line("")
        page.rows(_last_row(facts, clock.zone) for facts in ran)
    if fixed:
        page.line(
            Cell("! ", "warning"),
            f"the clock stands at {moment(clock.now, clock.zone)} (`now`): nothing falls due",
        )


def _last_row(facts: JobFacts, zone: ZoneInfo) -> tuple[Cell | str, ...]:
    last = facts.last
    assert last is not None
    return (
        Cell(facts.job.name, "strong"),
        Cell(last.status, STYLES[last.status]),
        moment(last.started_at, zone),
        Cell(seconds(last.duration_s), "quiet", right=True),
        Cell("caught up" if last.caught_up else "", "quiet"),
        last.text,
    )


def schedule_data(found: Sequence[JobFacts]) -> list[dict[str, Any]]:
    """The schedule for machines."""
    return [
        {
            "job": facts.job.name,
            "command": list(facts.job.command),
            "schedule": facts.job.cron.text,
            "next": [time.isoformat() for time in facts.next],
            "firings": [_firing_data(firing) for firing in facts.firings],
        }
        for facts in found
    ]


def _firing_data(firing: Firing) -> dict[str, Any]:
    return {
        "due": firing.due.isoformat(),
        "started_at": firing.started_at.isoformat(),
        "finished_at": firing.finished_at.isoformat(),
        "status": firing.status,
        "caught_up": firing.caught_up,
        "seconds": firing.duration_s,
        "text": firing.text,
    }
