"""`key`: who may ask a server for scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from headwater.cli.calls import Call

if TYPE_CHECKING:
    from headwater.project.keys import ApiKey

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the key is called.")]


def create(
    call: Call,
    name: Name,
    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="The only model that it opens.")
    ] = None,
) -> None:
    """Make a key, which is shown once."""
    from headwater.project.keys import create_key, model_of
    from headwater.views.layout import Cell

    with call.open() as project:
        chosen = model_of(model, project.published.definitions) if model else ""
        workspace = project.workspace
        key = create_key(
            workspace.ledger, name, model=chosen, at=workspace.clock.now, author=workspace.author
        )
    if call.json:
        call.screen.data({"name": name, "model": chosen, "key": key})
    else:
        call.screen.line(Cell(key, "code"))
        call.screen.hint("Keep it: nobody can read it again. Send `Authorization: Bearer …`.")


def listing(call: Call) -> None:
    """List keys; what they are is shown to nobody."""
    from headwater.project.keys import read_keys
    from headwater.views.figures import count, moment
    from headwater.views.layout import Cell

    with call.open() as project:
        found, zone = read_keys(project.ledger), project.workspace.zone
        if call.json:
            call.screen.data([_data(key) for key in found])
            return
        call.screen.rows(
            (
                Cell("✔", "good") if key.revoked_at is None else Cell("revoked", "quiet"),
                key.name,
                f"model.{key.model}" if key.model else "all models",
                f"{moment(key.created_at, zone)} by {key.created_by}",
                "" if key.revoked_at is None else f"revoked {moment(key.revoked_at, zone)}",
            )
            for key in found
        )
        live = sum(key.is_live for key in found)
        call.screen.line(count(live, "live key"))
        if not found:
            call.screen.hint("Scores are given to this machine alone: `headwater key create NAME`")


def revoke(call: Call, name: Name) -> None:
    """Close a key for good; servers notice within a second."""
    from headwater.project.keys import revoke_key

    with call.open() as project:
        workspace = project.workspace
        key = revoke_key(workspace.ledger, name, at=workspace.clock.now, author=workspace.author)
        if call.json:
            call.screen.data(_data(key))
        else:
            call.screen.line(f"`{key.name}` opens nothing any more")


def _data(key: ApiKey) -> dict[str, object]:
    return {
        "name": key.name,
        "model": key.model,
        "created_at": key.created_at.isoformat(),
        "created_by": key.created_by,
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at is not None else None,
    }
