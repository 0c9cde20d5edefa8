"""`why`: a change of a metric, divided among factors and groups."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from headwater.cli.calls import Call


def why(
    call: Call,
    metric: Annotated[str, typer.Argument(metavar="METRIC", help="Which metric.")],
    period: Annotated[
        str, typer.Option("--period", metavar="PERIOD", help="As 2011-11, last 30 days.")
    ] = "previous month",
    compare: Annotated[
        Literal["previous", "year_ago"], typer.Option("--compare", help="What it is held against.")
    ] = "previous",
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="DIMENSION", help="Divide by these; its own by default."),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="CONDITION", help="Only rows that match."),
    ] = None,
    sql: Annotated[bool, typer.Option("--sql", help="Print the SQL that was asked.")] = False,
) -> None:
    """Say why a metric moved: its factors and groups add up exactly."""
    from headwater.project.metrics.answering import facts_of, why_moved
    from headwater.views.why import print_why, sql_lines, why_data

    with call.open() as project:
        found = why_moved(
            project, metric, period, compare, by=by or (), where=where or (), from_tables=sql
        )
        facts = facts_of(project, found)
        if sql:
            for line in sql_lines(found.answers):
                call.screen.line(line)
        elif call.json:
            call.screen.data(why_data(found, facts))
        else:
            told = (*facts, "SQL: --sql")
            print_why(found, project.metrics.catalog.metrics, told, call.screen)
