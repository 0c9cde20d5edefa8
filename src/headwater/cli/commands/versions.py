"""`versions`: every training of a model."""

from __future__ import annotations

from typing import Annotated

import typer

from headwater.cli.calls import Call


def versions(
    call: Call,
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL[@N]", help="model.churn, or model.churn@7.")
    ] = None,
) -> None:
    """List the versions of a model, or say everything about one."""
    from headwater.project.versions import find_model, find_version, names_a_version
    from headwater.views.versions import list_versions, print_version, print_versions, version_data

    with call.open() as project:
        node = None
        if model is not None and names_a_version(model):
            wanted = find_version(project.ledger, model)
            found = [v for v in list_versions(project, wanted.node) if v.version == wanted]
        else:
            node = find_model(project.bound.graph, model) if model is not None else None
            found = list_versions(project, node)
        if call.json:
            call.screen.data([version_data(each) for each in found])
        elif model is not None and names_a_version(model):
            print_version(project, found[0], call.screen)
        else:
            print_versions(project, found, call.screen)
