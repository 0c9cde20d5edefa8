"""`approve` and `changes`: who vouches for a number, and who changed it, when and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from headwater.cli.calls import Call

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from headwater.project import Project
    from headwater.views.effects import Asked

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with it.")]


def approve(
    call: Call,
    metrics: Annotated[
        list[str] | None, typer.Argument(metavar="[METRIC...]", help="Which metrics.")
    ] = None,
    *,
    all_of: Annotated[
        str | None,
        typer.Option("--all-of", metavar="TEAM", help="Every draft that this team owns."),
    ] = None,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take the approval back: drafts again.")
    ] = False,
    listed: Annotated[
        bool, typer.Option("--list", help="Say what is approved, and who may approve the rest.")
    ] = False,
    reason: Reason = "",
) -> None:
    """Vouch for what released metrics mean."""
    from headwater.errors import Issue, UsageError
    from headwater.project.metrics import approving
    from headwater.views.approvals import approvable_data, print_approvables, print_approved
    from headwater.views.plain import plain

    with call.open() as project:
        workspace, view = project.workspace, project.published
        known = approving.approvables(workspace, view)
        chosen = list(metrics or ())
        if all_of is not None:
            chosen += [e.metric for e in known if e.owner == all_of and e.is_draft != withdraw]
        if not chosen and (listed or all_of is not None):
            if call.json:
                call.screen.data([approvable_data(each) for each in known])
            else:
                print_approvables(project, known, call.screen)
            return
        if not chosen:
            fix = "`headwater approve revenue`; `--list` shows what there is"
            raise UsageError(Issue(code="E941", what="no metric is named", fix=fix))
        act = approving.withdraw if withdraw else approving.approve
        before = {each.metric for each in known if not each.is_draft}
        made = act(workspace, view, chosen, reason)
        if call.json:
            call.screen.data(plain(made))
        else:
            print_approved(project, made, before, call.screen)


def changes(
    call: Call,
    *,
    period: Annotated[
        str | None, typer.Option("--period", metavar="PERIOD", help="As 2011, last 30 days.")
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option("--metric", metavar="NAME", help="What concerns this metric alone."),
    ] = None,
    between: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--between",
            metavar="RELEASE RELEASE",
            help="What each cause did to the numbers from one release to the other.",
        ),
    ] = None,
    grain: Annotated[
        str, typer.Option("--grain", metavar="GRAIN", help="With --between: of these periods.")
    ] = "month",
    replay: Annotated[
        bool,
        typer.Option(
            "--replay", help="With --between: build the metric twice more, to part data and logic."
        ),
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 1000,
) -> None:
    """Say who changed what, when and why: releases, restatements, approvals, decisions."""
    from headwater.views.history import change_rows, print_changes, read_changes
    from headwater.views.plain import plain

    with call.open() as project:
        if between is not None:
            from headwater.cli.commands.releases import release_number
            from headwater.views.effects import Asked

            ends = release_number(between[0]), release_number(between[1])
            asked = Asked.of(project, ends, grain, metric, period)
            _print_between(project, call, asked, replay=replay, csv=csv)
            return
        everywhere = None if call.env == "prod" else call.env
        found = read_changes(project, everywhere, period, limit, metric)
        if csv:
            write_csv(change_rows(found))
        elif call.json:
            call.screen.data(plain(found))
        else:
            print_changes(project, found, call.screen)


def _print_between(project: Project, call: Call, asked: Asked, *, replay: bool, csv: bool) -> None:
    from headwater.views.effects import (
        print_effects,
        print_totals,
        read_totals,
        total_rows,
        totals_data,
    )

    totals, effects = read_totals(project, asked, replay=replay)
    if csv:
        write_csv(total_rows(totals))
    elif call.json:
        call.screen.data(totals_data(totals, effects))
    else:
        print_totals(project, totals, asked, call.screen)
        print_effects(project, effects, call.screen)


def write_csv(rows: Iterable[Sequence[object]]) -> None:
    """Rows on standard output, the names of their columns first."""
    import csv
    import sys

    csv.writer(sys.stdout, lineterminator="\n").writerows(rows)
