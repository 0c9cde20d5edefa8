"""`trace`, `release`, `promote`, `rollback`: what stands, what moved, and going back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from headwater.cli.calls import Call
from headwater.ids import NodeId
from headwater.views.layout import Cell

if TYPE_CHECKING:
    from datetime import date

    from headwater.ledger import Release
    from headwater.project import Project
    from headwater.views.page import Page

Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; kept with the release.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, help="How many at most.")]


def trace(
    call: Call,
    what: Annotated[
        str, typer.Argument(metavar="NODE[.COLUMN]", help="table.sales, sales.amount, …")
    ],
    at: Annotated[
        str | None, typer.Option("--at", metavar="DATE", help="One day of it, as 2011-12-09.")
    ] = None,
    sql: Annotated[bool, typer.Option("--sql", help="Show the SQL of each table too.")] = False,
) -> None:
    """Walk from a table down to the files beneath it."""
    from headwater.views.trace import print_trace, trace_data

    with call.open() as project:
        found = project.trace(what, _day(at) if at else None)
        if call.json:
            call.screen.data(trace_data(found))
        else:
            print_trace(project, found, call.screen, sql=sql)


def release_list(call: Call, limit: Limit = 20) -> None:
    """List releases, newest first."""
    from headwater.views.figures import moment
    from headwater.views.summaries import release_data

    with call.open() as project:
        every = _environment_asked(call)
        found = project.ledger.releases(every, limit)
        heads = {r.number: name for name, r in project.ledger.environments().items()}
        if call.json:
            call.screen.data([{**release_data(r), "head_of": heads.get(r.number)} for r in found])
            return
        screen = call.screen
        if not found:
            screen.line("Nothing is released yet: `headwater run`")
        screen.rows(
            (
                Cell(f"#{release.number}", "strong", right=True),
                moment(release.created_at, project.workspace.zone),
                release.environment,
                release.sort,
                release.author,
                release.reason,
                Cell(f"← {heads[release.number]}", "good") if release.number in heads else "",
            )
            for release in found
        )


def release_show(
    call: Call, number: Annotated[str, typer.Argument(metavar="NUMBER", help="As in #12.")]
) -> None:
    """Show one release: its facts and what it changed."""
    from headwater.project.release_view import ReleaseView
    from headwater.views.diff import print_diff
    from headwater.views.figures import moment
    from headwater.views.plain import plain
    from headwater.views.summaries import release_data

    with call.open() as project:
        release = project.ledger.release(release_number(number))
        view = ReleaseView.of(project.ledger, release)
        diff = project.diff(release.number, release.parent)
        if call.json:
            call.screen.data({**release_data(release), "diff": plain(diff)})
            return
        screen = call.screen
        at = moment(release.created_at, project.workspace.zone)
        screen.line(
            Cell(f"release #{release.number}", "strong"),
            f" · {release.environment} · {release.sort} · {at} · {release.author}",
            f" · {release.reason}" if release.reason else "",
        )
        rows = sum(state.row_count for state in view.states.values())
        screen.line(f"  {len(view.definitions):,} nodes, {rows:,} rows")
        print_diff(project, diff, screen)


def release_diff(
    call: Call,
    after: Annotated[
        str | None, typer.Argument(metavar="[ENV|NUMBER]", help="What to look at.")
    ] = None,
    against: Annotated[
        str | None, typer.Option("--against", metavar="ENV|NUMBER", help="Compared with this.")
    ] = None,
) -> None:
    """Compare two releases: schema, rows by key, totals by column."""
    from headwater.views.diff import print_diff
    from headwater.views.plain import plain

    with call.open() as project:
        diff = project.diff(after, against)
        if call.json:
            call.screen.data(plain(diff))
            return
        print_diff(project, diff, call.screen)
        name = after or call.env
        if not diff.is_empty and name in project.ledger.environments() and name != "prod":
            call.screen.hint(f'`headwater promote {name} --reason "…"`')


def promote(
    call: Call,
    name: Annotated[
        str,
        typer.Argument(metavar="ENV|MODEL@N", help="The environment, or version, to release."),
    ],
    reason: Reason = "",
    force: Annotated[
        bool, typer.Option("--force", help="A version that failed its gates; needs --reason.")
    ] = False,
) -> None:
    """Make prod show what a working environment shows, or one version of a model."""
    from headwater.cli.progress import silent, watching
    from headwater.project.versions import names_a_version
    from headwater.views.run import print_report
    from headwater.views.summaries import run_data

    if names_a_version(name):
        _promote_version(call, name, reason, force=force)
        return
    with call.open() as project:
        with silent(project) if call.json else watching(project, call.screen) as progress:
            report = project.promote(name, reason, progress)
        if call.json:
            call.screen.data(run_data(report))
        else:
            print_report(project, report, call.screen)
            if report.releases:
                call.screen.line("back: `headwater rollback`")
    raise typer.Exit(1 if report.failed else 0)


def _promote_version(call: Call, name: str, reason: str, *, force: bool) -> None:
    from headwater.views.summaries import release_data

    with call.open() as project:
        release = project.promote_version(name, reason, force=force)
        if call.json:
            call.screen.data(release_data(release))
            return
        call.screen.line(
            Cell(f"release #{release.number}", "strong"),
            f" · {release.environment} shows {name}, until new data train another",
        )
        call.screen.line(f"back: `headwater rollback {name.partition('@')[0]}`")


def rollback(
    call: Call,
    what: Annotated[
        str | None,
        typer.Argument(metavar="[NODE]", help="This node and its descendants; a model alone."),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="NUMBER", help="The release; else the one before.")
    ] = None,
    node: Annotated[
        str | None,
        typer.Option("--node", metavar="NODE", help="The same as the argument."),
    ] = None,
    reason: Reason = "",
) -> None:
    """Go back at once; what is rejected stays away."""
    from headwater.project.metrics.restating import restated_in
    from headwater.project.versions import model_of
    from headwater.views.restated import restated_text
    from headwater.views.summaries import release_data

    node = node or what
    with call.open() as project:
        before = project.view.release
        model = model_of(project.workspace, node) if node is not None else None
        release = project.rollback(release_number(to) if to else None, node, reason)
        if call.json:
            call.screen.data(release_data(release))
            return
        screen = call.screen
        if model is not None:
            _say_version(project, model, release, screen)
            return
        left = f", away from #{before.number}" if before is not None else ""
        screen.line(
            Cell(f"release #{release.number}", "strong"),
            f" · {release.environment} is back at #{to or (before.parent if before else '')}{left}"
            if node is None
            else f" · {release.environment}: {node} and its descendants are back{left}",
        )
        restated = restated_text(restated_in(project.ledger, release.number))
        if restated:
            screen.line(f"{restated} · `headwater changes`")
        screen.line(
            "What was rejected stays away until it is released anew (`headwater run --apply`)."
        )


def _say_version(project: Project, model: NodeId, release: Release, screen: Page) -> None:
    """A model that is back; its scores stay as they are."""
    from headwater.project.versions import published_version

    version = published_version(project.ledger, project.view, model)
    screen.line(
        Cell(f"release #{release.number}", "strong"),
        f" · {release.environment} shows {version} again, until new data train another",
    )
    scores = NodeId("scores", model.name)
    if scores in project.view.states:
        screen.line(
            f"{scores} stay as they were given, each with its version; again:"
            f" `headwater run {scores} --period …`"
        )


def _environment_asked(call: Call) -> str | None:
    """Lists show all environments unless one is named."""
    return None if call.env == "prod" else call.env


def _day(text: str) -> date:
    from datetime import date

    from headwater.errors import Issue, UsageError

    try:
        return date.fromisoformat(text)
    except ValueError:
        what = f"`{text}` is no day"
        raise UsageError(Issue(code="E807", what=what, fix="write 2011-12-09")) from None


def release_number(text: str) -> int:
    """A release by its number, `12` or `#12`. Code E814."""
    from headwater.errors import Issue, UsageError

    digits = text.removeprefix("#")
    if not digits.isdigit():
        fix = "`headwater release list` shows the numbers"
        raise UsageError(Issue(code="E814", what=f"`{text}` is no release number", fix=fix))
    return int(digits)
