"""`freshness`, `compact`, `vacuum`: what runs beside the schedule."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from headwater.cli.calls import Call
from headwater.cli.selecting import Nodes


def freshness(call: Call, *, nodes: Nodes = None) -> None:
    """Say how fresh each source is; fails when one is too old."""
    from headwater.views.freshness import freshness_data, print_freshness

    with call.open() as project:
        found = project.freshness(tuple(nodes or ()))
        failed = any(each.result.status == "error" for each in found)
        if call.json:
            data = [freshness_data(each) for each in found]
            call.screen.data({"failed": failed, "sources": data})
        else:
            print_freshness(found, project.workspace.zone, call.screen)
    raise typer.Exit(1 if failed else 0)


def compact(call: Call, *, nodes: Nodes = None) -> None:
    """Merge the small files of each month; nothing is rebuilt."""
    from headwater.views.plain import plain
    from headwater.views.upkeep import print_compaction

    with call.open() as project:
        done = project.compact(tuple(nodes or ()))
        if call.json:
            call.screen.data(plain(done))
        else:
            print_compaction(done, call.screen)


def vacuum(
    call: Call,
    grace: Annotated[
        str, typer.Option("--grace", metavar="7d", help="How long an unneeded file stays.")
    ] = "7d",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be deleted.")
    ] = False,
) -> None:
    """Delete data files that nothing has needed for a while."""
    from headwater.views.plain import plain
    from headwater.views.upkeep import print_vacuum

    with call.open() as project:
        done = project.vacuum(_duration(grace), dry_run=dry_run)
        if call.json:
            call.screen.data(plain(done))
        else:
            print_vacuum(done, grace, call.screen)
    raise typer.Exit(1 if done.missing else 0)


def _duration(text: str) -> timedelta:
    from headwater.clock import parse_duration
    from headwater.errors import Issue, UsageError

    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(Issue(code="E810", what=str(error))) from None
