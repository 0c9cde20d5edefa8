"""`monitor`: how models do where they are used."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from headwater.cli.calls import Call

LONGEST_DAYS = 366


def monitor(
    call: Call,
    model: Annotated[
        str | None, typer.Argument(help="A model; by default all that are published.")
    ] = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=LONGEST_DAYS, help="How many days before now.")
    ] = 1,
) -> None:
    """Compare models in use with their training, and record it."""
    from headwater.project.monitoring.looking import model_names, monitor
    from headwater.project.monitoring.recording import record
    from headwater.views.models.monitoring import monitoring_data, print_monitoring

    with call.open() as project:
        names = [model.removeprefix("model.")] if model else model_names(project)
        found = [monitor(project, name, timedelta(days=days)) for name in names]
        for each in found:
            record(project.ledger, each, project.workspace.author)
        if call.json:
            call.screen.data(monitoring_data(found))
        else:
            print_monitoring(found, project.workspace.zone, call.screen)
