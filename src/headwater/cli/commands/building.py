"""`plan` and `run`: what would be done, and doing exactly that."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headwater.cli.calls import Call
from headwater.cli.selecting import (
    Apply,
    Exclude,
    FullRefresh,
    Nodes,
    Period,
    Sample,
    Select,
)

if TYPE_CHECKING:
    from headwater.plan.steps import Request
    from headwater.project import Project
    from headwater.project.recording import RunReport

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Answer every question with yes.")]


def plan(
    call: Call,
    *,
    nodes: Nodes = None,
    select: Select = None,
    exclude: Exclude = None,
    full_refresh: FullRefresh = None,
    period: Period = None,
    sample: Sample = None,
    apply: Apply = False,
) -> None:
    """Say what a run would do, and why."""
    from headwater.project.asking import make_request
    from headwater.views.plan import print_plan
    from headwater.views.summaries import plan_data

    with call.open() as project:
        made = project.plan(
            make_request(
                project,
                nodes=[*(nodes or ()), *(select or ())],
                exclude=exclude or (),
                full_refresh=full_refresh or (),
                period=period,
                sample=sample,
                apply=apply,
            )
        )
        if call.json:
            call.screen.data(plan_data(made, project.workspace.zone))
        else:
            print_plan(project, made, call.screen)


def run(
    call: Call,
    *,
    nodes: Nodes = None,
    select: Select = None,
    exclude: Exclude = None,
    full_refresh: FullRefresh = None,
    period: Period = None,
    sample: Sample = None,
    apply: Apply = False,
    yes: Yes = False,
) -> None:
    """Build what is stale, check it, and release it."""
    from headwater.cli.news import News

    options = (nodes, select, exclude, full_refresh, period, sample, call.now)
    news = None if any(options) else News(call)
    if news is not None and news.tell_none():
        return
    from headwater.project.asking import make_request

    with call.open() as project:
        request = make_request(
            project,
            nodes=[*(nodes or ()), *(select or ())],
            exclude=exclude or (),
            full_refresh=full_refresh or (),
            period=period,
            sample=sample,
            apply=apply or (not call.json and _asked(project, call, yes)),
        )
        report = run_request(project, request, call)
        settled = news.settled(project, report) if news is not None else None
    if settled is not None:
        settled.keep()
    raise typer.Exit(1 if report.failed else 0)


def build(run: Callable[..., None]) -> Callable[..., None]:
    """`run` under the name that users of other tools try first."""

    @functools.wraps(run)
    def hinted(call: Call, **options: Any) -> None:
        typer.echo("`headwater run` is the command; `build` does the same.", err=True)
        run(call, **options)

    return hinted


def retry(call: Call) -> None:
    """Run again what the last run was asked for."""
    from headwater.cli.retrying import last_request

    with call.open() as project:
        report = run_request(project, last_request(project), call)
    raise typer.Exit(1 if report.failed else 0)


def run_request(project: Project, request: Request, call: Call) -> RunReport:
    """Run and print as it goes."""
    from headwater.cli.progress import silent, watching
    from headwater.views.run import print_report
    from headwater.views.summaries import run_data

    _refuse_errors(project, request, call)
    watch = silent(project) if call.json else watching(project, call.screen)
    with watch as progress:
        report = project.run(request, progress)
    if call.json:
        call.screen.data(run_data(report))
    else:
        print_report(project, report, call.screen)
    return report


def _refuse_errors(project: Project, request: Request, call: Call) -> None:
    """Definitions with errors are not run; a schedule goes on with the released ones, and tells."""
    from headwater.cli.screen import Screen
    from headwater.errors import raise_errors
    from headwater.project.recording import PROD
    from headwater.views.issues import tally

    errors = project.bound.errors
    released = project.environment == PROD and project.view.release is not None
    if not errors or not released or request.apply or call.screen.is_terminal:
        raise_errors(errors)
        return
    Screen.err().line(
        f"{tally(errors)} in the files (`headwater check`). The released definitions are run."
    )


def _asked(project: Project, call: Call, yes: bool) -> bool:
    """Whether edited definitions go out with a run of `prod`; asks only on a terminal."""
    import sys

    from headwater.project.recording import PROD

    edited = project.edited
    if project.environment != PROD or not edited:
        return False
    if yes:
        return True
    screen = call.screen
    if not (screen.is_terminal and sys.stdin.isatty()):
        return False
    screen.line("Edited since the last release:")
    for node in edited[:12]:
        screen.line(f"  {node}")
    if len(edited) > 12:
        screen.line(f"  … and {len(edited) - 12} more")
    return typer.confirm("Release these definitions too?", default=False)
