"""`challenge`: try a version of a model beside the one that is published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from headwater.cli.calls import Call

if TYPE_CHECKING:
    from headwater.project import Project
    from headwater.project.serving.deploying import Deployment, Trial


def challenge(
    call: Call,
    version: Annotated[
        str | None,
        typer.Argument(metavar="[MODEL@VERSION]", help="Which, as in `model.churn@8`."),
    ] = None,
    *,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Score what the champion answers; nobody sees it.")
    ] = False,
    share: Annotated[
        str | None, typer.Option("--share", metavar="10%", help="Answer for so many entities.")
    ] = None,
    lasts: Annotated[
        str, typer.Option("--for", metavar="TIME", help="Decide after so long: `1h`, `7d`.")
    ] = "1h",
    gate: Annotated[
        list[str] | None,
        typer.Option("--gate", metavar="GATE", help="Another bound: `errors <= 0.5%`."),
    ] = None,
    min_requests: Annotated[
        int, typer.Option("--min-requests", min=1, metavar="N", help="Decide on no fewer.")
    ] = 100,
    manual: Annotated[
        bool, typer.Option("--manual", help="Recommend only; a person decides.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End what is tried of a model.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Say how challengers stand.")] = False,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why it is stopped; kept with it.")
    ] = "",
) -> None:
    """Try a version of a model beside the published one."""
    from headwater.errors import Issue, UsageError
    from headwater.project.serving import deploying
    from headwater.views.deployments import deployment_data, print_deployment

    with call.open() as project:
        if status or (version is None and not stop):
            _print_status(call, project)
            return
        if version is None or (stop + shadow + (share is not None)) != 1:
            fix = "`headwater challenge model.churn@8 --shadow`, `--share 10%` or `--stop`"
            what = "say which version, and one of `--shadow`, `--share` and `--stop`"
            raise UsageError(Issue(code="E071", what=what, fix=fix))
        if stop:
            made = _stop(project, version, reason)
        else:
            trial = deploying.Trial(
                share=deploying.parse_share(share) if share is not None else 0.0,
                lasts=deploying.parse_span(lasts),
                gates=deploying.parse_gates(gate or ()),
                min_requests=min_requests,
                manual=manual,
            )
            made = _begin(project, version, trial)
        if call.json:
            call.screen.data(deployment_data(made))
        else:
            print_deployment(made, project.workspace.zone, call.screen)


def _begin(project: Project, text: str, trial: Trial) -> Deployment:
    from datetime import UTC, datetime

    from headwater.errors import Issue, UsageError
    from headwater.ids import NodeId
    from headwater.project.keys import model_of
    from headwater.project.serving.deploying import begin
    from headwater.project.versions import published_version

    named, _, number = text.partition("@")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        fix = "write it as `model.churn@8`; `headwater show model.churn` lists versions"
        raise UsageError(Issue(code="E068", what=f"`{text[:80]}` names no version", fix=fix))
    view, workspace = project.published, project.workspace
    model = model_of(named, view.definitions)
    node = NodeId("model", model)
    version = workspace.ledger.version(node, int(number))
    champion = published_version(workspace.ledger, view, node)
    if champion is None:
        what = f"model.{model} has no published version to try it beside"
        fix = f"`headwater promote {version}`"
        raise UsageError(Issue(code="E068", what=what, fix=fix))
    return begin(
        workspace.ledger,
        version,
        trial,
        champion=champion.number,
        at=workspace.clock.now,
        wall=datetime.now(UTC),
        author=workspace.author,
    )


def _stop(project: Project, text: str, reason: str) -> Deployment:
    from headwater.project.keys import model_of
    from headwater.project.serving.deploying import stop

    workspace = project.workspace
    model = model_of(text.partition("@")[0], project.published.definitions)
    return stop(
        workspace.ledger, model, at=workspace.clock.now, author=workspace.author, reason=reason
    )


def _print_status(call: Call, project: Project) -> None:
    """What is tried now, and the newest that ended."""
    from headwater.project.serving.deploying import deployments
    from headwater.project.serving.judging import standing_of
    from headwater.views.deployments import deployment_data, print_deployment, print_ended

    found = deployments(project.ledger)
    live = [each for each in found if each.is_live]
    ended = [each for each in found if not each.is_live][-5:]
    standings = [standing_of(project, each) for each in live]
    if call.json:
        now = [deployment_data(d, s) for d, s in zip(live, standings, strict=True)]
        call.screen.data({"now": now, "ended": [deployment_data(each) for each in ended]})
        return
    zone = project.workspace.zone
    for each, standing in zip(live, standings, strict=True):
        print_deployment(each, zone, call.screen, standing)
    print_ended(ended, zone, call.screen)
    if not live:
        call.screen.line("No version is tried now.")
        call.screen.hint("`headwater challenge model.churn@8 --shadow` tries one")
