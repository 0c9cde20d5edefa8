"""`push`: versions of models for an MLflow registry."""

from __future__ import annotations

from typing import Annotated

import typer

from headwater.cli.calls import Call


def push(
    call: Call,
    version: Annotated[
        str,
        typer.Argument(metavar="MODEL[@N]", help="The published version, or as model.churn@7."),
    ],
    to: Annotated[
        str,
        typer.Option("--to", metavar="URL", help="The registry; else MLFLOW_TRACKING_URI."),
    ] = "",
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Its name there; else the model's.")
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Also a version that failed its gates.")
    ] = False,
) -> None:
    """Register a version of a model in MLflow."""
    from headwater.project.registries.pushing import push
    from headwater.views.plain import plain
    from headwater.views.pushed import print_pushed

    with call.open() as project:
        pushed = push(project, version, to=to, name=name, force=force)
    if call.json:
        call.screen.data(plain(pushed))
    else:
        print_pushed(pushed, call.screen)
