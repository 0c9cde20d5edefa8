"""`online`, `score`, `parity`: features by key, scores of them, and their likeness to a batch."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from headwater.cli.calls import Call

if TYPE_CHECKING:
    from headwater.project import Project

Model = Annotated[str, typer.Argument(metavar="MODEL", help="A model that scores online.")]
_SHORTEST_WAIT_S = 1.0


def sync(
    call: Call,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Go on, until it is stopped.")] = False,
    every: Annotated[
        str, typer.Option("--every", metavar="60s", help="How often, with --watch.")
    ] = "60s",
) -> None:
    """Bring the online store to this moment: what changed is written."""
    wait_s = _seconds(every)
    with call.open() as project:
        _sync(call, project)
        while watch:
            time.sleep(wait_s)
            project.forget()
            _sync(call, project)


def _sync(call: Call, project: Project) -> None:
    from headwater.project.serving.syncing import released_now, sync_online
    from headwater.views.online import filled_data, print_filled

    workspace = project.workspace
    found = sync_online(released_now(project), workspace.at_this_moment().clock.now)
    if call.json:
        call.screen.data(filled_data(found))
    else:
        print_filled(found, workspace.zone, call.screen)


def status(call: Call) -> None:
    """Say how fresh each view in the online store is."""
    from headwater.project.serving.syncing import online_status, released_now
    from headwater.views.online import kept_data, print_kept

    with call.open() as project:
        found = online_status(released_now(project))
        workspace = project.workspace
        if call.json:
            call.screen.data(kept_data(found))
        else:
            print_kept(found, workspace.clock.now, workspace.zone, call.screen)
    raise typer.Exit(1 if any(each.freshness is None for each in found) else 0)


def drop(
    call: Call,
    views: Annotated[
        list[str] | None, typer.Argument(metavar="[VIEW]...", help="By default everything.")
    ] = None,
) -> None:
    """Forget views in the online store; `headwater online sync` brings them back."""
    from headwater.project.serving.syncing import drop_online
    from headwater.views.online import print_dropped

    with call.open() as project:
        found = drop_online(project, tuple(views or ()))
        if call.json:
            call.screen.data([str(table) for table in found])
        else:
            print_dropped(found, call.screen)


def score(
    call: Call,
    model: Model,
    *,
    entity: Annotated[
        list[str], typer.Option("--entity", "-e", metavar="KEY", help="Whom; repeat it.")
    ],
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A value that comes with the request."),
    ] = None,
    reasons: Annotated[
        int, typer.Option("--reasons", min=0, help="How many features explain each score.")
    ] = 0,
    version: Annotated[
        int | None, typer.Option("--version", min=1, help="Another than the published one.")
    ] = None,
) -> None:
    """Score entities by their keys, as `headwater serve` does."""
    from headwater.project.serving.asking import entity_of_text, values_of_texts
    from headwater.project.serving.syncing import open_runtime
    from headwater.views.online import print_scored, scored_data

    name = model.removeprefix("model.")
    with call.open() as project:
        runtime = open_runtime(project, {name: version} if version is not None else {})
        chosen = runtime.model(name, version)
        entities = [entity_of_text(text, chosen.keys) for text in entity]
        found = runtime.score(
            name,
            entities,
            at=project.workspace.clock.now,
            request=values_of_texts(given or (), chosen.request),
            reasons=reasons,
            version=chosen.version,
        )
        if call.json:
            call.screen.data(scored_data(chosen, found))
        else:
            print_scored(chosen, found, project.workspace.zone, call.screen)
    raise typer.Exit(1 if any(each.is_refused for each in found) else 0)


def parity(
    call: Call,
    model: Model,
    *,
    period: Annotated[
        str, typer.Option("--period", metavar="PERIOD", help="Which answers; by default all.")
    ] = "",
    sample: Annotated[
        int | None, typer.Option("--sample", min=1, help="At most so many of each version.")
    ] = None,
) -> None:
    """Compute served values again as a batch, and compare them exactly; fails where one differs."""
    from headwater.project.serving.parity import parity_of
    from headwater.views.online import parity_data, print_parity

    with call.open() as project:
        found = parity_of(project, model.removeprefix("model."), period, sample)
        if call.json:
            call.screen.data(parity_data(found))
        else:
            print_parity(found, call.screen)
    raise typer.Exit(0 if found.is_equal else 1)


def _seconds(text: str) -> float:
    from headwater.clock import parse_duration
    from headwater.errors import Issue, UsageError

    try:
        return max(parse_duration(text).total_seconds(), _SHORTEST_WAIT_S)
    except (ValueError, OverflowError) as error:
        raise UsageError(Issue(code="E810", what=str(error))) from None
