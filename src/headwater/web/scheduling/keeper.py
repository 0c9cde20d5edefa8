"""Keeps the schedule of one project: waits with APScheduler, starts commands, records them.

One process keeps it for an environment, by a lock in the ledger; others look on and take over when
it is gone. Everything that must outlast a process is in the ledger, so there is no other store.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from headwater.clock import Clock
from headwater.errors import HeadwaterError
from headwater.ledger import Ledger
from headwater.ledger.lock import RunLock
from headwater.project.scheduling import (
    Firing,
    Job,
    last_settled,
    missed,
    read_firings,
    record_firing,
)
from headwater.web.scheduling.starting import Target, run_command

_LOOK_EVERY_S: Final = 30
#: A firing that begins later than this was not on time: it is caught up.
_ON_TIME: Final = timedelta(minutes=2)
_NEWEST: Final = 30
_AUTHOR: Final = "schedule"


class CronTrigger(BaseTrigger):  # type: ignore[misc] # APScheduler has no types
    """Our schedules as a trigger: APScheduler's own differs from cron in weekdays and days."""

    def __init__(self, job: Job, zone: ZoneInfo) -> None:
        self.job = job
        self.zone = zone

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """The next time; the newest at once where several have passed."""
        if previous is not None:
            newest = self.job.cron.latest(now, self.zone)
            if newest > previous:
                return newest
        return self.job.cron.after(previous or now, self.zone)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The command at work now."""

    job: Job
    due: datetime
    since: datetime


class Keeper:
    """The schedule while it is kept."""

    def __init__(
        self,
        ledger: Ledger,
        target: Target,
        clock: Callable[[], Clock],
        jobs: Callable[[], tuple[Job, ...]],
    ) -> None:
        self._ledger = ledger
        self._target = target
        self._clock = clock
        self._read_jobs = jobs
        self._stop = threading.Event()
        self._looking = threading.Lock()
        self._firing = threading.Lock()
        self._keeping = False
        self._given: dict[str, Job] = {}
        self._lock = _lock(ledger, target.environment)
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1), "look": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self.jobs: tuple[Job, ...] = ()
        self.running: Running | None = None
        self.problem: HeadwaterError | None = None  # why the schedule could not be read or kept

    @property
    def is_keeping(self) -> bool:
        """Whether this process keeps the schedule."""
        return self._keeping

    @property
    def kept_by(self) -> str:
        """Who else keeps it; empty if nobody or this process does."""
        return "" if self._keeping else self._lock.holder()

    def start(self) -> None:
        """Begin; what was missed is caught up at once."""
        self._scheduler.add_job(
            self.look,
            "interval",
            seconds=_LOOK_EVERY_S,
            next_run_time=datetime.now(UTC),
            executor="look",
        )
        self._scheduler.start()

    def stop(self) -> None:
        """End; a command at work is told to stop, and is waited for."""
        self._stop.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)  # waiting, it holds the locks that `look` needs
        with self._looking, self._firing:
            self._lock.release()
            self._keeping = False

    def look(self) -> None:
        """Take the schedule if nobody keeps it, and follow changed definitions."""
        with self._looking:
            if self._stop.is_set():
                return
            try:
                self._keeping = self._keeping or self._lock.try_acquire()
                jobs = self._read_jobs()
                if self._keeping:
                    self._follow(jobs)
                self.jobs = jobs
                self.problem = None
            except HeadwaterError as error:  # the jobs known so far go on
                self.problem = error

    def fire(self, job: Job) -> None:
        """Start a job if it is due and not done yet, and record what became of it."""
        with self._firing:
            if self._stop.is_set():
                return
            try:
                due = self._due(job)
                if due is not None:
                    self._run(job, due)
            except HeadwaterError as error:
                self.problem = error

    def _follow(self, jobs: tuple[Job, ...]) -> None:
        """Give APScheduler the jobs as they are now; one that is behind runs at once."""
        for name in self._given.keys() - {job.name for job in jobs}:
            self._scheduler.remove_job(name)
            del self._given[name]
        for job in jobs:
            behind = self.running is None and self._due(job) is not None
            if behind or self._given.get(job.name) != job:
                at_once = {"next_run_time": datetime.now(UTC)} if behind else {}
                self._scheduler.add_job(
                    self.fire,
                    CronTrigger(job, self._clock().zone),
                    id=job.name,
                    args=[job],
                    replace_existing=True,
                    **at_once,
                )
                self._given[job.name] = job

    def _due(self, job: Job) -> datetime | None:
        """When the job should have run and has not; one never seen begins to count now."""
        clock = self._clock()
        last = last_settled(read_firings(self._ledger, job.name, _NEWEST))
        if last is not None:
            return missed(job, last, clock.now, clock.zone)
        first = Firing(
            job=job.name,
            due=clock.now,
            started_at=clock.now,
            finished_at=clock.now,
            status="known",
            text=f"scheduled: {job.cron.text}",
        )
        record_firing(self._ledger, first, _AUTHOR)
        return None

    def _run(self, job: Job, due: datetime) -> None:
        started_at = self._clock().now
        self.running = Running(job=job, due=due, since=started_at)
        try:
            ended = run_command(self._target, job.command, self._stop)
        finally:
            self.running = None
        firing = Firing(
            job=job.name,
            due=due,
            started_at=started_at,
            finished_at=self._clock().now,
            status=ended.status,
            text=ended.text,
            caught_up=started_at - due > _ON_TIME,
            output=ended.output,
            duration_s=ended.duration_s,
        )
        record_firing(self._ledger, firing, _AUTHOR)


def _lock(ledger: Ledger, environment: str) -> RunLock:
    holder = f"process {os.getpid()} on {socket.gethostname()}"
    return ledger.run_lock(f"schedule of {environment}", holder=holder)
