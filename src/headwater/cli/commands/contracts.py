"""`contract` and `quarantine`: what was promised, and the rows that broke it."""

from __future__ import annotations

from typing import Annotated

import typer

from headwater.cli.calls import Call

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="As in invoices.")]
Node = Annotated[str, typer.Argument(metavar="NODE", help="As in invoices.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept.")]


def infer(
    call: Call,
    source: Source,
    write: Annotated[
        bool, typer.Option("--write", help="Write contracts/SOURCE.odcs.yaml, if there is none.")
    ] = False,
) -> None:
    """Write a first contract from what is published of a source."""
    from headwater.cli.inferring import infer_published, write_contract

    with call.open() as project:
        text = infer_published(project, source)
        if not write:
            call.screen.stream.write(text)
            return
        path = write_contract(project, source, text)
        call.screen.line(f"{path}: read it, correct it, then `headwater check`")


def diff(call: Call) -> None:
    """Compare contracts with the released ones: compatible, or whom they break."""
    from headwater.project.agreeing import changed_agreements
    from headwater.views.agreements import agreement_data, print_agreements

    with call.open() as project:
        found = changed_agreements(project.workspace, project.bound, project.view)
        refused = any(issue.is_error for each in found for issue in each.issues)
        if call.json:
            call.screen.data([agreement_data(each) for each in found])
        else:
            print_agreements(found, call.screen)
    raise typer.Exit(1 if refused else 0)


def ack(
    call: Call,
    source: Source,
    version: Annotated[
        str, typer.Option("--version", metavar="VERSION", help="The version you have read.")
    ],
    reason: Reason,
) -> None:
    """Say that the consumers of an incompatible change know of it."""
    from headwater.project.agreeing import acknowledge
    from headwater.views.agreements import agreement_data, print_agreements

    with call.open() as project:
        made = acknowledge(
            project.workspace,
            project.bound,
            project.view,
            project.node_id(source),
            version=version,
            reason=reason,
        )
        if call.json:
            call.screen.data(agreement_data(made))
        else:
            print_agreements([made], call.screen)


def waiting(call: Call) -> None:
    """List the rows that wait, by node and rule."""
    from headwater.project.quarantine import list_quarantine
    from headwater.views.plain import plain
    from headwater.views.quarantine import print_list

    with call.open() as project:
        found = list_quarantine(project)
        if call.json:
            call.screen.data(plain(found))
        else:
            print_list(found, call.screen)


def show(
    call: Call,
    node: Node,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="RULE", help="Only what broke this rule.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Rows a rule.")] = 10,
) -> None:
    """Show the rows of a node that wait: rule, file and row, money at stake."""
    from headwater.project.quarantine import show_quarantine
    from headwater.views.plain import plain
    from headwater.views.quarantine import print_quarantine

    with call.open() as project:
        view = show_quarantine(project, project.node_id(node), rule, limit)
        if call.json:
            call.screen.data(plain(view))
        else:
            print_quarantine(view, project.environment, call.screen)


def replay(call: Call, node: Node) -> None:
    """Judge the waiting rows again, after a fix of the rule or of the data."""
    from headwater.cli.progress import silent, watching
    from headwater.project.quarantine import replay as judge_again
    from headwater.views.figures import count
    from headwater.views.run import print_report
    from headwater.views.summaries import run_data

    with call.open() as project:
        with silent(project) if call.json else watching(project, call.screen) as progress:
            done = judge_again(project, project.node_id(node), progress)
        if call.json:
            data = {"before": done.before, "after": done.after}
            call.screen.data({**data, "run": run_data(done.report)})
        else:
            call.screen.line(
                f"{done.node}: {count(done.before, 'row')} waited, {count(done.after)} wait now"
            )
            print_report(project, done.report, call.screen)
    raise typer.Exit(1 if done.report.failed else 0)


def drop(
    call: Call,
    node: Node,
    reason: Reason,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="RULE", help="All rows that broke this rule.")
    ] = None,
    row: Annotated[
        list[str] | None, typer.Option("--row", metavar="ID", help="One row, by its id.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All rows that wait.")] = False,
) -> None:
    """Give rows up, with a reason; they stay counted as dropped."""
    from headwater.project.quarantine import drop as give_up
    from headwater.views.figures import count
    from headwater.views.plain import plain

    with call.open() as project:
        done = give_up(
            project,
            project.node_id(node),
            reason=reason,
            rule=rule,
            rows=tuple(row or ()),
            everything=everything,
        )
        if call.json:
            call.screen.data(plain(done))
            return
        dropped = count(done.rows, "row")
        call.screen.line(
            f"{done.node}: {dropped} dropped, {done.reason} · release #{done.release.number}"
        )
