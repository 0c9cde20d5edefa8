"""The schedule: what is next, what is at work, what ran and how it went."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from headwater.errors import HeadwaterError
from headwater.project.scheduling import Job, next_of_all
from headwater.views.schedule import STYLES, newest_firings, schedule_facts, until_text
from headwater.web.pages import render, site_of, snapshot_of
from headwater.web.scheduling.keeper import Keeper
from headwater.web.scheduling.serving import read_jobs

router = APIRouter(include_in_schema=False)

_NEXT = 6
_NEWEST = 30


@router.get("/schedule")
def schedule(request: Request, job: Annotated[str, Query(max_length=200)] = "") -> Response:
    """All jobs, or the history of one."""
    site, snapshot = site_of(request), snapshot_of(request)
    keeper: Keeper | None = request.app.state.keeper
    clock = site.workspace.at_this_moment().clock
    jobs, problem = _jobs(request, keeper)
    found = schedule_facts(snapshot.ledger, jobs, clock, 1, _NEWEST)
    shown = [facts for facts in found if not job or facts.job.name == job]
    return render(
        request,
        "schedule.html",
        cached=False,
        title="Schedule",
        keeper=keeper,
        problem=problem,
        jobs=found,
        coming=next_of_all(jobs, clock.now, clock.zone, _NEXT),
        firings=newest_firings(shown, _NEWEST),
        job=job,
        now=clock.now,
        until=until_text,
        styles=STYLES,
        fixed=bool(site.workspace.now or site.workspace.settings.now),
        served=site.environment,
    )


def _jobs(request: Request, keeper: Keeper | None) -> tuple[tuple[Job, ...], HeadwaterError | None]:
    """The jobs, and why the schedule is not as it should be."""
    try:
        jobs = read_jobs(site_of(request))
    except HeadwaterError as error:
        return (keeper.jobs if keeper is not None else ()), error
    return jobs, keeper.problem if keeper is not None else None
