"""`schedule`: what runs by itself."""

from __future__ import annotations

from typing import Annotated

import typer

from headwater.cli.calls import Call


def schedule(
    call: Call,
    number: Annotated[
        int, typer.Option("--limit", min=1, max=100, help="How many times of each job.")
    ] = 3,
) -> None:
    """Say what is scheduled next, and how it went last."""
    from headwater.project.scheduling import project_jobs
    from headwater.views.schedule import print_schedule, schedule_data, schedule_facts

    with call.open() as project:
        clock = project.workspace.clock
        found = schedule_facts(project.ledger, project_jobs(project), clock, number, 5)
        if call.json:
            call.screen.data(schedule_data(found))
            return
        fixed = bool(call.now or project.settings.now)
        print_schedule(found, clock, call.screen, fixed=fixed)
